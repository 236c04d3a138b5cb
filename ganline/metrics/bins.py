"""Bins that hold too many or too few fakes: NDB, and the Jensen-Shannon divergence of the bins' shares.

Richardson and Weiss 2018, "On GANs and GMMs". k-means cuts the space of features into bins, by the training images.
Each bin's share p of N reference images and share q of M judged images are compared by the two-proportion z-test:

    z = (p - q) / sqrt( s (1 - s) (1/N + 1/M) ),    s = (N p + M q) / (N + M)
    NDB / K = share of the bins whose difference is significant at the level of 5 %
    JSD = [ KL(p || (p + q) / 2) + KL(q || (p + q) / 2) ] / 2, in bits

How to read them: for equal distributions NDB / K is about .05, by chance, and JSD a little above 0. Towards 1 the
images crowd in few of the bins. Both see missing modes, also inside a class. The weakness of NDB: with many images
the least difference becomes significant, so compare equal counts; it says in how many bins, and JSD how much. Within a
bin nothing is seen.
"""

from typing import Any, NamedTuple

import numpy as np
from scipy.special import rel_entr
from scipy.stats import norm
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from ganline.core.random import generator
from ganline.metrics import checks
from ganline.metrics.record import Case, Measure, Number

BINS = 100

SIGNIFICANCE = 0.05
MOST_FITTED = 20_000
"""Reference images that k-means sees, drawn at random; all are counted."""
IMAGES_PER_BIN = 10
"""Reference images a bin must hold on average: the z-test takes counts for Gaussian."""


class BinDifferences(NamedTuple):
    """How the shares of the bins differ."""

    share: float
    """NDB / K, 0 to 1: significantly different bins, of those that hold any image."""
    divergence: float
    """Jensen-Shannon divergence in bits, 0 to 1."""
    bins: int
    """K, the bins that k-means made."""


def bin_differences(reference: np.ndarray, sample: np.ndarray, bins: int, seed: int) -> BinDifferences:
    """Return how features (M, d) spread over bins made of reference features (N, d).

    It runs on one thread, so that the bins do not depend on the machine's number of cores.

    Args:
        reference: features that the bins are made of, 20 or more.
        sample: features to judge, of other images than the reference.
        bins: how many bins, at least 2; N / 10 where that is fewer.
        seed: fixes the bins.

    Raises:
        ValueError: not two finite matrices of as many dimensions, too few reference images, or too few bins.
    """
    reference, sample = checks.pair(reference, sample, "bin differences")
    if bins < 2 or len(reference) < 2 * IMAGES_PER_BIN:
        raise ValueError(
            f"bin differences: {bins} bins of {len(reference)} reference images: "
            f"needs at least 2 bins, of {IMAGES_PER_BIN} images each"
        )
    bins = min(bins, len(reference) // IMAGES_PER_BIN)
    random = generator(seed, "bin_differences")
    seen = reference[random.permutation(len(reference))[:MOST_FITTED]]
    with threadpool_limits(1):
        clusters = KMeans(bins, n_init=1, random_state=int(random.integers(2**31))).fit(seen)
        counts = [np.bincount(clusters.predict(points), minlength=bins) for points in (reference, sample)]
    expected, found = (count / count.sum() for count in counts)
    different = _significant(expected, len(reference), found, len(sample))
    occupied = (expected + found) > 0
    middle = (expected + found) / 2.0
    divergence = float((rel_entr(expected, middle) + rel_entr(found, middle)).sum() / 2.0 / np.log(2.0))
    return BinDifferences(float(different[occupied].mean()), max(divergence, 0.0), bins)


def _significant(first: np.ndarray, first_count: int, second: np.ndarray, second_count: int) -> np.ndarray:
    """Return bool (K,): which bins' shares of two sets differ significantly."""
    pooled = (first * first_count + second * second_count) / (first_count + second_count)
    error = np.sqrt(pooled * (1.0 - pooled) * (1.0 / first_count + 1.0 / second_count))
    # A bin that holds nothing, or everything, of both sets has no error, and no difference.
    z = np.divide(first - second, error, out=np.zeros_like(error), where=error > 0)
    return 2.0 * norm.sf(np.abs(z)) < SIGNIFICANCE


def _bins(case: Case) -> dict[str, float]:
    found = bin_differences(case.train.features, case.sample.features, BINS, case.seed)
    return {"ndb_share": found.share, "ndb_jsd": found.divergence}


def _bins_protocol(case: Case) -> dict[str, Any]:
    return {
        "reference": "training split",
        "n_real": len(case.train),
        "bins": min(BINS, len(case.train) // IMAGES_PER_BIN),
        "bins_made_of": f"{min(len(case.train), MOST_FITTED)} training images",
        "significance": SIGNIFICANCE,
    }


MEASURE = Measure(
    name="bins",
    numbers={
        "ndb_share": Number(
            "NDB/K",
            "diversity",
            "lower",
            "Share of the bins that hold significantly too many or too few images, 0 to 1; .05 comes by chance.",
        ),
        "ndb_jsd": Number(
            "Bins' JS divergence",
            "diversity",
            "lower",
            "Bits, 0 to 1; a little above 0 for real images, more is worse.",
        ),
    },
    compute=_bins,
    answers="Are all kinds of training images there, and as often?",
    misleads="With many images any small difference is significant; within a bin nothing is seen.",
    source="Richardson and Weiss 2018, On GANs and GMMs",
    cost="2 s",
    floor="held_out",  # the bins are made of training images
    protocol=_bins_protocol,
)
