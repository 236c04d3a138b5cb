"""How many fakes look real, and how much of what is real the fakes cover, by balls round the points of each set.

Precision and recall: Kynkaanniemi et al. 2019, "Improved Precision and Recall Metric for Assessing Generative Models".
Density and coverage: Naeem et al. 2020, "Reliable Fidelity and Diversity Metrics for Generative Models". The ball of a
point reaches to its k-th nearest neighbour in its own set:

    precision = share of fakes inside the ball of any real image
    recall    = share of real images inside the ball of any fake
    F1        = 2 precision recall / (precision + recall)
    density   = balls of real images that a fake is inside of, averaged over the fakes, / k
    coverage  = share of real images whose ball has any fake inside

How to read them: precision and density say how good single fakes are, recall and coverage how much variety there is.
High precision with low recall is mode collapse. All but density end at 1; of equal distributions density is about 1 and
coverage about 1 - 2^-k, but precision and recall stay well below 1 (see the floor). One outlier's large ball can vouch
for many points: precision suffers from odd real images, recall from odd fakes, density and coverage hardly. All depend
on k and on the counts, which should be equal.
"""

from typing import NamedTuple

import numpy as np

from ganline.metrics import checks, distances


class PrecisionRecall(NamedTuple):
    """All from 0 to 1, but density from 0 with no end."""

    precision: float
    recall: float
    f1: float
    density: float
    coverage: float


def precision_recall(real: np.ndarray, fake: np.ndarray, neighbours: int, coverage_neighbours: int) -> PrecisionRecall:
    """Return what fake features (M, d) score against real ones (N, d).

    Args:
        real: features of real images.
        fake: features of generated images.
        neighbours: k of precision and recall.
        coverage_neighbours: k of density and coverage.

    Raises:
        ValueError: not two finite matrices of as many dimensions, or either k not in 1 to min(N, M) - 1.
    """
    real, fake = checks.pair(real, fake, "precision and recall", rows=2)
    smaller = min(len(real), len(fake))
    for name, k in (("neighbours", neighbours), ("coverage_neighbours", coverage_neighbours)):
        if not 1 <= k < smaller:
            raise ValueError(
                f"precision and recall: {name} is {k}: allowed is 1 to {smaller - 1}, one less than the smaller set"
            )
    slack = distances.rounding(fake, real)  # a point on the edge is inside
    reach, wide_reach = (radii + slack for radii in distances.squared_radii(real, (neighbours, coverage_neighbours)))
    fake_reach = distances.squared_radii(fake, [neighbours])[0] + slack

    def visit(start: int, block: np.ndarray) -> tuple[int, int, np.ndarray, np.ndarray]:
        precise = (block <= reach).any(axis=1)
        inside = block <= wide_reach
        recalled = (block <= fake_reach[start : start + len(block), None]).any(axis=0)
        return np.count_nonzero(precise), np.count_nonzero(inside), recalled, inside.any(axis=0)

    precise, inside, recalled, covered = zip(*distances.in_blocks(fake, real, visit), strict=True)
    precision, recall = sum(precise) / len(fake), float(np.any(recalled, axis=0).mean())
    return PrecisionRecall(
        precision,
        recall,
        2 * precision * recall / (precision + recall) if precision + recall else 0.0,
        sum(inside) / (coverage_neighbours * len(fake)),
        float(np.any(covered, axis=0).mean()),
    )
