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
from ganline.metrics.record import Case, Measure, Number, error_of
from ganline.metrics.shares import BINOMIAL, standard_error


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
    reach, wide_reach = (radii + slack for radii in distances.balls(real, neighbours, coverage_neighbours))
    fake_reach = distances.balls(fake, neighbours)[0] + slack

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


def _precision_recall(case: Case) -> dict[str, float]:
    settings = case.settings
    found = precision_recall(
        case.real.features, case.sample.features, settings.neighbours, settings.coverage_neighbours
    )
    return found._asdict() | {
        "precision_stderr": standard_error(found.precision, len(case.sample)),
        "recall_stderr": standard_error(found.recall, len(case.real)),
        "coverage_stderr": standard_error(found.coverage, len(case.real)),
    }


MEASURE = Measure(
    name="precision_recall",
    numbers={
        "precision": Number(
            "Precision",
            "quality",
            "higher",
            "0 to 1: share of fakes that lie among the real images. Low means that many fakes look like nothing real.",
        ),
        "recall": Number(
            "Recall",
            "diversity",
            "higher",
            "0 to 1: share of real images that lie among the fakes. Low means that much of what is real never comes.",
        ),
        "f1": Number(
            "F1", "quality", "higher", "0 to 1: harmonic mean of precision and recall, high only where both are."
        ),
        "density": Number(
            "Density",
            "quality",
            "higher",
            "From 0, about 1 for real images: how thick real images lie about a fake. Above its floor fakes keep "
            "to the commonest kinds.",
        ),
        "coverage": Number(
            "Coverage",
            "diversity",
            "higher",
            "0 to 1: share of real images with a fake close by. Low means that kinds of images are missing.",
        ),
        "precision_stderr": error_of("Precision", "precision", BINOMIAL),
        "recall_stderr": error_of("Recall", "recall", BINOMIAL, "diversity"),
        "coverage_stderr": error_of("Coverage", "coverage", BINOMIAL, "diversity"),
    },
    compute=_precision_recall,
    answers="How many fakes look real, and how much of what is real do the fakes cover?",
    misleads="Odd images have large balls: odd real ones raise precision, odd fakes raise recall (noise may have a "
    "high recall); density and coverage suffer less.",
    source="Kynkaanniemi et al. 2019, Improved Precision and Recall Metric for Assessing Generative Models; "
    "Naeem et al. 2020, Reliable Fidelity and Diversity Metrics for Generative Models",
    cost="1.5 s",
    beside=True,
    protocol=lambda case: {
        "neighbours": case.settings.neighbours,
        "coverage_neighbours": case.settings.coverage_neighbours,
    },
)
