"""Hold out a test split."""

import numpy as np

from ganline.errors import UserError
from ganline.random import generator


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
    if len(labels) < 2:
        raise UserError(f"{len(labels)} usable image(s): at least 2 are needed, 1 for training and 1 for testing")
    random = generator(seed, "split")
    total = min(max(round(len(labels) * fraction), 1), len(labels) - 1)
    classes, sizes = np.unique(labels, return_counts=True)
    test = np.zeros(len(labels), bool)
    for name, count in zip(classes, _shares(sizes, fraction, total), strict=True):
        test[random.permutation(np.flatnonzero(labels == name))[:count]] = True
    return test


def _shares(sizes: np.ndarray, fraction: float, total: int) -> np.ndarray:
    """Divide `total` among the classes in proportion, each quota rounded up or down."""
    quotas = sizes * fraction
    shares = np.floor(quotas).astype(int)
    most_missing = np.argsort(shares - quotas, kind="stable")
    shares[most_missing[: total - shares.sum()]] += 1
    return shares
