"""P-precision and P-recall: how probably fakes lie where real images do, and the other way round.

Park and Kim 2023, "Probabilistic Precision and Recall Towards Reliable Evaluation of Generative Models". All balls of a
set have one radius R, a times the mean distance to the k-th nearest other image, and an image that is d away from the
middle of one lies inside with the probability 1 - d / R (0 beyond R). With those of all real images x_i

    P-precision = mean over fakes y of  1 - prod over i of (1 - max(0, 1 - |y - x_i| / R))

and P-recall is the same with both sets exchanged. How to read them: 0 to 1, more is better, beside their floor. One odd
image with a large ball of its own cannot vouch for many, as it can in precision and recall, and nothing hangs on which
side of an edge an image lies. Both depend on k, a and the counts.

The standard error says how far they would lie elsewhere for other images of the same two kinds, other radii included: a
jackknife that leaves out a tenth of both sets at a time. What another radius changes is taken as a straight line.
Where no tenth changes anything (0 or 1) it is that of a share of as many images.
"""

from typing import NamedTuple

import numpy as np

from ganline.metrics import checks, distances
from ganline.metrics.record import Case, Measure, Number, error_of
from ganline.metrics.shares import standard_error

NEIGHBOURS, SCALE = 4, 1.2
"""k and a, as the authors have them."""
BLOCKS = 10
FEWEST = 5 * BLOCKS
"""Images in a set: five in each tenth that is left out."""
STEP = 0.01
"""Share of the radius by which it is changed to see what follows from that."""


COPY = 100
"""Times what rounding may move a point: how far a ball reaches at least, so that copies of its middle are inside."""


class Probability(NamedTuple):
    """A mean probability, 0 to 1, and its standard error."""

    mean: float
    standard_error: float


def p_precision(
    centres: np.ndarray, points: np.ndarray, neighbours: int = NEIGHBOURS, scale: float = SCALE
) -> Probability:
    """Return how probably points (M, d) lie in balls round centres (N, d); exchanged, P-precision is P-recall.

    Args:
        centres: features of real images.
        points: features of fakes.
        neighbours: k, from 1 to N - 1.
        scale: a, above 0.

    Raises:
        ValueError: not two finite matrices of as many dimensions, fewer than FEWEST images in one, or k as said above.
    """
    centres, points = checks.pair(centres, points, "P-precision and P-recall", rows=FEWEST)
    if not 1 <= neighbours < len(centres):
        raise ValueError(f"P-precision: neighbours is {neighbours}: allowed is 1 to {len(centres) - 1}")
    smallest = COPY * np.sqrt(distances.rounding(points, centres))
    radius, *others = np.maximum(_radii(centres, neighbours), smallest)
    now, wider = _missed(points, centres, [scale * radius, scale * radius * (1 + STEP)])
    mean = _hit(now)
    slope = (_hit(wider) - mean) / (STEP * radius)
    without = [_hit(now, i) + slope * (others[i] - radius) for i in range(BLOCKS)]
    spread = float(np.sqrt((BLOCKS - 1) * np.var(without)))
    return Probability(mean, spread or standard_error(mean, len(points)))


def _radii(points: np.ndarray, neighbours: int) -> list[float]:
    """Return the mean distance to the k-th nearest other point, and what it is without each tenth."""
    several = min(len(points) - 1, 3 * neighbours + 8)  # enough to be left when a tenth is gone
    found = distances.nearest(points, points, several, same=True)
    blocks, own = found.indices % BLOCKS, np.arange(len(points)) % BLOCKS
    means = [found.distances[:, neighbours - 1].mean()]
    for block in range(BLOCKS):
        rank = np.cumsum(blocks != block, axis=1)
        place = np.minimum((rank < neighbours).sum(axis=1), several - 1)
        left = found.distances[np.arange(len(points)), place]
        means.append(left[own != block].mean())
    return means


def _missed(points: np.ndarray, centres: np.ndarray, radii: list[float]) -> np.ndarray:
    """Return the logarithm of how probably each point is in no ball of each tenth: (radii, M, BLOCKS)."""
    order = np.argsort(np.arange(len(centres)) % BLOCKS, kind="stable")
    edges = np.searchsorted(order % BLOCKS, np.arange(BLOCKS))

    def visit(start: int, block: np.ndarray) -> np.ndarray:
        near = np.nonzero(block < max(radii) ** 2)
        apart = np.sqrt(np.maximum(block[near], 0.0))
        found = []
        for radius in radii:
            outside = np.zeros_like(block)
            with np.errstate(divide="ignore"):  # in the middle of a ball the probability of missing it is 0
                outside[near] = np.log(np.minimum(apart / radius, 1.0))
            found.append(np.add.reduceat(outside, edges, axis=1))
        return np.stack(found)

    return np.concatenate(distances.in_blocks(points, centres[order], visit), axis=1)


def _hit(missed: np.ndarray, without: int | None = None) -> float:
    """Return the mean probability of points (M, BLOCKS) to be in a ball, without those and the balls of one tenth."""
    balls = [block for block in range(BLOCKS) if block != without]
    points = np.ones(len(missed), bool) if without is None else np.arange(len(missed)) % BLOCKS != without
    return float(1.0 - np.exp(missed[points][:, balls].sum(axis=1)).mean())


def _compute(case: Case) -> dict[str, float]:
    real, fake = case.real.features, case.sample.features
    precision, recall = p_precision(real, fake), p_precision(fake, real)
    return {
        "p_precision": precision.mean,
        "p_recall": recall.mean,
        "p_precision_stderr": precision.standard_error,
        "p_recall_stderr": recall.standard_error,
    }


_HOW = f"by a jackknife over {BLOCKS} blocks of both sets"

MEASURE = Measure(
    name="p_precision_recall",
    numbers={
        "p_precision": Number(
            "P-precision",
            "quality",
            "higher",
            "0 to 1: how probably a fake lies where real images do. Low means that many fakes look like nothing real.",
        ),
        "p_recall": Number(
            "P-recall",
            "diversity",
            "higher",
            "0 to 1: how probably a real image lies where fakes do. Low means that much of what is real never comes.",
        ),
        "p_precision_stderr": error_of("P-precision", "p_precision", _HOW),
        "p_recall_stderr": error_of("P-recall", "p_recall", _HOW, "diversity"),
    },
    compute=_compute,
    answers="How probably do fakes lie where real images do, and real images where fakes do?",
    misleads="All balls of a set have one size: where real images lie thin even good fakes count as improbable, and "
    "fakes that scatter have large balls, which raises P-recall.",
    source="Park and Kim 2023, Probabilistic Precision and Recall Towards Reliable Evaluation of Generative Models",
    cost="6 s",
    protocol=lambda case: {"neighbours": NEIGHBOURS, "scale": SCALE},
)
