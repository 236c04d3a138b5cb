"""Kernel distance (KID): squared maximum mean discrepancy under a cubic kernel, unbiased.

Binkowski et al. 2018, "Demystifying MMD GANs". With k(x, y) = (x.y / d + 1)^3, for subsets X and Y of n images each:

    MMD^2 = sum_{i != j} k(x_i, x_j) / n(n-1)  +  sum_{i != j} k(y_i, y_j) / n(n-1)  -  2 sum_{i, j} k(x_i, y_j) / n^2

averaged over random subsets. How to read it: about 0 for equal distributions (and then negative as often as
positive), more is worse. Unlike FID it does not drift with the number of images, so it is the one to trust for small
sets. Its unit depends on the extractor.
"""

from typing import NamedTuple

import numpy as np

from ganline.metrics import checks
from ganline.random import generator


class Kid(NamedTuple):
    """Mean over the subsets, and its standard error as far as the choice of subsets goes."""

    mean: float
    standard_error: float


def kernel_distance(first: np.ndarray, second: np.ndarray, subsets: int, subset_size: int, seed: int) -> Kid:
    """Return KID between features (N, d) and (M, d).

    Args:
        first: features of one set.
        second: features of the other.
        subsets: how many random subsets are averaged, at least 2.
        subset_size: images in a subset (drawn without replacement), from 2 to min(N, M).
        seed: fixes the subsets.

    Raises:
        ValueError: not two finite matrices of as many dimensions, or numbers outside what is said above.
    """
    first, second = checks.pair(first, second, "kernel distance", rows=2)
    smaller = min(len(first), len(second))
    if not 2 <= subset_size <= smaller:
        raise ValueError(
            f"kernel distance: subset_size is {subset_size}: allowed is 2 to {smaller}, the images in the smaller set"
        )
    if subsets < 2:
        raise ValueError(f"kernel distance: subsets is {subsets}: at least 2 are needed for a standard error")
    random = generator(seed, "kid")
    values = [
        squared_mmd(
            first[random.choice(len(first), subset_size, replace=False)],
            second[random.choice(len(second), subset_size, replace=False)],
        )
        for _ in range(subsets)
    ]
    return Kid(float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(subsets)))


def squared_mmd(first: np.ndarray, second: np.ndarray) -> float:
    """Return the unbiased squared MMD of two float64 sets (n, d) and (m, d), n and m at least 2."""
    n, m = len(first), len(second)
    within_first, within_second = _kernel(first, first), _kernel(second, second)
    return float(
        (within_first.sum() - np.trace(within_first)) / (n * (n - 1))
        + (within_second.sum() - np.trace(within_second)) / (m * (m - 1))
        - 2.0 * _kernel(first, second).mean()
    )


def _kernel(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    linear = first @ second.T
    linear /= first.shape[1]
    linear += 1.0
    cubed = linear * linear  # ** 3 is many times slower
    cubed *= linear
    return cubed
