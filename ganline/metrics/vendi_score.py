"""Vendi score: to how many entirely different images does the variety of these amount?

Friedman and Dieng 2023, "The Vendi Score: A Diversity Evaluation Metric for Machine Learning". Features x of N images
are brought to length 1, so that the product of two is the cosine of the angle between them. Of the N x N matrix of
cosines K

    Vendi score = exp( - sum_i  w_i log w_i ),    w the eigenvalues of K / N, which sum to 1

How to read it: 1 if all images point the same way, and up to the number of dimensions (or of images, where they are
fewer) if they point all ways equally often. No real image has a part in it, so read it beside its floor: below it kinds
of images are missing or keep coming back.

X X' and X' X have the same eigenvalues but for zeros, so the smaller of the two is taken, exactly. The standard error
is that of other images of the same kind: one image counts in the entropy with - x' log(C) x, C = X' X / N, and it is
the spread of these (the infinitesimal jackknife).

Its weakness: noise and rubbish are various, too. Features that are never negative all point much the same way, and the
scores of all sets are low and close to each other. Of few images it is too low.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh

from ganline.core.matrices import gram, product
from ganline.metrics import checks
from ganline.metrics.record import Case, Measure, Number, spread_of

LEAST = 100
"""Images: of fewer the score says little but how many they are, and its standard error is too small."""
NOTHING = 1e-12
"""Eigenvalues below are rounding's."""


class Vendi(NamedTuple):
    """The effective number of different images, from 1, and its standard error over other images."""

    score: float
    standard_error: float


def vendi_score(features: np.ndarray) -> Vendi:
    """Return the Vendi score (q = 1, cosines) of features (N, d).

    Raises:
        ValueError: no finite matrix, fewer than LEAST images, or an image whose features are all 0 and so have no
            direction.
    """
    unit = checks.unit(checks.matrix(features, "Vendi score", rows=LEAST), "Vendi score")
    values, weights = _spectrum(unit)
    logarithms = np.log(values)
    score, count = float(np.exp(-values @ logarithms)), len(unit)
    error = np.std(weights @ logarithms, ddof=1) / np.sqrt(count)
    return Vendi(score, float(score * error * np.sqrt(1.0 + score / count)))


def _spectrum(unit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the K eigenvalues above 0 of X' X / N and each image's weight on their eigenvectors, (K,) and (N, K)."""
    count, dimensions = unit.shape
    small = gram(unit if dimensions <= count else unit.T)
    values, vectors = eigh(small / count, driver="evd")
    kept = values > NOTHING
    values, vectors = values[kept], vectors[:, kept]
    if dimensions <= count:
        return values, product(unit, vectors) ** 2
    return values, count * values * vectors**2


def _vendi_score(case: Case) -> dict[str, float]:
    found = vendi_score(case.sample.features)
    return {"vendi_score": found.score, "vendi_score_stderr": found.standard_error}


MEASURE = Measure(
    name="vendi_score",
    numbers={
        "vendi_score": Number(
            "Vendi score",
            "diversity",
            "higher",
            "From 1: to how many entirely different images the variety of the fakes amounts. Below its floor kinds of "
            "images are missing; above it there is noise.",
        ),
        "vendi_score_stderr": spread_of("Vendi score"),
    },
    compute=_vendi_score,
    answers="How various are the fakes, seen without any real image?",
    misleads="Noise and rubbish are various, too; features that are never negative leave all scores low and close.",
    source="Friedman and Dieng 2023, The Vendi Score: A Diversity Evaluation Metric for Machine Learning",
    cost="< 1 s (of 1,280 features 2 s)",
    protocol=lambda case: {"kernel": "cosine", "order": 1},
)
