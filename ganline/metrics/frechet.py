"""Frechet distance between two sets of features: FID, where the features are an Inception network's.

Heusel et al. 2017, "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium". Each set is
summed up as a Gaussian with mean m and unbiased covariance S:

    distance = |m1 - m2|^2  +  Tr(S1) + Tr(S2) - 2 Tr((S1 S2)^(1/2))
                 mean part        covariance part

How to read it: 0 is best, and less is better. A large mean part is a shift that all images share (too bright, too
bold); a large covariance part is missing or excess variety. It grows as sets shrink (about C(1/n + 1/m)), so compare
only equal counts, and read it beside the distance of real images to real images. It knows nothing beyond the two
Gaussians.
"""

from typing import NamedTuple

import numpy as np

from ganline.metrics import checks


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
    first, second = checks.pair(first, second, rows=2)
    difference = first.mean(axis=0) - second.mean(axis=0)
    mean = float(difference @ difference)
    root1, root2 = _root(first), _root(second)
    # With S = R'R the eigenvalues of S1 S2 are the squared singular values of R1 R2'. Their sum needs no matrix square
    # root: it is never complex, and rank-deficient covariances (few images, collapsed generators) are exact too.
    overlap = np.linalg.svd(root1 @ root2.T, compute_uv=False).sum()
    covariance = float(np.sum(root1**2) + np.sum(root2**2) - 2.0 * overlap)
    covariance = max(covariance, 0.0)  # rounding can leave -1e-15 of the traces
    return Frechet(mean + covariance, mean, covariance)


def _root(features: np.ndarray) -> np.ndarray:
    """Return R (min(N, d), d) with R'R = the unbiased covariance of `features`."""
    centred = (features - features.mean(axis=0)) / np.sqrt(len(features) - 1)
    return centred if len(centred) <= centred.shape[1] else np.asarray(np.linalg.qr(centred, mode="r"))
