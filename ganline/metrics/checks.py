"""What every metric demands of the arrays it is given."""

import numpy as np


def matrix(values: np.ndarray, name: str, rows: int) -> np.ndarray:
    """Return `values` as float64 (N, d), one row an image.

    Raises:
        ValueError: not two-dimensional, no columns, fewer than `rows` rows, or a NaN or infinity among the values.
    """
    values = np.asarray(values)
    if values.ndim != 2 or values.shape[1] == 0:
        raise ValueError(f"{name}: expected an array (images, dimensions), got shape {values.shape}")
    if len(values) < rows:
        raise ValueError(f"{name}: expected at least {rows} images, got {len(values)}")
    values = values.astype(np.float64)
    if not np.isfinite(values).all():
        raise ValueError(f"{name}: holds {np.count_nonzero(~np.isfinite(values))} values that are NaN or infinite")
    return values


def pair(first: np.ndarray, second: np.ndarray, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return two sets of features as float64 (N, d) and (M, d).

    Raises:
        ValueError: either is refused by `matrix`, or their numbers of dimensions differ.
    """
    first, second = matrix(first, "first features", rows), matrix(second, "second features", rows)
    if first.shape[1] != second.shape[1]:
        raise ValueError(f"features of {first.shape[1]} and {second.shape[1]} dimensions cannot be compared")
    return first, second
