"""Which kinds of images come too seldom: shares of groups among two sets, with intervals for all groups at once.

After Bau et al. 2019, "Seeing What a GAN Cannot Generate", who compare how much of each class of things a segmentation
finds in generated and in real scenes. Here a group is a class of whole images, or a cluster of their features.
"""

from typing import Literal, NamedTuple

import numpy as np
from scipy.stats import norm
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from ganline.latent.attributes import CONFIDENCE

MISSING = 0.1
"""A group is missing where it comes less often than this share of how often it should."""
IMAGES_PER_CLUSTER = 20

Interval = tuple[float, float]


class Share(NamedTuple):
    """How often a group comes among real images and among others; intervals hold for all groups at once."""

    real: float
    real_interval: Interval
    found: float
    found_interval: Interval
    difference: Interval
    """Of what was found less what is real."""

    @property
    def state(self) -> Literal["missing", "too seldom", "as often", "too often"]:
        """What can be said of it."""
        if self.difference[1] < 0:
            return "missing" if self.found_interval[1] < MISSING * self.real else "too seldom"
        return "too often" if self.difference[0] > 0 else "as often"

    @property
    def lacking(self) -> float:
        """The share that is surely lacking, 0 where none is: what is real less what was found."""
        return self.real - self.found if self.difference[1] < 0 else 0.0


def shares(real: np.ndarray, found: np.ndarray) -> list[Share]:
    """Return how often each of K groups comes among two sets.

    The chance that any of the intervals misses what it is of is at most 5 %, by Bonferroni's correction. Single shares
    have Wilson's interval, differences the one that Newcombe makes of these (1998, "Interval estimation for the
    difference between independent proportions", method 10).

    Args:
        real: integers (K,), how many real images each group has.
        found: the same of the others.

    Raises:
        ValueError: a set without images, or groups that differ in number.
    """
    if real.shape != found.shape or not real.sum() or not found.sum():
        raise ValueError(f"shares: needs counts of the same groups and images in both, got {real} and {found}")
    sure = float(norm.isf((1 - CONFIDENCE) / len(real) / 2))
    each = []
    for one, other in zip(real, found, strict=True):
        p, q = float(one / real.sum()), float(other / found.sum())
        (low, high), (under, over) = wilson(p, real.sum(), sure), wilson(q, found.sum(), sure)
        down, up = float(np.hypot(q - under, high - p)), float(np.hypot(over - q, p - low))
        each.append(Share(p, (low, high), q, (under, over), (q - p - down, q - p + up)))
    return each


def wilson(share: float, count: float, sure: float) -> Interval:
    """Return the interval of a share of `count` trials (Wilson 1927), `sure` standard errors wide to either side."""
    middle, width = share + sure**2 / (2 * count), sure * np.sqrt(share * (1 - share) / count + (sure / 2 / count) ** 2)
    scale = 1 + sure**2 / count
    return max(0.0, float((middle - width) / scale)), min(1.0, float((middle + width) / scale))


def clusters(features: np.ndarray, count: int, seed: int) -> KMeans:
    """Return `count` clusters of features (N, d), fewer where there are not 20 images for each.

    It runs on one thread, so that the clusters do not depend on the machine's number of cores; so must `members`.

    Raises:
        ValueError: too few images for two.
    """
    count = min(count, len(features) // IMAGES_PER_CLUSTER)
    if count < 2:
        raise ValueError(
            f"{len(features)} training images are too few for clusters; at least {2 * IMAGES_PER_CLUSTER} are needed"
        )
    with threadpool_limits(1):
        return KMeans(count, n_init=1, random_state=seed).fit(features.astype(np.float32))


def members(made: KMeans, features: np.ndarray) -> np.ndarray:
    """Return which cluster each of the features (N, d) belongs to, int (N,)."""
    with threadpool_limits(1):
        return np.asarray(made.predict(features.astype(np.float32)))
