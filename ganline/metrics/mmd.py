"""Squared maximum mean discrepancy of two whole sets under any kernel, unbiased, and its standard error.

Gretton et al. 2012, "A Kernel Two-Sample Test". For sets X and Y of n and m images:

    MMD^2 = sum_{i != j} k(x_i, x_j) / n(n-1)  +  sum_{i != j} k(y_i, y_j) / m(m-1)  -  2 sum_{i, j} k(x_i, y_j) / nm

The standard error is a jackknife that leaves out one image at a time of either set (Efron 1982, "The Jackknife, the
Bootstrap and Other Resampling Plans"). For equal distributions it is too large by up to the root of 2, since each pair
of images then counts with both.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from ganline.metrics.distances import in_threads

Kernel = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Of float64 (n, d) and (m, d): (n, m)."""
JACKKNIFE = "by a jackknife over the images; where fakes are as good as real ones it errs on the large side"
Work = Callable[[Callable, Iterable], Iterable]
"""Makes something of each item, in their order."""
BLOCK = 128
"""Rows of the kernel's matrix that a thread has in memory at once."""


class Mmd(NamedTuple):
    """The squared discrepancy, and its standard error.

    Of equal distributions it is about 0, and then negative as often as positive.
    """

    value: float
    standard_error: float


def unbiased(first: np.ndarray, second: np.ndarray, kernel: Kernel) -> Mmd:
    """Return the squared MMD of float64 sets (n, d) and (m, d), n and m at least 3."""
    across, found, variance = _across(first, second, kernel), 0.0, 0.0
    for points, between, other in ((first, across[0], second), (second, across[1], first)):
        inside, n, m, total = _within(points, kernel), len(points), len(other), between.sum()
        found += inside.sum() / (n * (n - 1)) - total / (n * m)
        without = (inside.sum() - 2.0 * inside) / ((n - 1) * (n - 2)) - 2.0 * (total - between) / ((n - 1) * m)
        variance += (n - 1) * np.var(without)  # what the other set has within itself stays the same
    return Mmd(float(found), float(np.sqrt(variance)))


def value(first: np.ndarray, second: np.ndarray, kernel: Kernel) -> float:
    """Return the squared MMD alone of float64 sets (n, d) and (m, d), n and m at least 2, on the thread that asks."""
    within = (_within(points, kernel, map).sum() / (len(points) * (len(points) - 1)) for points in (first, second))
    return float(sum(within) - 2.0 * _across(first, second, kernel, map)[0].mean() / len(second))


def _across(first: np.ndarray, second: np.ndarray, kernel: Kernel, work: Work = in_threads) -> list[np.ndarray]:
    """Return the sums of the kernel's matrix (n, m) along its rows (n,) and its columns (m,), block by block."""

    def visit(start: int) -> tuple[np.ndarray, np.ndarray]:
        block = kernel(first[start : start + BLOCK], second)
        return block.sum(axis=1), block.sum(axis=0)

    rows, columns = zip(*work(visit, range(0, len(first), BLOCK)), strict=True)
    return [np.concatenate(rows), np.sum(columns, axis=0)]


def _within(points: np.ndarray, kernel: Kernel, work: Work = in_threads) -> np.ndarray:
    """Return the sums of a set's own kernel matrix (n, n) along its rows, each point left out of its own: (n,).

    The matrix is symmetric, so of each block only the columns from its diagonal on are made.
    """

    def visit(start: int) -> tuple[np.ndarray, np.ndarray]:
        block = kernel(points[start : start + BLOCK], points[start:])
        np.fill_diagonal(block, 0.0)
        return block.sum(axis=1), block[:, len(block) :].sum(axis=0)

    sums = np.zeros(len(points))
    for i, (rows, columns) in enumerate(work(visit, range(0, len(points), BLOCK))):
        end = i * BLOCK + len(rows)
        sums[i * BLOCK : end] += rows
        sums[end:] += columns
    return sums
