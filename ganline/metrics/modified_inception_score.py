"""Modified Inception Score (m-IS): do images of one class differ from each other?

Gurumurthy et al. 2017, "DeLiGAN: Generative Adversarial Networks for Diverse and Limited Data". For each class c, over
all pairs of different images whose likeliest class is c:

    score_c = exp( mean_{i != j} KL( p(y|x_i) || p(y|x_j) ) )

averaged over the classes that hold two images or more. The mean over all pairs has a closed form, so none is drawn.

How to read it: from 1 (within a class all images are alike to the classifier), with no upper end; beside the score of
real images. Below it, classes have collapsed inside. Its weakness: images of which the classifier is unsure differ too,
so noise raises it; and a very sure classifier sees little of the variety there is.
"""

import numpy as np

from ganline.metrics import checks
from ganline.metrics.record import Case, Measure, Number

SMALLEST = 1e-12
"""Probabilities below this count as this much where their logarithm is taken: one zero would make the mean infinite."""


def modified_inception_score(probabilities: np.ndarray) -> float:
    """Return the modified Inception Score of class probabilities (N, K), rows summing to 1.

    Raises:
        ValueError: not a finite matrix of probabilities, or no two images have the same likeliest class.
    """
    probabilities = checks.probabilities(probabilities, "modified Inception Score", rows=2)
    likeliest = probabilities.argmax(axis=1)
    counts = np.bincount(likeliest)
    if counts.max() < 2:
        raise ValueError(f"modified Inception Score: no two of {len(likeliest)} images have the same likeliest class")
    return float(np.mean([_score(probabilities[likeliest == c]) for c in np.flatnonzero(counts >= 2)]))


def _score(probabilities: np.ndarray) -> float:
    count = len(probabilities)
    logarithms = np.log(np.maximum(probabilities, SMALLEST))
    own = np.sum(probabilities * logarithms) / count
    every_pair = own - probabilities.mean(axis=0) @ logarithms.mean(axis=0)  # an image and itself add 0
    return float(np.exp(max(every_pair, 0.0) * count / (count - 1)))


def _modified_inception_score(case: Case) -> dict[str, float]:
    return {"modified_inception_score": modified_inception_score(case.sample.probabilities)}


MEASURE = Measure(
    name="modified_inception_score",
    numbers={
        "modified_inception_score": Number(
            "Modified Inception Score",
            "diversity",
            "",
            "From 1, where all images of a class are alike to the extractor; below its floor classes have "
            "collapsed inside, above it images are unclear.",
        ),
    },
    compute=_modified_inception_score,
    answers="Do images of one class differ from each other?",
    misleads="Noise raises it too, and a very sure extractor sees little variety.",
    source="Gurumurthy et al. 2017, DeLiGAN: Generative Adversarial Networks for Diverse and Limited Data",
    cost="< 1 s",
    needs=frozenset({"probabilities"}),
    floor="held_out",  # of the images it was trained on the extractor is too sure
    protocol=lambda case: {"classes": "the likeliest ones, as the extractor sees them; those of 2 images or more"},
)
