"""Boundary distortion: how many real images the fakes are worth to a classifier.

Santurkar, Schmidt and Madry 2018, "A Classification-Based Study of Covariate Shift in GAN Distributions". A classifier
learns from n fakes, others learn from n, n/2, n/4, ... real images, and all are tested on held-out real images. The
share of real images that gives the fakes' accuracy, interpolated between these (straight in the logarithm of the
share), is

    1 where fakes teach as much as real images do, 1/64 where one real image teaches as much as 64 fakes.

How to read it: more is better, and the floor is near 1. Fakes that have the classes but not the variety at their
boundaries get far less, even if each image looks right. Its weaknesses: it is coarse where the classifier learns all it
can from few images, and it can tell nothing below the smallest number tried or above n. Labels that are wrong lower it
too.
"""

import numpy as np
from threadpoolctl import threadpool_limits

from ganline.core.random import generator
from ganline.metrics.classification import (
    Labelled,
    accuracy,
    checked,
    classes_of,
    classifier_protocol,
    labelled,
    projection,
    trained,
)
from ganline.metrics.record import Case, Measure, Number

MOST_PARTS = 4
"""Classifiers averaged for a number of images, each trained on other ones: few images alone are a matter of luck."""


def boundary_distortion(fakes: Labelled, train: Labelled, held_out: Labelled, seed: int) -> float:
    """Return the share of real images that teaches as much as fakes, above 0 and up to 1.

    Its classifier is the one of ganline.metrics.classification, on one thread. The smallest share tried is the least
    returned: about one image a class.

    Args:
        fakes: whom to judge.
        train: real training images.
        held_out: other real images.
        seed: fixes which images are trained on: of fakes and training images as many as the smaller set has.

    Raises:
        ValueError: as ganline.metrics.classification.classification, or there are fewer images than classes.
    """
    fakes, train, held_out = checked("boundary distortion", fakes, train, held_out)
    classes, count = classes_of([fakes, train, held_out]), min(len(fakes.labels), len(train.labels))
    if count < classes:
        raise ValueError(f"boundary distortion: {classes} classes take as many images at least, found {count}")
    random = generator(seed, "boundary_distortion")
    fake_rows, train_rows = (random.permutation(len(part.labels))[:count] for part in (fakes, train))
    with threadpool_limits(1):
        project = projection(train, train_rows, "boundary distortion")
        tests = project(held_out.images)

        def taught(points: np.ndarray, labels: np.ndarray) -> float:
            return accuracy(trained(points, labels, classes)(tests), held_out.labels)

        reached = taught(project(fakes.images[fake_rows]), fakes.labels[fake_rows])
        points, labels = project(train.images[train_rows]), train.labels[train_rows]
        shares, accuracies = [], []
        parts = 1
        while count // parts >= classes:
            some = np.array_split(np.arange(count), parts)[:MOST_PARTS]
            shares.append(1.0 / parts)
            accuracies.append(np.mean([taught(points[rows], labels[rows]) for rows in some]))
            parts *= 2
    return share_at(reached, np.array(shares), np.array(accuracies))


def share_at(reached: float, shares: np.ndarray, accuracies: np.ndarray) -> float:
    """Return the share that gives the accuracy `reached`, by the accuracies of falling shares.

    More images never count as teaching less. Where several shares teach the same, the smallest is meant.
    """
    rising = np.maximum.accumulate(accuracies[::-1])
    if reached >= rising[-1]:
        return float(shares[0])
    steps, first = np.unique(rising, return_index=True)
    return float(2.0 ** np.interp(reached, steps, np.log2(shares[::-1][first])))


def _boundary_distortion(case: Case) -> dict[str, float]:
    return {"boundary_fraction": boundary_distortion(*labelled(case), case.seed)}


MEASURE = Measure(
    name="boundary_distortion",
    numbers={
        "boundary_fraction": Number(
            "Real images' worth",
            "diversity",
            "higher",
            "Share of as many real images that teaches a classifier as much as the fakes do: 1 is best, 1/64 says "
            "that one real image teaches as much as 64 fakes.",
        ),
    },
    compute=_boundary_distortion,
    answers="Is the variety at the boundaries between classes there?",
    misleads="It is coarse where the classifier learns all it can from few images; wrong labels lower it too.",
    source="Santurkar et al. 2018, A Classification-Based Study of Covariate Shift in GAN Distributions",
    cost="4 s",
    needs=frozenset({"classes"}),
    protocol=classifier_protocol,
)
