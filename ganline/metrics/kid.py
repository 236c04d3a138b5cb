"""Kernel distance (KID): squared maximum mean discrepancy under a cubic kernel, unbiased.

Binkowski et al. 2018, "Demystifying MMD GANs". With k(x, y) = (x.y / d + 1)^3, for subsets X and Y of n images each:

    MMD^2 = sum_{i != j} k(x_i, x_j) / n(n-1)  +  sum_{i != j} k(y_i, y_j) / n(n-1)  -  2 sum_{i, j} k(x_i, y_j) / n^2

averaged over random subsets. How to read it: about 0 for equal distributions (and then negative as often as
positive), more is worse. Unlike a Frechet distance it does not drift with the number of images, so it is the one to
trust for small sets. Its unit depends on the extractor.

The standard error says how far the number would lie elsewhere for other images of the same two kinds: a jackknife
(see ganline.metrics.mmd), and what the choice of subsets adds. The spread of the subsets alone would not do: they share
images, and are all one where they are as large as the sets.
"""

from typing import NamedTuple

import numpy as np

from ganline.core.matrices import product
from ganline.core.random import generator
from ganline.metrics import checks, mmd
from ganline.metrics.distances import in_threads
from ganline.metrics.record import Case, Measure, Number, error_of


class Kid(NamedTuple):
    """Mean over the subsets, and its standard error over other images and other subsets."""

    mean: float
    standard_error: float


def kernel_distance(first: np.ndarray, second: np.ndarray, subsets: int, subset_size: int, seed: int) -> Kid:
    """Return KID between features (N, d) and (M, d).

    Args:
        first: features of one set.
        second: features of the other.
        subsets: how many random subsets are averaged, at least 2.
        subset_size: images in a subset (drawn without replacement), from 2 to min(N, M).
        seed: fixes the subsets.

    Raises:
        ValueError: not two finite matrices of as many dimensions, fewer than 3 images in one (of 2 none can be left out
            for a standard error), or numbers outside what is said above.
    """
    first, second = checks.pair(first, second, "kernel distance", rows=3)
    smaller = min(len(first), len(second))
    if not 2 <= subset_size <= smaller:
        raise ValueError(
            f"kernel distance: subset_size is {subset_size}: allowed is 2 to {smaller}, the images in the smaller set"
        )
    if subsets < 2:
        raise ValueError(f"kernel distance: subsets is {subsets}: at least 2 are needed for a standard error")
    random = generator(seed, "kid")
    drawn = [
        [random.choice(len(points), subset_size, replace=False) for points in (first, second)] for _ in range(subsets)
    ]
    values = in_threads(lambda rows: squared_mmd(first[rows[0]], second[rows[1]]), drawn)
    by_subsets = np.std(values, ddof=1) / np.sqrt(subsets)
    return Kid(float(np.mean(values)), float(np.hypot(mmd.unbiased(first, second, _kernel).standard_error, by_subsets)))


def squared_mmd(first: np.ndarray, second: np.ndarray) -> float:
    """Return the unbiased squared MMD of two float64 sets (n, d) and (m, d), n and m at least 2."""
    return mmd.value(first, second, _kernel)


def _kernel(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    linear = product(first, second.T)
    linear /= first.shape[1]
    linear += 1.0
    cubed = linear * linear  # ** 3 is many times slower
    cubed *= linear
    return cubed


def _kid(case: Case) -> dict[str, float]:
    settings = case.settings
    found = kernel_distance(
        case.sample.features, case.real.features, settings.kid_subsets, settings.kid_subset_size, case.seed
    )
    return {"kid": found.mean, "kid_stderr": found.standard_error}


MEASURE = Measure(
    name="kid",
    numbers={
        "kid": Number(
            "KID",
            "quality",
            "lower",
            "About 0 for equal distributions, and then negative as often as positive; more is worse. It does not "
            "drift with the count, so it is the one to trust for few images.",
        ),
        "kid_stderr": error_of("KID", "kid", mmd.JACKKNIFE),
    },
    compute=_kid,
    answers="How far are fakes from real images, where there are few of them?",
    misleads="It sees three moments and no more, and its unit depends on the extractor.",
    source="Binkowski et al. 2018, Demystifying MMD GANs",
    cost="4 s",
    beside=True,
    protocol=lambda case: {
        "subsets": case.settings.kid_subsets,
        "subset_size": case.settings.kid_subset_size,
    },
)
