"""What every metric demands of the arrays it is given. Each message names the measure, what came and what is needed."""

import numpy as np


def matrix(values: np.ndarray, measure: str, name: str = "features", rows: int = 1) -> np.ndarray:
    """Return `values` as float64 (N, d), one row an image.

    Raises:
        ValueError: not two-dimensional, no columns, fewer than `rows` rows, or a NaN or infinity among the values.
    """
    values = np.asarray(values)
    if values.ndim != 2 or values.shape[1] == 0:
        raise ValueError(f"{measure}: {name} must be an array (images, dimensions), got shape {values.shape}")
    if len(values) < rows:
        raise ValueError(f"{measure}: needs at least {rows} images, got {len(values)} in {name}")
    values = values.astype(np.float64)
    if not np.isfinite(values).all():
        raise ValueError(f"{measure}: {name} hold {np.count_nonzero(~np.isfinite(values))} NaN or infinite values")
    return values


def pair(first: np.ndarray, second: np.ndarray, measure: str, rows: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return two sets of features as float64 (N, d) and (M, d).

    Raises:
        ValueError: either is refused by `matrix`, or their numbers of dimensions differ.
    """
    first = matrix(first, measure, "the first features", rows)
    second = matrix(second, measure, "the second features", rows)
    if first.shape[1] != second.shape[1]:
        raise ValueError(f"{measure}: features of {first.shape[1]} and {second.shape[1]} dimensions cannot be compared")
    return first, second


def unit(features: np.ndarray, measure: str) -> np.ndarray:
    """Return finite features (N, d) brought to length 1.

    Raises:
        ValueError: an image whose features are all 0.
    """
    norms = np.linalg.norm(features, axis=1, keepdims=True)
    if not norms.all():
        raise ValueError(f"{measure}: cosines need a direction, and there are images whose features are all 0")
    return np.asarray(features / norms)


def probabilities(values: np.ndarray, measure: str, rows: int = 1) -> np.ndarray:
    """Return class probabilities as float64 (N, K).

    Raises:
        ValueError: refused by `matrix`, a negative value, or a row that does not sum to 1.
    """
    values = matrix(values, measure, "probabilities", rows)
    if values.min() < 0.0 or np.abs(values.sum(axis=1) - 1.0).max() > 1e-3:
        raise ValueError(f"{measure}: probabilities must be 0 or more and sum to 1 in each row; were logits passed?")
    return values


def labels(values: np.ndarray, count: int, measure: str, name: str = "labels") -> np.ndarray:
    """Return `count` class numbers as int64 (count,).

    Raises:
        ValueError: another shape, no integers, or a negative number.
    """
    values = np.asarray(values)
    if values.shape != (count,) or not np.issubdtype(values.dtype, np.integer) or (count and values.min() < 0):
        raise ValueError(
            f"{measure}: {name} must be {count} integers from 0, one an image, got {values.dtype} {values.shape}"
        )
    return values.astype(np.int64)


def images(values: np.ndarray, measure: str, name: str = "images", rows: int = 1) -> np.ndarray:
    """Return images uint8 (N, H, W, C) as they are.

    Raises:
        ValueError: not uint8 (images of 0..1 are not rescaled by guess), not of that shape, or fewer than `rows`.
    """
    values = np.asarray(values)
    if values.dtype != np.uint8:
        extent = f", values {values.min():.3g} to {values.max():.3g}" if values.size else ""
        raise ValueError(f"{measure}: {name} must be uint8, 0 to 255, got {values.dtype}{extent}")
    if values.ndim != 4 or 0 in values.shape[1:]:
        raise ValueError(f"{measure}: {name} must be (N, H, W, C), got shape {values.shape}")
    if len(values) < rows:
        raise ValueError(f"{measure}: needs at least {rows} images, got {len(values)} in {name}")
    return values


def image_pair(first: np.ndarray, second: np.ndarray, measure: str, rows: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return two sets of images uint8 (N, H, W, C) and (M, H, W, C).

    Raises:
        ValueError: either is refused by `images`, or their sizes or channels differ.
    """
    first, second = images(first, measure, "the first images", rows), images(second, measure, "the second images", rows)
    if first.shape[1:] != second.shape[1:]:
        raise ValueError(f"{measure}: images of {first.shape[1:]} and {second.shape[1:]} cannot be compared")
    return first, second
