"""Hold out a test split."""

from collections import Counter

import numpy as np

from ganline.core.errors import UserError
from ganline.core.random import generator


def stratified(labels: np.ndarray, fraction: float, seed: int) -> np.ndarray:
    """Choose round(N * fraction) images for the test split, but at least 1, and leave at least 1 for training.

    Every class gives its share rounded up or down (largest remainders first). The choice is a pure function of the
    arguments.

    Args:
        labels: class of every image, integer (N,); all equal where there are none.
        fraction: share of the test split, in (0, 1).

    Returns:
        bool (N,), true for the test split.

    Raises:
        UserError: there are fewer than 2 images.
    """
    return held_out(labels, np.arange(len(labels)), fraction, seed)


def held_out(labels: np.ndarray, pictures: np.ndarray, fraction: float, seed: int) -> np.ndarray:
    """Choose as `stratified` does, but all images that show one picture for one side: a test image is never trained on.

    Without duplicates the choice is that of `stratified`. With them a class gives what comes nearest to its share, and
    the images of a picture that several classes hold go where there is room in each of them.

    Args:
        labels: class of every image, integer (N,).
        pictures: number of the picture that an image shows, integer (N,) from 0; equal for exact duplicates.
        fraction: share of the test split, in (0, 1).

    Returns:
        bool (N,), true for the test split.

    Raises:
        UserError: there are fewer than 2 images, or fewer than 2 different ones.
    """
    if len(labels) < 2:
        raise UserError(f"{len(labels)} usable image(s): at least 2 are needed, 1 for training and 1 for testing")
    copies = np.split(np.argsort(pictures, kind="stable"), np.cumsum(np.bincount(pictures))[:-1])
    if max(map(len, copies)) == len(labels):
        raise UserError(
            f"all {len(labels)} usable images are copies of one picture: at least 2 different ones are needed, "
            "1 for training and 1 for testing"
        )
    random = generator(seed, "split")
    total = min(max(round(len(labels) * fraction), 1), len(labels) - 1)
    classes, sizes = np.unique(labels, return_counts=True)
    room = dict(zip(classes.tolist(), _shares(sizes, fraction, total).tolist(), strict=True))
    test = np.zeros(len(labels), bool)
    for name in room:
        for image in random.permutation(np.flatnonzero(labels == name)):
            if room[name] > 0 and not test[image]:
                _take(copies[pictures[image]], labels, room, test)
    if test.all() or not test.any():  # pictures come too often for their classes' shares
        test[min(filter(len, copies), key=len)] = not test[0]
    return test


def _take(copies: np.ndarray, labels: np.ndarray, room: dict[int, int], test: np.ndarray) -> None:
    """Hold out the images of a picture, int (n,), where that brings each of their classes nearer to its share."""
    wanted = Counter(labels[copies].tolist())
    if all(2 * room[name] >= count for name, count in wanted.items()):
        test[copies] = True
        for name, count in wanted.items():
            room[name] -= count


def _shares(sizes: np.ndarray, fraction: float, total: int) -> np.ndarray:
    """Divide `total` among the classes in proportion, each quota rounded up or down."""
    quotas = sizes * fraction
    shares = np.floor(quotas).astype(int)
    most_missing = np.argsort(shares - quotas, kind="stable")
    shares[most_missing[: total - shares.sum()]] += 1
    return shares
