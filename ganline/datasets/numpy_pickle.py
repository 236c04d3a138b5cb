"""Pickles from elsewhere, of which only numpy arrays are taken."""

import pickle
from pathlib import Path
from typing import Any

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
            raise pickle.UnpicklingError(f"it wants {module}.{name}: only numpy arrays are allowed in it")
        return super().find_class(module, name)


def unpickled(file: Path) -> Any:
    """Return what a pickle of numpy arrays holds.

    Raises:
        ValueError: it holds anything else; what a damaged one raises besides, `ganline.core.files.undamaged` knows.
    """
    with file.open("rb") as content:
        try:
            return NumpyUnpickler(content).load()
        except pickle.UnpicklingError as error:
            raise ValueError(str(error)) from None
