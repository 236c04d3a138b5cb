"""Mode score: the Inception Score, held against the classes of real images.

Che et al. 2017, "Mode Regularized Generative Adversarial Networks". With p(y) = mean_x p(y|x) of the judged images and
p*(y) the same mean of real images:

    MODE = exp( mean_x KL( p(y|x) || p*(y) )  -  KL( p*(y) || p(y) ) )

The order of the last two arguments matters. With KL( p(y) || p*(y) ), as many texts have it, p*(y) cancels out and
what remains is the Inception Score (Zhou et al. 2018, "Activation Maximization Generative Adversarial Nets"). The order
above is the one that does look at real images.

How to read it: 1 to about the number of classes for images as varied as the data, below 1 where classes are missing;
more is better. For balanced data and all classes there it is close to the Inception Score. Its weaknesses: it can
exceed the score of real images (rare classes are worth more than common ones), and variety inside a class is not seen.
"""

import numpy as np
from scipy.special import rel_entr

from ganline.metrics import checks
from ganline.metrics.record import Case, Measure, Number

SMALLEST = 1e-12
"""A class's mean probability counts as this much at least, so that a class that never comes costs much, not all."""


def mode_score(probabilities: np.ndarray, real: np.ndarray) -> float:
    """Return the mode score of class probabilities (N, K) against those of real images (M, K), rows summing to 1.

    Raises:
        ValueError: not two finite matrices of probabilities of as many classes.
    """
    pair = checks.pair(probabilities, real, "mode score")
    probabilities, real = (checks.probabilities(part, "mode score") for part in pair)
    marginal, wanted = (np.maximum(part.mean(axis=0), SMALLEST) for part in (probabilities, real))
    return float(np.exp(rel_entr(probabilities, wanted).sum(axis=1).mean() - rel_entr(wanted, marginal).sum()))


def _mode_score(case: Case) -> dict[str, float]:
    return {"mode_score": mode_score(case.sample.probabilities, case.real.probabilities)}


MEASURE = Measure(
    name="mode_score",
    numbers={
        "mode_score": Number(
            "Mode score",
            "quality",
            "higher",
            "Up to about the number of classes, more is better; below 1 where the real images' classes never come.",
        ),
    },
    compute=_mode_score,
    answers="Is the extractor sure of each image, and do the real images' classes come?",
    misleads="Too many images of a rare class can score more than real images do.",
    source="Che et al. 2017, Mode Regularized Generative Adversarial Networks",
    cost="< 1 s",
    needs=frozenset({"probabilities"}),
    protocol=lambda case: {"formula": "exp(mean KL(p(y|x) || real p(y)) - KL(real p(y) || p(y)))"},
)
