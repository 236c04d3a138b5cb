"""Classifier two-sample tests (C2ST): how often a nearest neighbour can tell fakes from real images.

Lopez-Paz and Oquab 2017, "Revisiting Classifier Two-Sample Tests". As many fakes as real images are mixed, and a
classifier is asked of each which set it is from, without having seen that very image:

    nearest neighbour  each image is taken for what its nearest other image is (leave-one-out), as in Xu et al. 2018,
                       "An Empirical Study on Evaluation Metrics of Generative Adversarial Networks"
    linear             see c2st_linear

How to read them: 0.5 is best, nobody can tell; 1 is worst, every image gives itself away. The nearest neighbour's two
halves say more. Fakes told more often than real images: fakes crowd together in the midst of the real images, as in
mode collapse. Real images told more often than fakes: fakes are scattered more widely. Below 0.5 over all, fakes nearly
repeat the very images they are judged by.

Weakness: both see whatever the features show, visible to people or not, so good fakes may still score 0.9.
"""

from typing import NamedTuple

import numpy as np

from ganline.metrics import checks, distances
from ganline.metrics.record import Case, Measure, Number, error_of
from ganline.metrics.shares import BINOMIAL, standard_error


class NeighbourTest(NamedTuple):
    """Shares told rightly, 0 to 1."""

    accuracy: float
    """Over all images."""
    real: float
    """Over the real images."""
    fake: float
    """Over the fakes."""


def nearest_neighbour_test(real: np.ndarray, fake: np.ndarray) -> NeighbourTest:
    """Return the leave-one-out accuracy of the nearest neighbour between real and fake features, (N, d) each.

    Where real images and fakes are equally near, either may count as nearest.

    Raises:
        ValueError: not two finite matrices of one shape, or fewer than two images in each.
    """
    both = mixed(real, fake, 2)
    count = len(both) // 2
    is_real = np.arange(len(both)) < count
    right = is_real[distances.nearest(both, both, 1, same=True).indices[:, 0]] == is_real
    return NeighbourTest(float(right.mean()), float(right[:count].mean()), float(right[count:].mean()))


def mixed(real: np.ndarray, fake: np.ndarray, rows: int) -> np.ndarray:
    """Return real images and as many fakes one after the other; ValueError where they are not at least `rows` each."""
    real, fake = checks.pair(real, fake, "two-sample test", rows)
    if len(real) != len(fake):
        raise ValueError(
            f"two-sample test: {len(real)} real images and {len(fake)} fakes; as many of both are needed, "
            "or guessing the larger set would already do better than half"
        )
    return np.concatenate([real, fake])


def _c2st_nn(case: Case) -> dict[str, float]:
    found = nearest_neighbour_test(case.real.features, case.sample.features)
    return {
        "c2st_nn": found.accuracy,
        "c2st_nn_real": found.real,
        "c2st_nn_fake": found.fake,
        "c2st_nn_stderr": standard_error(found.accuracy, 2 * len(case.sample)),
    }


MEASURE = Measure(
    name="c2st_nn",
    numbers={
        "c2st_nn": Number(
            "Nearest-neighbour two-sample test",
            "quality",
            "lower",
            "0.5 is best: an image's nearest other image is as often fake as real. 1: always of its own set. "
            "Below 0.5 fakes nearly repeat the images they are judged by.",
        ),
        "c2st_nn_real": Number(
            "Real images told by their nearest neighbour",
            "quality",
            "",
            "0 to 1. Above c2st_nn_fake: fakes are scattered more widely than real images.",
            ranks=False,
        ),
        "c2st_nn_fake": Number(
            "Fakes told by their nearest neighbour",
            "diversity",
            "",
            "0 to 1. Above c2st_nn_real: fakes crowd together among the real images, as in mode collapse.",
            ranks=False,
        ),
        "c2st_nn_stderr": error_of("Nearest-neighbour two-sample test", "c2st_nn", BINOMIAL),
    },
    compute=_c2st_nn,
    answers="Can fakes be told from real images by what lies nearest?",
    misleads="It sees any difference in the features, whether or not people would; good fakes may still reach 0.9.",
    source="Lopez-Paz and Oquab 2017, Revisiting Classifier Two-Sample Tests; Xu et al. 2018, An Empirical Study "
    "on Evaluation Metrics of Generative Adversarial Networks",
    cost="1 s",
    beside=True,
)
