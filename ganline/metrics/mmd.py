"""Squared maximum mean discrepancy of two whole sets under any kernel, unbiased, and its standard error.

Gretton et al. 2012, "A Kernel Two-Sample Test". For sets X and Y of n and m images:

    MMD^2 = sum_{i != j} k(x_i, x_j) / n(n-1)  +  sum_{i != j} k(y_i, y_j) / m(m-1)  -  2 sum_{i, j} k(x_i, y_j) / nm

The standard error is a jackknife that leaves out one image at a time of either set (Efron 1982, "The Jackknife, the
Bootstrap and Other Resampling Plans"). For equal distributions it is too large by up to the root of 2, since each pair
of images then counts with both.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

Kernel = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Of float64 (n, d) and (m, d): (n, m)."""
JACKKNIFE = "by a jackknife over the images; where fakes are as good as real ones it errs on the large side"
BLOCK = 512
"""Rows of the kernel's matrix that are in memory at once."""


class Mmd(NamedTuple):
    """The squared discrepancy, and its standard error.

    Of equal distributions it is about 0, and then negative as often as positive.
    """

    value: float
    standard_error: float


def unbiased(first: np.ndarray, second: np.ndarray, kernel: Kernel) -> Mmd:
    """Return the squared MMD of float64 sets (n, d) and (m, d), n and m at least 3."""
    across, value, variance = _sums(first, second, kernel), 0.0, 0.0
    for points, between, other in ((first, across[0], second), (second, across[1], first)):
        inside, n, m, total = _sums(points, points, kernel, others=True)[0], len(points), len(other), between.sum()
        value += inside.sum() / (n * (n - 1)) - total / (n * m)
        without = (inside.sum() - 2.0 * inside) / ((n - 1) * (n - 2)) - 2.0 * (total - between) / ((n - 1) * m)
        variance += (n - 1) * np.var(without)  # what the other set has within itself stays the same
    return Mmd(float(value), float(np.sqrt(variance)))


def _sums(first: np.ndarray, second: np.ndarray, kernel: Kernel, others: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Return the sums of the kernel's matrix (n, m) along its rows (n,) and its columns (m,), block by block.

    With `others` each point of two equal sets is left out of its own row.
    """
    rows, columns = [], np.zeros(len(second))
    for start in range(0, len(first), BLOCK):
        block = kernel(first[start : start + BLOCK], second)
        if others:
            block[np.arange(len(block)), np.arange(start, start + len(block))] = 0.0
        rows.append(block.sum(axis=1))
        columns += block.sum(axis=0)
    return np.concatenate(rows), columns
