"""Monge Inception Distance (MIND): how far features must be moved, seen from many directions.

Berthet et al. 2026, "MIND: Monge Inception Distance for Generative Models Evaluation" (arXiv 2605.06797). N features x
of fakes and N features y of real images, of d dimensions, are projected on random unit vectors u_1 ... u_M. In one
dimension the cheapest way to move one set onto the other pairs them in order of size:

    MIND = 3 d  1/M  sum_i  1/N  sum_k | sorted(u_i . x)_k - sorted(u_i . y)_k |^2

How to read it: 0 for equal sets; equal distributions give a little more, and the less the more images there are (see
the floor). It sees more than the mean and covariance that FID sees, and it takes no matrix root. The directions are the
same in every run, so that runs differ by their images alone (others would give up to a tenth more or less).

The standard error is that of other images of the same two kinds. A small change of weight at one image changes the
cost of moving by that image's Kantorovich potential, whose slope is twice the way it is moved (del Barrio and Loubes
2019, "Central Limit Theorems for Empirical Transportation Cost in General Dimension"); so it is the spread of the
potentials, averaged over the directions.

Its weakness is FID's, in part: it falls as counts grow, its unit depends on the extractor, and copies score best.
"""

from typing import NamedTuple

import numpy as np

from ganline.core.matrices import product
from ganline.core.random import generator
from ganline.metrics import checks, distances
from ganline.metrics.record import Case, Measure, Number, error_of

DIRECTIONS = 1000
SCALE = 3.0
"""Times the number of dimensions: what the paper multiplies by."""
LEAST = 100
"""Images in each set: of fewer the standard error is too small, and the floor drowns what differs."""
TOGETHER = 16
"""Directions in one product."""


class Mind(NamedTuple):
    """The distance, 0 or more, and its standard error over other images."""

    distance: float
    standard_error: float


def monge_distance(first: np.ndarray, second: np.ndarray, directions: np.ndarray | None = None) -> Mind:
    """Return MIND between features (N, d) of two sets of equally many images.

    Args:
        first: features of one set.
        second: features of the other.
        directions: along which to look, (M, d) of any length; DIRECTIONS random ones, always the same, where None.

    Raises:
        ValueError: not two finite matrices of as many dimensions, fewer than LEAST images, or sets of unequal size.
    """
    first, second = checks.pair(first, second, "MIND", rows=LEAST)
    if len(first) != len(second):
        raise ValueError(f"MIND: sets of {len(first)} and {len(second)} images; as many of both are needed")
    count, dimensions = first.shape
    if directions is None:
        directions = generator(0, "mind").normal(size=(DIRECTIONS, dimensions))
    directions = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    centre = second.mean(axis=0)  # a shift of both changes nothing, and small numbers are exact
    sets = [np.ascontiguousarray((points - centre).T) for points in (first, second)]

    def visit(start: int) -> tuple[float, np.ndarray, np.ndarray]:
        return _moved(*(product(directions[start : start + TOGETHER], points) for points in sets))

    parts = distances.in_threads(visit, range(0, len(directions), TOGETHER))
    costs, *potentials = (sum(part) / len(directions) for part in zip(*parts, strict=True))
    spread = sum(np.var(potential, ddof=1) / count for potential in potentials)
    return Mind(SCALE * dimensions * costs, float(SCALE * dimensions * np.sqrt(spread)))


def _moved(first: np.ndarray, second: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Return of points (directions, N) on lines the mean squared way and each point's potential, (N,) twice, summed."""
    orders = [np.argsort(points, axis=1) for points in (first, second)]
    first, second = (np.take_along_axis(*each, axis=1) for each in zip((first, second), orders, strict=True))
    way = first - second
    cost, slope = float((way**2).mean(axis=1).sum()), way[:, 1:] + way[:, :-1]
    sums = []
    for points, order, sign in ((first, orders[0], 1.0), (second, orders[1], -1.0)):
        potential = np.zeros_like(points)
        np.cumsum(sign * slope * np.diff(points, axis=1), axis=1, out=potential[:, 1:])
        sums.append(np.bincount(order.ravel(), potential.ravel(), points.shape[1]))
    return cost, sums[0], sums[1]


def _mind(case: Case) -> dict[str, float]:
    found = monge_distance(case.sample.features, case.real.features)
    return {"mind": found.distance, "mind_stderr": found.standard_error}


MEASURE = Measure(
    name="mind",
    numbers={
        "mind": Number(
            "MIND",
            "quality",
            "lower",
            "From 0: how far fakes must be moved to lie as real images do, seen from many directions; more is worse. "
            "It falls as counts grow.",
        ),
        "mind_stderr": error_of("MIND", "mind", "by how much each image weighs in the cost of moving"),
    },
    compute=_mind,
    answers="How far are fakes from real images, beyond mean and covariance?",
    misleads="Copies of training images score best; only equal counts and extractors compare.",
    source="Berthet et al. 2026, MIND: Monge Inception Distance for Generative Models Evaluation",
    cost="1.5 s (of 1,280 features 5 s)",
    protocol=lambda case: {"directions": f"{DIRECTIONS}, the same in every run", "scale": f"{SCALE:g} x dimensions"},
)
