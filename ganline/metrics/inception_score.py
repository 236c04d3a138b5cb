"""Inception Score: are images recognised with confidence, and are all classes there?

Salimans et al. 2016, "Improved Techniques for Training GANs". From class probabilities p(y|x), on each of several
equal splits:

    IS = exp( mean_x KL( p(y|x) || p(y) ) ),    p(y) = mean_x p(y|x)

How to read it: from 1 (every image alike to the classifier) to the number of classes (sure of each image, all classes
equally often); more is better. Real images are never seen by it: a generator that shows one perfect image a class
gets the best score.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import rel_entr

from ganline.metrics import checks
from ganline.metrics.record import Case, Measure, Number


class InceptionScore(NamedTuple):
    """Mean and standard deviation over the splits."""

    mean: float
    deviation: float


def inception_score(probabilities: np.ndarray, splits: int) -> InceptionScore:
    """Return the Inception Score of class probabilities (N, K), rows summing to 1, in `splits` consecutive splits.

    Raises:
        ValueError: not a finite matrix of probabilities, or not 1 to N splits.
    """
    probabilities = checks.probabilities(probabilities, "Inception Score")
    count = len(probabilities)
    if not 1 <= splits <= count:
        raise ValueError(f"Inception Score: splits is {splits}: allowed is 1 to {count}, the number of images")
    starts = [split * count // splits for split in range(1, splits)]
    scores = [np.exp(rel_entr(part, part.mean(axis=0)).sum(axis=1).mean()) for part in np.split(probabilities, starts)]
    return InceptionScore(float(np.mean(scores)), float(np.std(scores)))


def _inception_score(case: Case) -> dict[str, float]:
    found = inception_score(case.sample.probabilities, case.settings.inception_splits)
    return {"inception_score": found.mean, "inception_score_std": found.deviation}


MEASURE = Measure(
    name="inception_score",
    numbers={
        "inception_score": Number(
            "Inception Score",
            "quality",
            "higher",
            "1 to the number of classes, more is better; real images have no part in it.",
        ),
        "inception_score_std": Number(
            "Inception Score, deviation",
            "quality",
            "",
            "Standard deviation of inception_score over its splits.",
            ranks=False,
        ),
    },
    compute=_inception_score,
    answers="Is the extractor sure of each image, and do all its classes come?",
    misleads="One perfect image a class gets the best score; with an extractor of other classes than the data's "
    "it says little.",
    source="Salimans et al. 2016, Improved Techniques for Training GANs",
    cost="< 1 s",
    needs=frozenset({"probabilities"}),
    usual=frozenset({"latents"}),
    protocol=lambda case: {"splits": case.settings.inception_splits},
)
