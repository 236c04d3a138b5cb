"""MNIST as the pickle mnist.pkl.gz of the Theano tutorials, turned back into the four original idx files."""

import gzip
import pickle
from pathlib import Path

import numpy as np

from ganline.datasets import idx

NAME = "mnist.pkl.gz"
ALLOWED = {
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("_codecs", "encode"),
}


class NumpyUnpickler(pickle.Unpickler):
    """Unpickles numpy arrays in plain containers and nothing else, so that a pickle cannot run code."""

    def find_class(self, module: str, name: str) -> object:
        """Return the class; raise pickle.UnpicklingError for what numpy arrays do not need."""
        if (module, name) not in ALLOWED:
            raise pickle.UnpicklingError(f"{NAME} wants {module}.{name}: only numpy arrays are allowed in it")
        return super().find_class(module, name)


def to_idx(source: Path, folder: Path) -> None:
    """Write the idx files of a mnist.pkl.gz into `folder`.

    The pickle holds (train, validation, test), each (images float32 (N, 784) in steps of 1/256, labels int64 (N,));
    the original training set is train followed by validation, and its bytes come back exactly.

    Raises:
        pickle.UnpicklingError: the pickle holds anything but numpy arrays.
        OSError, EOFError: the file is no complete gzip file.
    """
    with gzip.open(source) as packed:
        train, validation, test = NumpyUnpickler(packed, encoding="latin1").load()
    for name, parts in {"train": (train, validation), "t10k": (test,)}.items():
        pixels = np.concatenate([images for images, _ in parts])
        images = np.rint(pixels * 256).astype(np.uint8).reshape(-1, 28, 28)
        idx.write(folder / f"{name}{idx.IMAGES}", images)
        idx.write(folder / f"{name}{idx.LABELS}", np.concatenate([labels for _, labels in parts]).astype(np.uint8))
