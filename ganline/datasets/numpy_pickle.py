"""Pickles from elsewhere, of which only numpy arrays are taken."""

import pickle

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
