"""Improved precision and recall: how many fakes look real, and how much of what is real the fakes cover.

Kynkaanniemi et al. 2019, "Improved Precision and Recall Metric for Assessing Generative Models". Round each point of
a set lies a ball that reaches to its k-th nearest neighbour in that set; the balls together are the set's manifold:

    precision = share of fakes inside the manifold of the real images
    recall    = share of real images inside the manifold of the fakes

How to read them: 0 to 1, more is better, but equal distributions do not reach 1 (see the floor). High precision with
low recall is mode collapse: good images, little variety. Both depend on k and on the counts, which should be equal.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ganline.metrics import checks

_BLOCK = 2**20
"""Distances held at a time: 8 MiB, which suits the processor's cache."""


class PrecisionRecall(NamedTuple):
    """Both shares, 0 to 1."""

    precision: float
    recall: float


def precision_recall(real: np.ndarray, fake: np.ndarray, neighbours: int) -> PrecisionRecall:
    """Return precision and recall of fake features (M, d) against real ones (N, d) with k = `neighbours`.

    Distances are made in blocks of bounded size, so memory grows with N + M, not with N x M.

    Raises:
        ValueError: not two finite matrices of as many dimensions, or `neighbours` not in 1 to min(N, M) - 1.
    """
    real, fake = checks.pair(real, fake, rows=2)
    smaller = min(len(real), len(fake))
    if not 1 <= neighbours < smaller:
        raise ValueError(f"neighbours is {neighbours}: allowed is 1 to {smaller - 1}, one less than the smaller set")
    centre = real.mean(axis=0)  # moves nothing, but keeps digits: distances come from differences of squares
    real, fake = real - centre, fake - centre
    slack = 1e-12 * max(_squares(real).max(), _squares(fake).max())  # rounding; a point on the edge is inside
    real_reach, fake_reach = (_squared_radii(points, neighbours) + slack for points in (real, fake))
    precise, recalled = 0, np.zeros(len(real), bool)
    for start, block in _squared_distances(fake, real):
        precise += int((block <= real_reach).any(axis=1).sum())
        recalled |= (block <= fake_reach[start : start + len(block), None]).any(axis=0)
    return PrecisionRecall(precise / len(fake), float(recalled.mean()))


def _squared_radii(points: np.ndarray, neighbours: int) -> np.ndarray:
    """Return (N,): each point's squared distance to its k-th nearest other point."""
    radii = np.empty(len(points))
    for start, block in _squared_distances(points, points):
        rows = np.arange(len(block))
        block[rows, start + rows] = np.inf  # a point is no neighbour of its own
        block.partition(neighbours - 1, axis=1)
        radii[start + rows] = block[:, neighbours - 1]
    return radii


def _squared_distances(rows: np.ndarray, columns: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield (first row, squared distances of some rows to all columns)."""
    step = max(1, _BLOCK // len(columns))
    squares = _squares(columns)
    for start in range(0, len(rows), step):
        some = rows[start : start + step]
        distances = some @ columns.T
        distances *= -2.0
        distances += _squares(some)[:, None]
        distances += squares
        yield start, np.maximum(distances, 0.0, out=distances)


def _squares(points: np.ndarray) -> np.ndarray:
    return np.einsum("nd,nd->n", points, points)
