"""Realism score: how deep inside the balls of real images does each fake lie?

Kynkaanniemi et al. 2019, "Improved Precision and Recall Metric for Assessing Generative Models", section 5. The ball of
a real image y reaches to its k-th nearest real image, r(y) away. The half of the balls with the largest radii is thrown
away, since odd images have large ones. A fake x scores

    R(x) = max over y of  r(y) / | x - y |

How to read it: 1 or more lies inside a ball, which `precision` counts as real; the more the nearer, in the measure of
how thick real images lie there. Here are the median over the fakes, since a copy's score has no end, and the share of
fakes that reach 1. Both are below what all balls would give, so read them beside their floor.

The standard error is that of other fakes before the same real images: of the median half the way between the fakes
which a normal quantile's one standard deviation of ranks lies below and above it.

Its weakness: it is about the quality of single fakes alone, best where the same good one comes again and again; and
where real images lie thin no fake is realistic, since the large balls are gone.
"""

from typing import NamedTuple

import numpy as np

from ganline.metrics import checks, distances
from ganline.metrics.record import Case, Measure, Number, error_of
from ganline.metrics.shares import BINOMIAL, standard_error

LEAST = 100
"""Fakes and real images."""
KEPT = 50
"""Percent of the balls, the smallest."""
HIGHEST = 1e4
"""What an exact copy of a real image scores, and any that is closer to it than that."""


class Realism(NamedTuple):
    """Over the fakes."""

    median: float
    """0 to HIGHEST."""
    standard_error: float
    share: float
    """Of those that score 1 or more, 0 to 1."""


def realism(real: np.ndarray, fake: np.ndarray, neighbours: int) -> np.ndarray:
    """Return each fake's realism score, (M,), from 0 to HIGHEST.

    Args:
        real: features of real images, (N, d).
        fake: features of generated images, (M, d).
        neighbours: k, 1 to N - 1.

    Raises:
        ValueError: not two finite matrices of as many dimensions, fewer than LEAST images in either, k outside what is
            said above, or half of the real images and more have k copies, so that no ball has any size.
    """
    real, fake = checks.pair(real, fake, "realism score", rows=LEAST)
    if not 1 <= neighbours < len(real):
        raise ValueError(f"realism score: neighbours is {neighbours}: allowed is 1 to {len(real) - 1}")
    squares = distances.balls(real, neighbours)[0]
    slack = distances.rounding(real, real)  # a fake so near to a real image is no farther out than that
    kept = (squares <= np.percentile(squares, KEPT)) & (squares > slack)
    if not kept.any():
        raise ValueError(f"realism score: half of the real images have {neighbours} copies, so no ball has any size")
    reach, largest = squares[kept], HIGHEST**2

    def visit(start: int, block: np.ndarray) -> np.ndarray:
        np.maximum(block, slack, out=block)
        return np.minimum(np.divide(reach, block, out=block).max(axis=1), largest)

    return np.sqrt(np.concatenate(distances.in_blocks(fake, real[kept], visit)))


def summary(scores: np.ndarray) -> Realism:
    """Return the median of scores (M,), its standard error, and the share of those from 1."""
    ranked, count = np.sort(scores), len(scores)
    low, high = (int(round((count + sign * np.sqrt(count)) / 2)) for sign in (-1, 1))
    error = (ranked[min(high, count - 1)] - ranked[max(low - 1, 0)]) / 2.0
    return Realism(float(np.median(scores)), float(error), float(np.mean(scores >= 1.0)))


def _realism_score(case: Case) -> dict[str, float]:
    found = summary(realism(case.real.features, case.sample.features, case.settings.neighbours))
    return {
        "realism_score": found.median,
        "realism_score_stderr": found.standard_error,
        "realistic_share": found.share,
        "realistic_share_stderr": standard_error(found.share, len(case.sample)),
    }


MEASURE = Measure(
    name="realism_score",
    numbers={
        "realism_score": Number(
            "Realism score",
            "quality",
            "higher",
            "From 0, the median over the fakes: 1 or more lies among the real images, the more the nearer to one.",
        ),
        "realistic_share": Number(
            "Realistic share",
            "quality",
            "higher",
            "0 to 1: share of fakes with a realism score of 1 or more; precision without the larger half of the balls.",
        ),
        "realism_score_stderr": error_of("Realism score", "realism_score", "by the ranks of the fakes about it"),
        "realistic_share_stderr": error_of("Realistic share", "realistic_share", BINOMIAL),
    },
    compute=_realism_score,
    answers="How close do single fakes come to what is real?",
    misleads="It is best where the same good image comes again and again, and where real images lie thin nothing is "
    "realistic.",
    source="Kynkaanniemi et al. 2019, Improved Precision and Recall Metric for Assessing Generative Models",
    cost="1 s (of 1,280 features 7 s)",
    protocol=lambda case: {"neighbours": case.settings.neighbours, "balls": f"the smallest {KEPT} %"},
)
