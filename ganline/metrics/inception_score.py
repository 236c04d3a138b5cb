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

from ganline.metrics import checks


class InceptionScore(NamedTuple):
    """Mean and standard deviation over the splits."""

    mean: float
    deviation: float


def inception_score(probabilities: np.ndarray, splits: int) -> InceptionScore:
    """Return the Inception Score of class probabilities (N, K), rows summing to 1, in `splits` consecutive splits.

    Raises:
        ValueError: not a finite matrix of probabilities, or not 1 to N splits.
    """
    probabilities = checks.matrix(probabilities, "probabilities", rows=1)
    if probabilities.min() < 0.0 or np.abs(probabilities.sum(axis=1) - 1.0).max() > 1e-3:
        raise ValueError("probabilities: rows must be 0 or more and sum to 1; were logits passed?")
    if not 1 <= splits <= len(probabilities):
        raise ValueError(f"splits is {splits}: allowed is 1 to {len(probabilities)}, the number of images")
    scores = [_score(split) for split in np.array_split(probabilities, splits)]
    return InceptionScore(float(np.mean(scores)), float(np.std(scores)))


def _score(probabilities: np.ndarray) -> float:
    marginal = probabilities.mean(axis=0)
    # 0 log 0 is 0. Where p(y|x) > 0 the marginal is too.
    ratio = np.divide(probabilities, marginal, out=np.ones_like(probabilities), where=probabilities > 0.0)
    return float(np.exp(np.sum(probabilities * np.log(ratio), axis=1).mean()))
