"""Frechet distance between two sets of features: FID, where they are those of the Inception network of 2015.

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

from ganline.core.matrices import gram, product
from ganline.metrics import checks
from ganline.metrics.record import Case, Measure, Number, error_of

BLOCKS = 10
"""Of the jackknife."""
LEAST_FOR_ERROR = 2 * BLOCKS
"""Images that a standard error takes."""
JACKKNIFE = f"by a jackknife over {BLOCKS} blocks of both sets; it errs on the large side"
SEEN = 1e-8
"""Share of the distance that rounding may take in the fast way; beyond it the distance is computed the slow way."""


class Frechet(NamedTuple):
    """The distance and the two parts it is the sum of; none is negative."""

    distance: float
    mean: float
    covariance: float


def frechet_distance(first: np.ndarray, second: np.ndarray) -> Frechet:
    """Return the Frechet distance between features (N, d) and (M, d); symmetric, computed in float64.

    Raises:
        ValueError: not two finite matrices of as many dimensions, or fewer than two images in one.
    """
    return distance(*checks.pair(first, second, "Frechet distance", rows=2))


def standard_error_of(name: str, fake: np.ndarray, real: np.ndarray) -> dict[str, float]:
    """Return NAME_stderr, the distance's standard error, or nothing where the images are too few for one."""
    few = min(len(fake), len(real)) < LEAST_FOR_ERROR
    return {} if few else {f"{name}_stderr": frechet_standard_error(fake, real)}


def frechet_standard_error(first: np.ndarray, second: np.ndarray) -> float:
    """Return the standard error of the distance between features (N, d) and (M, d): a delete-block jackknife.

    A tenth of both sets is left out at a time (each tenth row; the order must mean nothing). It errs on the large side:
    by half at 30 images a dimension, less where there are more.

    Raises:
        ValueError: not two finite matrices of as many dimensions, or fewer than LEAST_FOR_ERROR images in one.
    """
    return jackknife(*checks.pair(first, second, "Frechet distance's standard error", rows=LEAST_FOR_ERROR))


def distance(first: np.ndarray, second: np.ndarray) -> Frechet:
    """Return the distance of two finite float64 matrices; see `frechet_distance`, which looks whether they are."""
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
        across = product(root, other.T)
        between, total = gram(across.T), np.sum(root**2) + np.sum(other**2)
    else:
        covariance = _covariance(more)
        between, total = product(product(root, covariance), root.T), np.sum(root**2) + np.trace(covariance)
    unit = np.finfo(np.float64).eps * np.linalg.norm(between)
    values = linalg.eigvalsh(between, driver="evd", check_finite=False)
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
    overlap = linalg.svd(product(root1, root2.T), compute_uv=False, check_finite=False).sum()
    covariance = float(np.sum(root1**2) + np.sum(root2**2) - 2.0 * overlap)
    return max(covariance, 0.0)  # rounding can leave -1e-15 of the traces


def _root(features: np.ndarray) -> np.ndarray:
    """Return R (min(N, d), d) with R'R = the unbiased covariance of `features`."""
    centred = _centred(features)
    if len(centred) <= centred.shape[1]:
        return centred
    return np.asarray(linalg.qr(centred, mode="r", check_finite=False)[0][: centred.shape[1]])


def _covariance(features: np.ndarray) -> np.ndarray:
    """Return the unbiased covariance (d, d)."""
    centred = _centred(features)
    return gram(centred)


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


def jackknife(first: np.ndarray, second: np.ndarray) -> float:
    """Return the distance's standard error over blocks of both; see `frechet_standard_error`."""
    first_block, second_block = (np.arange(len(features)) % BLOCKS for features in (first, second))
    without = [distance(first[first_block != i], second[second_block != i]).distance for i in range(BLOCKS)]
    return float(np.sqrt((BLOCKS - 1) * np.var(without)))


def _frechet(case: Case) -> dict[str, float]:
    found = frechet_distance(case.sample.features, case.real.features)
    numbers = {"{frechet}": found.distance, "{frechet}_mean": found.mean, "{frechet}_cov": found.covariance}
    return numbers | standard_error_of("{frechet}", case.sample.features, case.real.features)


MEASURE = Measure(
    name="frechet",
    numbers={
        "{frechet}": Number(
            "{Frechet}",
            "quality",
            "lower",
            "From 0: how far the mean and the spread of all fakes lie from those of real images. It falls as "
            "counts grow.",
        ),
        "{frechet}_mean": Number(
            "{Frechet}, mean part",
            "quality",
            "lower",
            "From 0: the part of {frechet} that all fakes share, such as being too bold.",
            ranks=False,
        ),
        "{frechet}_cov": Number(
            "{Frechet}, covariance part",
            "diversity",
            "lower",
            "From 0: the part of {frechet} that is too little or too much variety.",
            ranks=False,
        ),
        "{frechet}_stderr": error_of("{Frechet}", "{frechet}", JACKKNIFE),
    },
    compute=_frechet,
    answers="How far are fakes, taken together, from real images?",
    misleads="It knows nothing but mean and covariance: copies of training images score best, and a few repeated "
    "images well if they are spread like the data. Only equal counts and extractors compare.",
    source="Heusel et al. 2017, GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium",
    cost="0.5 s",
    beside=True,
)
