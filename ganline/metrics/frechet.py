"""Frechet distance between two sets of features: FID, where the features are an Inception network's.

Heusel et al. 2017, "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium". Each set is
summed up as a Gaussian with mean m and unbiased covariance S:

    distance = |m1 - m2|^2  +  Tr(S1) + Tr(S2) - 2 Tr((S1 S2)^(1/2))
                 mean part        covariance part

Within classes (Miyato & Koyama 2018, "cGANs with Projection Discriminator": intra FID) it is the mean over the classes
of the distance between the images of one class. On feature maps that still know where in the image they lie it is the
spatial distance (Nash et al. 2021, "Generating Images with Sparse Representations": sFID).

How to read it: 0 is best, and less is better. A large mean part is a shift that all images share (too bright, too
bold); a large covariance part is missing or excess variety. It grows as sets shrink (about C(1/n + 1/m)), so compare
only equal counts, and read it beside the distance of real images to real images. It knows nothing beyond the two
Gaussians: other images with equal mean and covariance, and copies of the training images, score as well as new ones.
"""

from typing import NamedTuple

import numpy as np
from scipy import linalg

from ganline.metrics import checks

BLOCKS = 10
"""Of the jackknife."""
LEAST_FOR_ERROR = 2 * BLOCKS
"""Images that a standard error takes."""
SEEN = 1e-8
"""Share of the distance that rounding may take in the fast way; beyond it the distance is computed the slow way."""


class Frechet(NamedTuple):
    """The distance and the two parts it is the sum of; none is negative."""

    distance: float
    mean: float
    covariance: float


class ClassFrechet(NamedTuple):
    """The mean over the classes, its standard error, and how many classes there are in it and not in it."""

    distance: float
    standard_error: float
    classes: int
    left_out: int


def frechet_distance(first: np.ndarray, second: np.ndarray) -> Frechet:
    """Return the Frechet distance between features (N, d) and (M, d); symmetric, computed in float64.

    Raises:
        ValueError: not two finite matrices of as many dimensions, or fewer than two images in one.
    """
    return _distance(*checks.pair(first, second, "Frechet distance", rows=2))


def frechet_standard_error(first: np.ndarray, second: np.ndarray) -> float:
    """Return the standard error of the distance between features (N, d) and (M, d): a delete-block jackknife.

    A tenth of both sets is left out at a time (each tenth row; the order must mean nothing). It errs on the large side:
    by half at 30 images a dimension, less where there are more.

    Raises:
        ValueError: not two finite matrices of as many dimensions, or fewer than LEAST_FOR_ERROR images in one.
    """
    return _jackknife(*checks.pair(first, second, "Frechet distance's standard error", rows=LEAST_FOR_ERROR))


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
    least = max(first.shape[1] + 1, LEAST_FOR_ERROR)
    classes = np.union1d(first_classes, second_classes)
    pairs = [(first[first_classes == number], second[second_classes == number]) for number in classes]
    kept = [pair for pair in pairs if min(map(len, pair)) >= least]
    if not kept:
        most = max(min(map(len, pair)) for pair in pairs)
        raise ValueError(
            f"{measure}: features of {first.shape[1]} dimensions need {least} images a class in both sets, "
            f"and no class has more than {most}"
        )
    distances = [_distance(*pair).distance for pair in kept]
    errors = np.array([_jackknife(*pair) for pair in kept])
    error = float(np.sqrt(np.sum(errors**2)) / len(kept))
    return ClassFrechet(float(np.mean(distances)), error, len(kept), len(pairs) - len(kept))


def _distance(first: np.ndarray, second: np.ndarray) -> Frechet:
    difference = first.mean(axis=0) - second.mean(axis=0)
    mean = float(difference @ difference)
    covariance = _by_eigenvalues(first, second, mean)
    if covariance is None:
        covariance = _by_singular_values(first, second)
    return Frechet(mean + covariance, mean, covariance)


def _by_eigenvalues(first: np.ndarray, second: np.ndarray, mean: float) -> float | None:
    """Return the covariance part from the eigenvalues of R S2 R' with S1 = R'R; None where rounding could be seen.

    It is several times as fast as `_by_singular_values`. But it adds up roots of eigenvalues that are known only to
    within the rounding of the largest, which is too little where a direction has next to no variance.
    """
    fewer, more = sorted((first, second), key=len)
    dimensions = first.shape[1]
    try:
        root = _rows(fewer) if len(fewer) <= dimensions else linalg.cholesky(_covariance(fewer), check_finite=False)
    except linalg.LinAlgError:  # a direction without variance
        return None
    if len(more) <= dimensions:
        other = _rows(more)
        product = root @ other.T
        between, total = product @ product.T, np.sum(root**2) + np.sum(other**2)
    else:
        covariance = _covariance(more)
        between, total = root @ covariance @ root.T, np.sum(root**2) + np.trace(covariance)
    unit = np.finfo(np.float64).eps * np.linalg.norm(between)
    values = np.linalg.eigvalsh(between)
    if values[0] <= 0:
        return None
    overlap = np.sqrt(values).sum()
    part = float(total - 2.0 * overlap)
    lost = unit * np.sum(1.0 / np.sqrt(values)) + np.finfo(np.float64).eps * overlap
    return part if lost < SEEN * (mean + part) else None


def _by_singular_values(first: np.ndarray, second: np.ndarray) -> float:
    """Return the covariance part from roots R with S = R'R, for any features.

    The eigenvalues of S1 S2 are the squared singular values of R1 R2'. Their sum needs no matrix square root: it is
    never complex, and is exact for rank-deficient covariances (few images, collapsed generators) too, where roots of
    eigenvalues that should be 0 add up to 1e-6 of the distance and more.
    """
    root1, root2 = map(_root, (first, second))
    overlap = np.linalg.svd(root1 @ root2.T, compute_uv=False).sum()
    covariance = float(np.sum(root1**2) + np.sum(root2**2) - 2.0 * overlap)
    return max(covariance, 0.0)  # rounding can leave -1e-15 of the traces


def _root(features: np.ndarray) -> np.ndarray:
    """Return R (min(N, d), d) with R'R = the unbiased covariance of `features`."""
    centred = _centred(features)
    return centred if len(centred) <= centred.shape[1] else np.asarray(np.linalg.qr(centred, mode="r"))


def _covariance(features: np.ndarray) -> np.ndarray:
    """Return the unbiased covariance (d, d)."""
    centred = _centred(features)
    return np.asarray(centred.T @ centred)


def _rows(features: np.ndarray) -> np.ndarray:
    """Return R (N - 1, d) with R'R = the unbiased covariance: centred features have a row more than they have rank.

    A reflection that carries (1, ..., 1) to the first axis leaves all of the mean in the first row, which is dropped.
    """
    count = len(features)
    mirror = np.ones(count)
    mirror[0] += np.sqrt(count)
    reflected = features[1:] - np.outer(mirror[1:], (mirror @ features) * (2.0 / (mirror @ mirror)))
    return np.asarray(reflected / np.sqrt(count - 1))


def _centred(features: np.ndarray) -> np.ndarray:
    """Return C (N, d) with C'C = the unbiased covariance of `features`."""
    return np.asarray((features - features.mean(axis=0)) / np.sqrt(len(features) - 1))


def _jackknife(first: np.ndarray, second: np.ndarray) -> float:
    first_block, second_block = (np.arange(len(features)) % BLOCKS for features in (first, second))
    without = [_distance(first[first_block != i], second[second_block != i]).distance for i in range(BLOCKS)]
    return float(np.sqrt((BLOCKS - 1) * np.var(without)))
