"""C_T: are fakes nearer to training images than held-out images are, place by place?

Meehan, Chaudhuri and Dasgupta 2020, "A Non-Parametric Test to Detect Data-Copying in Generative Models", with the
settings of Stein et al. 2023, "Exposing Flaws of Generative Model Evaluation Metrics and Their Unfair Treatment of
Diffusion Models": features of more than 64 dimensions are brought down to their 64 principal ones, and k-means cuts the
space into 3 cells, both by the training images. In each cell L(x) is the distance of x to the nearest training image of
the cell. Of m fakes and n held-out images there, U counts the pairs whose fake is farther (half of those equally far):

    z   = ( U - (n m / 2 - 1/2) ) / sqrt( n m (n + m + 1) / 12 )        Mann and Whitney's test
    C_T = mean of z over the cells, each weighed by its share of the held-out images

Cells of 20 fakes or fewer are left out. How to read it: about 0, give or take 0.6, where fakes lie as far from the
training images as new images do. Below -3: they are nearer, the generator copies. Above 3: they are farther, it draws
not well enough to copy. Held-out images that repeat a training image (see `ganline.core.repeats`) are left out.

The standard error is that of other fakes and other held-out images in the same cells (of U: DeLong et al. 1988).

Its weakness: a generator that copies some images and draws others badly may come out at 0; and z grows with the root
of the count, so only equal counts compare.
"""

from typing import Any, NamedTuple

import numpy as np
from scipy.linalg import eigh
from scipy.stats import rankdata
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from ganline.core.matrices import gram, product
from ganline.core.random import generator
from ganline.core.repeats import repeats
from ganline.metrics import checks, distances
from ganline.metrics.memorisation import of_training_images
from ganline.metrics.record import Case, Measure, Number, error_of

LEAST = 100
"""Fakes, held-out and training images."""
CELLS = 3
STARTS = 10
"""Of k-means; the best is taken."""
DIMENSIONS = 64
MOST_FITTED = 20_000
"""Training images that k-means sees, drawn at random; all are counted."""
FEWEST_FAKES = 20
"""Of a cell; it must hold more."""


class Copying(NamedTuple):
    """C_T and what it rests on."""

    score: float
    standard_error: float
    cells: int
    """Those that hold enough fakes."""
    left_out: int
    """Held-out images that repeat a training image."""


def ct_score(fake: np.ndarray, held_out: np.ndarray, train: np.ndarray, seed: int) -> Copying:
    """Return C_T of fake features (M, d) beside held-out ones (N, d) and training ones (T, d).

    `seed` fixes the cells.

    Raises:
        ValueError: not three finite matrices of as many dimensions, fewer than LEAST images in one (of those held
            out without the ones that repeat a training image), a cell without held-out images, or no cell with enough
            fakes.
    """
    fake, held_out = checks.pair(fake, held_out, "C_T", LEAST)
    fake, train = checks.pair(fake, train, "C_T", LEAST)
    fake, held_out, train = principal(fake, held_out, train)
    again = repeats(distances.closest(held_out, train).distances[:, 0])
    if np.count_nonzero(~again) < LEAST:
        raise ValueError(
            f"C_T: needs at least {LEAST} held-out images, and of {len(again)} all but {np.count_nonzero(~again)} "
            "repeat a training image"
        )
    sets = (fake, held_out[~again], train)
    found = compared(*sets, *cells(*sets, seed))
    return found._replace(left_out=int(np.count_nonzero(again)))


def principal(fake: np.ndarray, held_out: np.ndarray, train: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return features (any, d) along the DIMENSIONS principal axes of the training ones; as they are if d is less."""
    dimensions, centre = train.shape[1], train.mean(axis=0)
    if dimensions <= DIMENSIONS:
        return fake, held_out, train
    moved = train - centre
    axes = eigh(gram(moved), subset_by_index=(dimensions - DIMENSIONS, dimensions - 1))[1]
    return product(fake - centre, axes), product(held_out - centre, axes), product(moved, axes)


def cells(fake: np.ndarray, held_out: np.ndarray, train: np.ndarray, seed: int) -> tuple[np.ndarray, ...]:
    """Return the numbers of their cells, 0 to CELLS - 1, made of training features; on one thread (see `bins`)."""
    random = generator(seed, "ct_score")
    seen = train[random.permutation(len(train))[:MOST_FITTED]]
    with threadpool_limits(1):
        clusters = KMeans(CELLS, n_init=STARTS, random_state=int(random.integers(2**31))).fit(seen)
        return tuple(clusters.predict(points) for points in (fake, held_out, train))


def compared(
    fake: np.ndarray,
    held_out: np.ndarray,
    train: np.ndarray,
    fake_cells: np.ndarray,
    held_out_cells: np.ndarray,
    train_cells: np.ndarray,
) -> Copying:
    """Return C_T of features (any, d) in the cells of these numbers, each (any,)."""
    found = []
    for cell in np.unique(train_cells):
        fakes, references = fake[fake_cells == cell], train[train_cells == cell]
        usual = held_out[held_out_cells == cell]
        if not len(usual):
            raise ValueError("C_T: a cell of training images holds no held-out image to compare with")
        if len(fakes) > FEWEST_FAKES:
            apart = [distances.nearest(points, references, 1).distances[:, 0] for points in (fakes, usual)]
            found.append((len(usual), *rank_test(*apart)))
    if not found:
        raise ValueError(f"C_T: no cell holds more than {FEWEST_FAKES} of the {len(fake)} fakes")
    counts, scores, errors = np.array(found).T
    weights = counts / counts.sum()
    return Copying(float(weights @ scores), float(np.linalg.norm(weights * errors)), len(found), 0)


def rank_test(fake: np.ndarray, usual: np.ndarray) -> tuple[float, float]:
    """Return z of Mann and Whitney's test, above 0 where values of fakes (M,) are larger than the usual ones (N,), and
    its standard error: at the least what one image more would change.
    """
    m, n = len(fake), len(usual)
    ranks = rankdata(np.concatenate([fake, usual]))
    below = ranks[:m] - rankdata(fake)  # how many usual values are smaller than each fake
    above = m - (ranks[m:] - rankdata(usual))  # how many fakes are larger than each usual value
    spread = np.sqrt(n * m * (n + m + 1) / 12.0)
    error = np.sqrt(m * np.var(below, ddof=1) + n * np.var(above, ddof=1)) if n > 1 else 0.0
    return float((below.sum() - (n * m / 2.0 - 0.5)) / spread), float(max(error, n, m) / spread)


def _ct_score(case: Case) -> dict[str, float]:
    found = ct_score(case.sample.features, case.real.features, case.train.features, case.seed)
    return {"ct_score": found.score, "ct_score_stderr": found.standard_error}


def _protocol(case: Case) -> dict[str, Any]:
    return of_training_images(case) | {
        "cells": CELLS,
        "dimensions": min(DIMENSIONS, case.train.features.shape[1]),
        "cells_made_of": f"{min(len(case.train), MOST_FITTED)} training images",
    }


MEASURE = Measure(
    name="ct_score",
    numbers={
        "ct_score": Number(
            "C_T",
            "novelty",
            "",
            "About 0: fakes lie as far from training images as held-out images do. Below -3: nearer, they are copied. "
            "Above 3: farther, they are not good enough.",
        ),
        "ct_score_stderr": error_of("C_T", "ct_score", "by the ranks of fakes and held-out images", "novelty"),
    },
    compute=_ct_score,
    answers="Are fakes nearer to training images than new images are, place by place?",
    misleads="Copies and bad fakes of one place balance out at 0, and it grows with the root of the count.",
    source="Meehan et al. 2020, A Non-Parametric Test to Detect Data-Copying in Generative Models; Stein et al. 2023, "
    "Exposing Flaws of Generative Model Evaluation Metrics and Their Unfair Treatment of Diffusion Models",
    cost="1.5 s (of 1,280 features 3 s)",
    floor="",  # held-out images score 0 against themselves
    protocol=_protocol,
)
