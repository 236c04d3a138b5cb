"""Topological precision and recall (TopP&R): shares of what lies where densities are surely not 0.

Kim et al. 2023, "TopP&R: Robust Support Estimation Approach for Evaluating Fidelity and Diversity in Generative
Models". Of each set a density is estimated with the kernel K(r) = cos(pi r / 2h) up to h, on features that a random
matrix brings to 32 dimensions. The support of a set is where its density exceeds c, the width of a 90 % confidence band
that the bootstrap gives; what lies outside, such as outliers and noise, is left out of both sets:

    precision = share of the fakes in their own support that lie in that of real images, too
    recall    = share of the real images in their own support that lie in that of fakes, too

and F1 is their harmonic mean. The width h is the median distance to the (5 d)-th nearest of the images that come later
in the set, as in the authors' package. How to read them: 0 to 1, more is better, beside the floor. Odd images, which
decide much of precision and recall, decide nothing here; rare kinds of images count as odd, too.

The standard error has two parts: a jackknife that leaves out a tenth of both sets at a time, the widths of bands and
kernels held, and what another bootstrap would change of each band's width, for which ten samples are few. It is never
below that of a share of as many images.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ganline.core.matrices import product
from ganline.core.random import generator
from ganline.metrics import checks, distances
from ganline.metrics.record import Case, Measure, Number, error_of
from ganline.metrics.shares import standard_error

DIMENSIONS = 32
"""Features with more are brought to as many."""
NEIGHBOURS = 5
"""Times the dimensions: whose distance the width of the kernel is."""
BOOTSTRAPS, ALPHA = 10, 0.1
DOUBT = 0.54
"""Standard error of the 90 % quantile of ten draws from a normal distribution, in deviations of it."""
BLOCKS = 10


class Share(NamedTuple):
    """A share, 0 to 1, and its standard error."""

    value: float
    standard_error: float


class TopPR(NamedTuple):
    """Shares of the fakes and of the real images."""

    precision: Share
    recall: Share
    f1: float


class _Band(NamedTuple):
    """The width of the kernel, the least density that is surely not 0, and its standard error."""

    kernel: float
    least: float
    doubt: float


def topp_r(real: np.ndarray, fake: np.ndarray, draws: Iterator[np.ndarray]) -> TopPR:
    """Return what fake features (M, d) score against real ones (N, d), of any few dimensions.

    Args:
        real: features of real images.
        fake: features of generated images.
        draws: gives 10 bootstrap samples of the real rows, int (N,), and 10 of the fake ones, int (M,).

    Raises:
        ValueError: not two finite matrices of as many dimensions, fewer than 10 d images in one, or a set without
            support: half of its images equal each other, or no density is sure.
    """
    few = max(2 * BLOCKS, 2 * NEIGHBOURS * np.asarray(real).shape[-1])
    real, fake = checks.pair(real, fake, "TopP&R", rows=few)
    (of_real, real_own), (of_fake, fake_own) = _support(real, draws), _support(fake, draws)
    precision = _share(fake_own, of_fake, _density(fake, real, of_real.kernel, _tenths(real)), of_real)
    recall = _share(real_own, of_real, _density(real, fake, of_fake.kernel, _tenths(fake)), of_fake)
    both = precision.value + recall.value
    return TopPR(precision, recall, 2 * precision.value * recall.value / both if both else 0.0)


def _support(points: np.ndarray, draws: Iterator[np.ndarray]) -> tuple[_Band, np.ndarray]:
    """Return a set's band, and the density that each tenth of it gives its points: (N, BLOCKS)."""
    count, kernel = len(points), _width(points)
    if not kernel > 0:
        raise ValueError("TopP&R: half of the images of a set equal many others of it: it has no density")
    samples = [np.bincount(next(draws), minlength=count) for _ in range(BOOTSTRAPS)]
    found = _density(points, points, kernel, np.concatenate([_tenths(points), np.stack(samples, axis=1)], axis=1))
    own, resampled = found[:, :BLOCKS], found[:, BLOCKS:]
    apart = np.abs(own.sum(axis=1, keepdims=True) - resampled).max(axis=0)
    least = float(np.quantile(apart, 1.0 - ALPHA))
    if not (own.sum(axis=1) > least).any():
        raise ValueError(f"TopP&R: of {count} images none lies where their density is surely not 0")
    return _Band(kernel, least, DOUBT * float(apart.std(ddof=1))), own


def _tenths(points: np.ndarray) -> np.ndarray:
    """Return which tenth each of N points is in, as columns of 0 and 1: (N, BLOCKS)."""
    return np.eye(BLOCKS)[np.arange(len(points)) % BLOCKS]


def _share(own: np.ndarray, of_own: _Band, there: np.ndarray, of_there: _Band) -> Share:
    """Return how many of the points inside their own support are inside the other, by densities (N, BLOCKS)."""
    tenth = np.arange(len(own)) % BLOCKS

    def share(least_own: float, least_there: float, without: int | None = None) -> float:
        left = [block for block in range(BLOCKS) if block != without]
        inside = own[:, left].sum(axis=1) > least_own * len(left) / BLOCKS
        inside &= tenth != (-1 if without is None else without)
        found = there[inside][:, left].sum(axis=1) > least_there * len(left) / BLOCKS
        return float(found.mean()) if len(found) else 0.0

    least, other = of_own.least, of_there.least
    without = [share(least, other, block) for block in range(BLOCKS)]
    by_own = share(least + of_own.doubt, other) - share(least - of_own.doubt, other)
    by_other = share(least, other + of_there.doubt) - share(least, other - of_there.doubt)
    variance = (BLOCKS - 1) * np.var(without) + (by_own / 2) ** 2 + (by_other / 2) ** 2
    value = share(least, other)
    return Share(value, max(float(np.sqrt(variance)), standard_error(value, len(own))))


def _width(points: np.ndarray) -> float:
    """Return the median distance to the k-th nearest later point of all points that k others follow."""
    count, k = len(points), NEIGHBOURS * points.shape[1]

    def visit(start: int, block: np.ndarray) -> np.ndarray:
        rows = np.arange(start, start + len(block))
        block[np.arange(count) <= rows[:, None]] = np.inf
        return np.partition(block, k - 1, axis=1)[:, k - 1]

    found = np.sort(np.concatenate(distances.in_blocks(points, points, visit))[: count - k])
    return float(np.sqrt(max(found[int(len(found) * 0.5) - 1], 0.0)))


def _density(at: np.ndarray, points: np.ndarray, width: float, weights: np.ndarray) -> np.ndarray:
    """Return the mean kernel of weighted points (N, d) at others (M, d), for each column of weights (N, k): (M, k).

    It lacks a factor that is the same for all: densities are only compared with each other.
    """

    def visit(start: int, block: np.ndarray) -> np.ndarray:
        near = np.nonzero(block <= width * width)
        kernel = np.zeros_like(block)
        kernel[near] = np.cos(np.sqrt(np.maximum(block[near], 0.0)) * (np.pi / 2 / width))
        return product(kernel, weights) / len(points)

    return np.concatenate(distances.in_blocks(at, points, visit))


def _bootstraps(seed: int, real: int, fake: int) -> Iterator[np.ndarray]:
    random = generator(seed, "topp_r")
    for count in (real, fake):
        for _ in range(BOOTSTRAPS):
            yield random.integers(0, count, count)


def _projected(features: np.ndarray, seed: int) -> np.ndarray:
    """Return features (N, d) of 32 dimensions at most."""
    d = features.shape[1]
    if d <= DIMENSIONS:
        return features
    matrix = generator(seed, "topp_r/projection").normal(0.0, np.sqrt(2 / (d + DIMENSIONS)), (d, DIMENSIONS))
    return product(features, matrix)


def _compute(case: Case) -> dict[str, float]:
    real, fake = checks.pair(case.real.features, case.sample.features, "TopP&R")
    real, fake = _projected(real, case.seed), _projected(fake, case.seed)
    found = topp_r(real, fake, _bootstraps(case.seed, len(real), len(fake)))
    return {
        "top_precision": found.precision.value,
        "top_recall": found.recall.value,
        "top_f1": found.f1,
        "top_precision_stderr": found.precision.standard_error,
        "top_recall_stderr": found.recall.standard_error,
    }


_HOW = f"by a jackknife over {BLOCKS} blocks of both sets, and by what another bootstrap would change"

MEASURE = Measure(
    name="topp_r",
    numbers={
        "top_precision": Number(
            "Topological precision",
            "quality",
            "higher",
            "0 to 1: share of the fakes that are no outliers and lie where real images surely do.",
        ),
        "top_recall": Number(
            "Topological recall",
            "diversity",
            "higher",
            "0 to 1: share of the real images that are no outliers and lie where fakes surely do.",
        ),
        "top_f1": Number("Topological F1", "quality", "higher", "0 to 1: harmonic mean of the two."),
        "top_precision_stderr": error_of("Topological precision", "top_precision", _HOW),
        "top_recall_stderr": error_of("Topological recall", "top_recall", _HOW, "diversity"),
    },
    compute=_compute,
    answers="Do fakes lie where real images surely do, outliers of both left out?",
    misleads="Rare kinds of images count as outliers, so that their loss is not seen; among fakes that scatter, only "
    "those that lie thick are looked at.",
    source="Kim et al. 2023, TopP&R: Robust Support Estimation Approach for Evaluating Fidelity and Diversity in "
    "Generative Models",
    cost="10 s",
    protocol=lambda case: {"dimensions": DIMENSIONS, "bootstraps": BOOTSTRAPS, "confidence": 1.0 - ALPHA},
)
