"""Classifier two-sample tests (C2ST): how often a simple classifier can tell fakes from real images.

Lopez-Paz and Oquab 2017, "Revisiting Classifier Two-Sample Tests". As many fakes as real images are mixed, and a
classifier is asked of each which set it is from, without having seen that very image:

    nearest neighbour  each image is taken for what its nearest other image is (leave-one-out), as in Xu et al. 2018,
                       "An Empirical Study on Evaluation Metrics of Generative Adversarial Networks"
    linear             logistic regression of standardised features, trained on four fifths and asked about the fifth

How to read them: 0.5 is best, nobody can tell; 1 is worst, every image gives itself away. The nearest neighbour's two
halves say more. Fakes told more often than real images: fakes crowd together in the midst of the real images, as in
mode collapse. Real images told more often than fakes: fakes are scattered more widely. Below 0.5 over all, fakes nearly
repeat the very images they are judged by.

Weakness: both see whatever the features show, visible to people or not, so good fakes may still score 0.9.
"""

from typing import NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from ganline.core.random import generator
from ganline.metrics import checks, distances
from ganline.metrics.shares import standard_error

FOLDS = 5


class NeighbourTest(NamedTuple):
    """Shares told rightly, 0 to 1."""

    accuracy: float
    """Over all images."""
    real: float
    """Over the real images."""
    fake: float
    """Over the fakes."""


class LinearTest(NamedTuple):
    """Share told rightly, 0 to 1, and its standard error across folds."""

    accuracy: float
    standard_error: float


def nearest_neighbour_test(real: np.ndarray, fake: np.ndarray) -> NeighbourTest:
    """Return the leave-one-out accuracy of the nearest neighbour between real and fake features, (N, d) each.

    Where real images and fakes are equally near, either may count as nearest.

    Raises:
        ValueError: not two finite matrices of one shape, or fewer than two images in each.
    """
    mixed = _mixed(real, fake, 2)
    count = len(mixed) // 2
    is_real = np.arange(len(mixed)) < count
    right = is_real[distances.nearest(mixed, mixed, 1, same=True).indices[:, 0]] == is_real
    return NeighbourTest(float(right.mean()), float(right[:count].mean()), float(right[count:].mean()))


def linear_test(real: np.ndarray, fake: np.ndarray, seed: int) -> LinearTest:
    """Return the cross-validated accuracy of a linear classifier between real and fake features, (N, d) each.

    Args:
        real: features of real images.
        fake: features of as many fakes.
        seed: fixes the folds, which hold as many of both.

    Raises:
        ValueError: not two finite matrices of one shape, or fewer than FOLDS images in each.
    """
    mixed = _mixed(real, fake, FOLDS)
    is_real = np.arange(len(mixed)) < len(mixed) // 2
    shuffle = int(generator(seed, "c2st_linear").integers(2**31))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=shuffle)
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    with threadpool_limits(1, "blas"):  # threads wait for each other longer than such small products take
        accuracies = cross_val_score(classifier, mixed, is_real, cv=folds)
    accuracy = float(accuracies.mean())
    # Nadeau and Bengio 2003, "Inference for the Generalization Error": the folds' classifiers share images. Five folds
    # may also agree by luck, so it is no less than if each image were judged by itself.
    across_folds = float(accuracies.std(ddof=1) * np.sqrt(1 / FOLDS + 1 / (FOLDS - 1)))
    return LinearTest(accuracy, max(across_folds, standard_error(accuracy, len(mixed))))


def _mixed(real: np.ndarray, fake: np.ndarray, rows: int) -> np.ndarray:
    real, fake = checks.pair(real, fake, "two-sample test", rows)
    if len(real) != len(fake):
        raise ValueError(
            f"two-sample test: {len(real)} real images and {len(fake)} fakes; as many of both are needed, "
            "or guessing the larger set would already do better than half"
        )
    return np.concatenate([real, fake])
