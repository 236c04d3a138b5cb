"""Frechet distance within classes: are the fakes of a class like the real images of that class?

Miyato & Koyama 2018, "cGANs with Projection Discriminator": intra FID, the mean over the classes of the Frechet
distance (see frechet) between the images of one class. Above its floor while that of all images is not: wishes are not
met, or variety within classes is missing. With few images a class its floor is high.
"""

from typing import NamedTuple

import numpy as np

from ganline.metrics import checks, frechet
from ganline.metrics.frechet import JACKKNIFE
from ganline.metrics.record import Case, Measure, Number, error_of


class ClassFrechet(NamedTuple):
    """The mean over the classes, its standard error, and how many classes there are in it and not in it."""

    distance: float
    standard_error: float
    classes: int
    left_out: int


def class_frechet_distance(
    first: np.ndarray, first_classes: np.ndarray, second: np.ndarray, second_classes: np.ndarray
) -> ClassFrechet:
    """Return the mean over classes of the Frechet distance between the images of one class.

    A class that one side has no more images of than there are dimensions is left out, and counted: its covariance is
    not known in every direction, and its distance would say little but that.

    Args:
        first: features (N, d) of one set.
        first_classes: integers (N,), the class of each.
        second: features (M, d) of the other.
        second_classes: integers (M,).

    Raises:
        ValueError: not two finite matrices of as many dimensions, not one class a row, or no class is left.
    """
    measure = "class Frechet distance"
    first, second = checks.pair(first, second, measure)
    first_classes = checks.labels(first_classes, len(first), measure, "the first classes")
    second_classes = checks.labels(second_classes, len(second), measure, "the second classes")
    least = max(first.shape[1] + 1, frechet.LEAST_FOR_ERROR)
    classes = np.union1d(first_classes, second_classes)
    pairs = [(first[first_classes == number], second[second_classes == number]) for number in classes]
    kept = [pair for pair in pairs if min(map(len, pair)) >= least]
    if not kept:
        most = max(min(map(len, pair)) for pair in pairs)
        raise ValueError(
            f"{measure}: features of {first.shape[1]} dimensions need {least} images a class in both sets, "
            f"and no class has more than {most}"
        )
    distances = [frechet.distance(*pair).distance for pair in kept]
    errors = np.array([frechet.jackknife(*pair) for pair in kept])
    error = float(np.sqrt(np.sum(errors**2)) / len(kept))
    return ClassFrechet(float(np.mean(distances)), error, len(kept), len(pairs) - len(kept))


def _class_frechet(case: Case) -> dict[str, float]:
    if case.sample.labels is None or case.real.labels is None:
        raise ValueError("class Frechet distance: needs the class of each image, got none")
    found = class_frechet_distance(case.sample.features, case.sample.labels, case.real.features, case.real.labels)
    return {
        "class_{frechet}": found.distance,
        "class_{frechet}_stderr": found.standard_error,
        "class_{frechet}_classes": found.classes,
        "class_{frechet}_left_out": found.left_out,
    }


MEASURE = Measure(
    name="class_frechet",
    numbers={
        "class_{frechet}": Number(
            "{Frechet} within classes",
            "conditioning",
            "lower",
            "From 0: the distance between fakes asked for a class and real images of it, averaged over the classes. "
            "Above its floor while {frechet} is not: wishes are not met, or variety within classes is missing.",
        ),
        "class_{frechet}_stderr": error_of("{Frechet} within classes", "class_{frechet}", JACKKNIFE, "conditioning"),
        "class_{frechet}_classes": Number(
            "{Frechet} within classes, classes", "conditioning", "", "How many classes are averaged over.", ranks=False
        ),
        "class_{frechet}_left_out": Number(
            "{Frechet} within classes, classes left out",
            "conditioning",
            "",
            "How many classes have no more images, on either side, than there are features.",
            ranks=False,
        ),
    },
    compute=_class_frechet,
    answers="Are the fakes of a class like the real images of that class?",
    misleads="With few images a class its floor is high, and what differs between generators drowns in it.",
    source="Miyato and Koyama 2018, cGANs with Projection Discriminator (intra FID)",
    cost="0.5 s",
    needs=frozenset({"labels"}),
    by_class=True,  # its few features leave classes with more images than these
    protocol=lambda case: {"class_of_fakes": "the one asked for"},
)
