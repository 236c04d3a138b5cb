"""Geometry score: do the fakes lie on a surface with as many holes as the real images do?

Khrulkov and Oseledets 2018, "Geometry Score: A Method For Comparing Generative Adversarial Networks". From 64
landmarks drawn among the N images a witness complex is grown: landmarks are joined where an image lies about between
them, ever more loosely, up to a slack of 1/128 x N / 5000 of the largest distance between image and landmark (as in the
authors' code). Its relative living times are the shares of that growth with 0, 1, 2, ... one-dimensional holes.
Averaged over many sets of landmarks they make a histogram, MRLT, and

    geometry score = sum_i (MRLT_fake(i) - MRLT_real(i))^2

How to read it: 0 is best, 2 the worst possible. It compares topology alone: fakes may score well and look like nothing
real, since neither place nor scale counts. So read it beside others, against its floor, and mind its standard error:
landmarks are drawn at random.

Weakness: below some thousand images the complex hardly grows, and holes tell little. It depends on the number of images
(equal counts are demanded), and in many dimensions all images are about equally far from each other.
"""

from typing import NamedTuple

import gudhi
import numpy as np
from scipy.spatial.distance import cdist

from ganline.core.random import generator
from ganline.metrics import checks
from ganline.metrics.record import Case, Measure, Number, error_of

LANDMARK_SETS = 100
"""The authors take 1,000; as many would take minutes."""

LANDMARKS = 64
MOST_HOLES = 100
"""Holes at a time that are told apart."""


class GeometryScore(NamedTuple):
    """The score, 0 to 2, and its standard error as far as the choice of landmarks goes."""

    score: float
    standard_error: float


def geometry_score(real: np.ndarray, fake: np.ndarray, repeats: int, seed: int) -> GeometryScore:
    """Return the geometry score of fake features (N, d) against real ones (N, d).

    Args:
        real: features of real images.
        fake: features of as many fakes.
        repeats: sets of landmarks that are averaged, at least 2.
        seed: fixes the landmarks.

    Raises:
        ValueError: not two finite matrices of one shape, fewer than LANDMARKS images in each, or too few repeats.
    """
    real, fake = checks.pair(real, fake, "geometry score", rows=LANDMARKS)
    if len(real) != len(fake):
        raise ValueError(
            f"geometry score: {len(real)} real images and {len(fake)} fakes; as many of both are needed, "
            "since living times depend on the count"
        )
    if repeats < 2:
        raise ValueError(f"geometry score: repeats is {repeats}: at least 2 are needed for a standard error")
    random = generator(seed, "geometry_score")
    times = [
        np.stack([_living_times(points, random.choice(len(points), LANDMARKS, replace=False)) for _ in range(repeats)])
        for points in (real, fake)
    ]
    difference = times[1].mean(axis=0) - times[0].mean(axis=0)
    # To first order the score moves with the means along twice their difference.
    variances = [np.var(some @ (2.0 * difference), ddof=1) / repeats for some in times]
    return GeometryScore(float(difference @ difference), float(np.sqrt(sum(variances))))


def _living_times(points: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Return the relative living times of 0 to MOST_HOLES - 1 holes, from one set of landmarks (rows of points)."""
    apart = cdist(points, points[landmarks])
    most = apart.max() / 128.0 * len(points) / 5000.0
    if most == 0.0:  # all points are one
        return np.eye(1, MOST_HOLES)[0]
    order = np.argsort(apart, axis=1)
    table = np.stack([order, np.take_along_axis(apart, order, axis=1)], axis=2)
    tree = gudhi.WitnessComplex(table).create_simplex_tree(max_alpha_square=most, limit_dimension=2)
    tree.compute_persistence(homology_coeff_field=2)
    return relative_living_times(tree.persistence_intervals_in_dimension(1), most)


def relative_living_times(intervals: np.ndarray, end: float) -> np.ndarray:
    """Return (MOST_HOLES,): for what share of 0 to `end` just 0, 1, 2, ... of the intervals (n, 2) are alive."""
    born, died = np.minimum(np.reshape(intervals, (-1, 2)), end).T
    switches = np.unique(np.concatenate([born, died, [0.0, end]]))
    middles = (switches[:-1] + switches[1:]) / 2
    alive = np.sum((born[:, None] <= middles) & (middles < died[:, None]), axis=0)
    return np.bincount(alive, np.diff(switches), minlength=MOST_HOLES)[:MOST_HOLES] / end


def _geometry_score(case: Case) -> dict[str, float]:
    found = geometry_score(case.real.features, case.sample.features, LANDMARK_SETS, case.seed)
    return {"geometry_score": found.score, "geometry_score_stderr": found.standard_error}


MEASURE = Measure(
    name="geometry_score",
    numbers={
        "geometry_score": Number(
            "Geometry score",
            "diversity",
            "lower",
            "0 is best, 2 the worst possible: how differently many holes fakes and real images have. Topology "
            "alone: neither place nor scale counts.",
        ),
        "geometry_score_stderr": error_of(
            "Geometry score", "geometry_score", "by the choice of landmarks", "diversity"
        ),
    },
    compute=_geometry_score,
    answers="Do fakes and real images have the same shape, up to bending and stretching?",
    misleads="Fakes that look like nothing real, or a single class, can have as many holes as all real images; of "
    "less than some thousand images it says little.",
    source="Khrulkov and Oseledets 2018, Geometry Score: A Method For Comparing Generative Adversarial Networks",
    cost="25 s",
    protocol=lambda case: {
        "landmarks": LANDMARKS,
        "landmark_sets": LANDMARK_SETS,
        "gamma": f"{len(case.sample)} / 5000 / 128",
    },
)
