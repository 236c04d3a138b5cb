"""AM Score: is each image recognised, and are the classes there as often as in real images?

Zhou et al. 2018, "Activation Maximization Generative Adversarial Nets". With p(y) = mean_x p(y|x) of the judged images
and p*(y) the same mean of real images:

    AM = KL( p*(y) || p(y) )  +  mean_x H( p(y|x) )
           classes missing         images unsure

in nats. How to read it: 0 is best, and less is better; real images do not reach 0, since a classifier is not sure of
all of them. Unlike the Inception Score it knows which classes the data holds, and how often. Its weaknesses: a
classifier can be sure of rubbish, and variety inside a class is not seen.
"""

import numpy as np
from scipy.special import entr, rel_entr

from ganline.metrics import checks
from ganline.metrics.record import Case, Measure, Number

SMALLEST = 1e-12
"""A class's mean probability counts as this much at least, so that a class that never comes costs much, not all."""


def am_score(probabilities: np.ndarray, real: np.ndarray) -> float:
    """Return the AM Score of class probabilities (N, K) against those of real images (M, K), rows summing to 1.

    Raises:
        ValueError: not two finite matrices of probabilities of as many classes.
    """
    pair = checks.pair(probabilities, real, "AM Score")
    probabilities, real = (checks.probabilities(part, "AM Score") for part in pair)
    missing = rel_entr(real.mean(axis=0), np.maximum(probabilities.mean(axis=0), SMALLEST)).sum()
    return float(missing + entr(probabilities).sum(axis=1).mean())


def _am_score(case: Case) -> dict[str, float]:
    return {"am_score": am_score(case.sample.probabilities, case.real.probabilities)}


MEASURE = Measure(
    name="am_score",
    numbers={
        "am_score": Number(
            "AM Score",
            "quality",
            "lower",
            "0 nats is best, less is better; grows with classes that are missing and images that are unclear.",
        ),
    },
    compute=_am_score,
    answers="Is each image clearly of a class, and are the classes as frequent as in real images?",
    misleads="The extractor can be sure of rubbish; variety inside a class is not seen.",
    source="Zhou et al. 2018, Activation Maximization Generative Adversarial Nets",
    cost="< 1 s",
    needs=frozenset({"classes"}),
)
