"""The linear classifier two-sample test: how often logistic regression can tell fakes from real images.

Lopez-Paz and Oquab 2017, "Revisiting Classifier Two-Sample Tests". As many fakes as real images are mixed; the
standardised features of four fifths train the classifier, which is asked about the last fifth. How to read it: 0.5 is
best, nobody can tell; 1 is worst, every image gives itself away. c2st_nn asks the nearest neighbour instead.

Weakness: it sees whatever the features show, visible to people or not, so good fakes may still score 0.9.
"""

from typing import NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from ganline.core.random import generator
from ganline.metrics.c2st_nn import mixed
from ganline.metrics.record import Case, Measure, Number, error_of
from ganline.metrics.shares import standard_error

FOLDS = 5


class LinearTest(NamedTuple):
    """Share told rightly, 0 to 1, and its standard error across folds."""

    accuracy: float
    standard_error: float


def linear_test(real: np.ndarray, fake: np.ndarray, seed: int) -> LinearTest:
    """Return the cross-validated accuracy of a linear classifier between real and fake features, (N, d) each.

    Args:
        real: features of real images.
        fake: features of as many fakes.
        seed: fixes the folds, which hold as many of both.

    Raises:
        ValueError: not two finite matrices of one shape, or fewer than FOLDS images in each.
    """
    both = mixed(real, fake, FOLDS)
    is_real = np.arange(len(both)) < len(both) // 2
    shuffle = int(generator(seed, "c2st_linear").integers(2**31))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=shuffle)
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    with threadpool_limits(1, "blas"):  # threads wait for each other longer than such small products take
        accuracies = cross_val_score(classifier, both, is_real, cv=folds)
    accuracy = float(accuracies.mean())
    # Nadeau and Bengio 2003, "Inference for the Generalization Error": the folds' classifiers share images. Five folds
    # may also agree by luck, so it is no less than if each image were judged by itself.
    across_folds = float(accuracies.std(ddof=1) * np.sqrt(1 / FOLDS + 1 / (FOLDS - 1)))
    return LinearTest(accuracy, max(across_folds, standard_error(accuracy, len(both))))


def _c2st_linear(case: Case) -> dict[str, float]:
    found = linear_test(case.real.features, case.sample.features, case.seed)
    return {"c2st_linear": found.accuracy, "c2st_linear_stderr": found.standard_error}


MEASURE = Measure(
    name="c2st_linear",
    numbers={
        "c2st_linear": Number(
            "Linear two-sample test",
            "quality",
            "lower",
            "0.5 is best: a linear classifier cannot tell fakes from real images. 1: it always can.",
        ),
        "c2st_linear_stderr": error_of(
            "Linear two-sample test",
            "c2st_linear",
            f"across {FOLDS} folds, which share images (Nadeau and Bengio 2003)",
        ),
    },
    compute=_c2st_linear,
    answers="Can a linear classifier tell fakes from real images?",
    misleads="It sees shifts of the features and hardly anything else: missing kinds that balance out, or copies, "
    "pass.",
    source="Lopez-Paz and Oquab 2017, Revisiting Classifier Two-Sample Tests",
    cost="3 s",
    protocol=lambda case: {"folds": FOLDS, "classifier": "logistic regression of standardised features"},
)
