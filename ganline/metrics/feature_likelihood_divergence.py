"""Feature likelihood divergence (FLD): how likely are held-out images under a density made of the fakes?

Jiralerspong et al. 2023, "Feature Likelihood Divergence: Evaluating the Generalization of Generative Models Using
Samples"; the recipe is that of their package fld. Features are brought to mean 0 and deviation 1 by the held-out
images. Each of M fakes g becomes a Gaussian of a width of its own, in d dimensions:

    p(x) = 1/M  sum_j  N( x; g_j, w_j I )

The widths are those that make the training images most likely: a fake that copies one becomes a needle, which no
held-out image meets. (So that no training image is impossible, the fit adds one Gaussian round their mean.) With l the
mean of -log p(x) / d over held-out images, and l0 the same of a density made of one half of the training images and
fitted to the other:

    FLD     = 100 (l - l0)
    FLD gap = 100 (mean of -log p / d over training images - l)

How to read them: FLD is about 0 for fakes as good, as various and as new as that many real images, more is worse, and
copies have no end (1e15). The gap is a little below 0, since the widths were fitted to training images; far below, the
fakes were made from them.

The standard error is that of other fakes and other held-out images: the spread of log p over the images, of l and l0
together, and of the share that each fake has in it (the infinitesimal jackknife; the widths are where the likelihood
hardly changes with them). It takes the training images as given.

Its weakness: single needles drown; a little blur costs little; what the features do not show, it does not see. Features
that are the same in all held-out images have no deviation and are left out.
"""

from typing import Any, NamedTuple

import numpy as np

from ganline.core.random import generator
from ganline.metrics import checks, distances
from ganline.metrics.memorisation import of_training_images
from ganline.metrics.record import Case, Measure, Number, error_of

LEAST = 100
"""Fakes, held-out images, and training images in each half."""
MOST = 10_000
"""Of each of them that take part, drawn at random; the package's limit for fakes and its batch of training images."""
STEPS = 50
RATE = 0.5
MOMENTS = (0.9, 0.999)
"""Adam's, which finds the logarithms of the widths."""
LARGEST = 40.0
"""Logarithm of the widest and, negative, of the narrowest."""
STILL = 5e-4
"""The fit ends when none of the last five losses differs from the newest by as much."""
SHORTEST = 7
"""Steps of the fit at the least."""
ALMOST = 1e-3
"""Added to the squared distance of the nearest training image, from which a width starts, since it may be 0."""
CENTRAL = 0.9**2
"""What squared distances from the mean count to the Gaussian round it."""
ROWS = 32
"""Images at a time: 1.3 MiB of distances to MOST fakes, which suits the processor's cache."""
DIGITS = 6
"""Of each number: they come from float32."""
ERROR = "by the spread over held-out images and over the fakes' shares in it"


class Divergence(NamedTuple):
    """FLD and its gap, each with the standard error over other fakes and held-out images."""

    fld: float
    fld_stderr: float
    fld_gap: float
    fld_gap_stderr: float


class Said(NamedTuple):
    """What a density of M Gaussians says of images."""

    logs: np.ndarray
    """log p of each, (N,)."""
    parts: np.ndarray
    """Each Gaussian's part in p, summed over the images, (M,)."""
    ways: np.ndarray
    """The same, each part times the image's squared distance, (M,)."""
    central: np.ndarray
    """The part of the Gaussian round the mean, (N,)."""


def divergence(fake: np.ndarray, held_out: np.ndarray, train: np.ndarray) -> Divergence:
    """Return FLD of fake features (M, d) beside held-out ones (N, d) and training ones (T, d), which are in no order.

    Of more than MOST the first take part.

    Raises:
        ValueError: not three finite matrices of as many dimensions, fewer than LEAST images (2 LEAST training ones), or
            held-out images that are all equal.
    """
    fake, held_out = checks.pair(fake[:MOST], held_out[:MOST], "FLD", LEAST)
    train = checks.pair(fake, train[: 2 * MOST], "FLD")[1]
    checks.matrix(train, "FLD", "training features", 2 * LEAST)
    fake, held_out, train = _scaled(fake, held_out, train)
    half = min(len(fake), len(train) // 2)
    base, rest, train = train[:half], train[half : half + MOST], train[:MOST]
    usual = said(_squares(held_out, base), fitted(_squares(rest, base), rest), fake.shape[1])
    squares = _squares(train, fake)
    widths = fitted(squares, train)
    seen = said(squares, widths, fake.shape[1])
    del squares
    new = said(_squares(held_out, fake), widths, fake.shape[1])
    share, seen_share = new.parts / len(held_out), seen.parts / len(train)
    return Divergence(
        *_hundredfold(usual.logs - new.logs, share, fake.shape[1]),
        *_hundredfold(new.logs - seen.logs.mean(), seen_share - share, fake.shape[1]),
    )


def _scaled(*sets: np.ndarray) -> list[np.ndarray]:
    """Return three sets of features, float32, moved and stretched so that the second has mean 0 and deviation 1."""
    centre, deviation = sets[1].mean(axis=0), sets[1].std(axis=0, ddof=1)
    kept = deviation > 0
    if not kept.any():
        raise ValueError("FLD: the features of all held-out images are equal, so there is nothing to measure them by")
    return [((points[:, kept] - centre[kept]) / deviation[kept]).astype(np.float32) for points in sets]


def _hundredfold(logs: np.ndarray, shares: np.ndarray, dimensions: int) -> tuple[float, float]:
    """Return 100 / d times the mean of values (N,), and its standard error where fakes have such shares (M,) in it."""
    error = np.hypot(np.std(logs, ddof=1) / np.sqrt(len(logs)), np.linalg.norm(shares - shares.mean()))
    return 100.0 * float(logs.mean()) / dimensions, 100.0 * float(error) / dimensions


def _squares(images: np.ndarray, points: np.ndarray) -> list[np.ndarray]:
    """Return the squared distances of images (N, d) to points (M, d), float32, as blocks of rows."""
    return distances.in_blocks(images, points, lambda _, block: np.maximum(block, 0.0).astype(np.float32))


def fitted(squares: list[np.ndarray], images: np.ndarray) -> np.ndarray:
    """Return the logarithms of the widths, float64 (M,), that make images (N, d) most likely, as Adam finds them.

    `squares` are the images' squared distances to the M points round which the Gaussians lie.
    """
    count, dimensions = images.shape
    away = CENTRAL * np.square(images - images.mean(axis=0)).sum(axis=1, dtype=np.float64)
    nearest = np.minimum.reduce([block.min(axis=0) for block in squares]).astype(np.float64)
    widths = np.append(np.log((nearest + ALMOST) / dimensions), 0.0)  # the last is that of the Gaussian round the mean
    mean, square, losses = np.zeros_like(widths), np.zeros_like(widths), []
    for step in range(1, STEPS + 1):
        found = said(squares, widths[:-1], dimensions, _gaussian(away, widths[-1], dimensions))
        parts = np.append(found.parts, found.central.sum())
        ways = np.append(found.ways, found.central @ away)
        slope = (parts / 2.0 - ways * np.exp(-widths) / (2.0 * dimensions)) / count
        mean, square = (
            m + (1.0 - keep) * (new - m)
            for m, new, keep in zip((mean, square), (slope, slope**2), MOMENTS, strict=True)
        )
        right = [m / (1.0 - keep**step) for m, keep in zip((mean, square), MOMENTS, strict=True)]
        widths -= RATE * right[0] / (np.sqrt(right[1]) + 1e-8)
        widths[:-1] = widths[:-1].clip(-LARGEST, LARGEST)
        losses.append(-found.logs.mean() / dimensions)
        if step >= SHORTEST and max(abs(losses[-1] - loss) for loss in losses[-5:]) < STILL:
            break
    return widths[:-1]


def _gaussian(squares: np.ndarray, width: float | np.ndarray, dimensions: int) -> np.ndarray:
    """Return the logarithm of a Gaussian's density at these squared distances, `width` being that of its width."""
    return -0.5 * squares * np.exp(-width) - 0.5 * dimensions * (width + np.log(2.0 * np.pi))


def said(squares: list[np.ndarray], widths: np.ndarray, dimensions: int, beside: np.ndarray | None = None) -> Said:
    """Return what a density with such logarithms of `widths` (M,) says of images, block by block of their `squares`.

    `beside` is the logarithm of one Gaussian more at each of the images, (N,).
    """
    factor = (-0.5 * np.exp(-widths)).astype(np.float32)
    constant = (-0.5 * dimensions * (widths + np.log(2.0 * np.pi)) - np.log(len(widths))).astype(np.float32)
    starts = np.cumsum([0, *map(len, squares)])
    if beside is None:
        beside = np.full(starts[-1], -np.inf)

    def visit(i: int) -> Said:
        return _block(squares[i], factor, constant, beside[starts[i] : starts[i + 1]])

    logs, parts, ways, central = zip(*distances.in_threads(visit, range(len(squares))), strict=True)
    return Said(np.concatenate(logs), np.sum(parts, axis=0), np.sum(ways, axis=0), np.concatenate(central))


def _block(squares: np.ndarray, factor: np.ndarray, constant: np.ndarray, beside: np.ndarray) -> Said:
    """Return what `said` is made of, of one block (n, M), a few rows at a time."""
    logs, central, sums = np.empty(len(squares)), np.empty(len(squares)), np.zeros((2, squares.shape[1]))
    buffer = np.empty((ROWS, squares.shape[1]), np.float32)
    for start in range(0, len(squares), ROWS):
        rows = slice(start, start + ROWS)
        terms = np.multiply(squares[rows], factor, out=buffer[: len(squares[rows])])
        terms += constant
        top = np.maximum(terms.max(axis=1), beside[rows].astype(np.float32))
        terms -= top[:, None]
        np.exp(terms, out=terms)
        alone = np.exp(beside[rows] - top)
        total = terms.sum(axis=1) + alone
        logs[rows], central[rows] = np.log(total) + top, alone / total
        share = (1.0 / total).astype(np.float32)
        sums[0] += share @ terms
        terms *= squares[rows]
        sums[1] += share @ terms
    return Said(logs, sums[0], sums[1], central)


def _feature_likelihood_divergence(case: Case) -> dict[str, float]:
    rows = generator(case.seed, "fld").permutation(len(case.train))[: 2 * MOST]
    found = divergence(case.sample.features, case.real.features, case.train.features[rows])
    return {name: float(f"{value:.{DIGITS}g}") for name, value in found._asdict().items()}


def _protocol(case: Case) -> dict[str, Any]:
    most = min(len(case.sample), MOST)
    return of_training_images(case) | {
        "fitted_to": min(len(case.train), MOST),
        "compared_with": f"{min(most, len(case.train) // 2)} training images",
    }


MEASURE = Measure(
    name="feature_likelihood_divergence",
    numbers={
        "fld": Number(
            "FLD",
            "quality",
            "lower",
            "About 0: held-out images are as likely under a density made of the fakes as under one of as many real "
            "images, at most half of the training images. More is worse, and copies have no end.",
        ),
        "fld_gap": Number(
            "FLD generalisation gap",
            "novelty",
            "higher",
            "A little below 0: training images are about as likely as held-out ones under the density made of the "
            "fakes, which is fitted to them. Far below: the fakes repeat training images.",
        ),
        "fld_stderr": error_of("FLD", "fld", ERROR),
        "fld_gap_stderr": error_of("FLD generalisation gap", "fld_gap", ERROR, "novelty"),
    },
    compute=_feature_likelihood_divergence,
    answers="Are fakes good, various and new, all in one?",
    misleads="One number for three faults does not say which; a few copies among many good fakes hardly show in it.",
    source="Jiralerspong et al. 2023, Feature Likelihood Divergence: Evaluating the Generalization of Generative "
    "Models Using Samples",
    cost="10 s (of 1,280 features 27 s and 1.45 GiB)",
    floor="",  # training images would be their own needles, and held-out images those by which it judges
    protocol=_protocol,
)
