"""MNIST as the pickle mnist.pkl.gz of the Theano tutorials, turned back into the four original idx files."""

import gzip
from pathlib import Path
from typing import Any

import numpy as np

from ganline.datasets import idx
from ganline.datasets.damage import UnreadableError, reading
from ganline.datasets.numpy_pickle import NumpyUnpickler

NAME = "mnist.pkl.gz"


def to_idx(source: Path, folder: Path) -> None:
    """Write the idx files of a mnist.pkl.gz into `folder`.

    The pickle holds (train, validation, test), each (images float32 (N, 784) in steps of 1/256, labels int64 (N,));
    the original training set is train followed by validation, and its bytes come back exactly.

    Raises:
        UserError: it is cut off or garbled, or holds anything but such arrays.
    """
    with reading(source), gzip.open(source) as packed:
        sets = NumpyUnpickler(packed, encoding="latin1").load()
        train, validation, test = (_checked(source, *pair) for pair in sets)
    for name, parts in {"train": (train, validation), "t10k": (test,)}.items():
        pixels = np.concatenate([images for images, _ in parts])
        idx.write(folder / f"{name}{idx.IMAGES}", np.rint(pixels * 256).astype(np.uint8).reshape(-1, 28, 28))
        idx.write(folder / f"{name}{idx.LABELS}", np.concatenate([labels for _, labels in parts]).astype(np.uint8))


def _checked(source: Path, images: Any, labels: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return one set as it is.

    Raises:
        UserError: not images float32 (N, 784) in [0, 1) and as many labels, integers 0 to 9.
    """
    for values, kind, shape, most in ((images, "f", (len(images), 784), 255 / 256), (labels, "i", (len(images),), 9)):
        if not isinstance(values, np.ndarray) or values.dtype.kind != kind or values.shape != shape:
            found = f"{values.dtype} {values.shape}" if isinstance(values, np.ndarray) else type(values).__name__
            raise UnreadableError(f"{source}: expected {'images' if kind == 'f' else 'labels'} {shape}, found {found}")
        if not np.all((values >= 0) & (values <= most)):
            raise UnreadableError(
                f"{source}: values from {values.min()} to {values.max()}, allowed are 0 to {most:.4g}"
            )
    return images, labels
