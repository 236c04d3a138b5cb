"""Perceptual path length: how far an image moves, to the extractor's eye, as its latents move.

Karras et al. 2019, "A Style-Based Generator Architecture for Generative Adversarial Networks". On a path between two
random latents lie two points, a share e of the path apart. With G the generator and F the extractor,

    length = mean of |F(G(z(t))) - F(G(z(t + e)))|^2 / e^2    over random paths and positions t,

without the hundredth of the pairs that is nearest together and the hundredth that is furthest apart. The images must
not be rounded to whole grey levels: the steps between levels are far larger than what moves.

How to read it: 0 or more, in squares of feature distance over a whole path. A smooth latent space, in which images
change evenly, scores low, and jumps score high. But low is not better in itself: a generator that makes one image
whatever its latents are scores 0. Read it beside a measure of diversity. It has no value for real images, and the
metric of the paper is another network's (LPIPS), so compare only within one extractor.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ganline.core.random import generator
from ganline.latent.paths import from_normal
from ganline.metrics import checks
from ganline.metrics.record import Case, Measure, Number

EPSILON = 1e-2
"""The share of a path between the two points. The length is 3 to 4 % below that of points nearer and nearer together.
The paper's 1e-4 is as good in float32 (1 % off), but with TensorFloat-32, which newer GPUs multiply in, rounding would
outweigh what moves from 1e-3 on."""
PAIRS = 5000

TRIMMED = 1.0
"""Per cent left out at either end."""
AT_ONCE = 250
"""Pairs whose images are held at a time."""


class PathLength(NamedTuple):
    """The mean over the pairs that are kept, and its standard error."""

    mean: float
    standard_error: float


def perceptual_path_length(
    generate: Callable[[np.ndarray, np.ndarray], np.ndarray],
    features: Callable[[np.ndarray], np.ndarray],
    here: np.ndarray,
    there: np.ndarray,
    labels: np.ndarray,
    epsilon: float,
) -> PathLength:
    """Return the mean squared speed of the features along paths through latent space.

    Args:
        generate: takes latents float32 (n, L) and labels (n,) to images float32 (n, H, W, C), 0 to 255, not rounded.
        features: takes those images to features (n, d).
        here: latents (N, L), one on each path.
        there: latents (N, L), `epsilon` of the path further on; see `arc`.
        labels: integers (N,): what a conditional generator is asked for, at both points.
        epsilon: above 0. Too small, and float32 rounding shows; too large, and it is no longer the speed at a point.

    Raises:
        ValueError: not two finite matrices of one shape with 10 pairs or more, not one label a pair, `epsilon` not
            above 0, images that are not of floats, or features that are not finite.
    """
    measure = "perceptual path length"
    checks.pair(here, there, measure, rows=10)
    if len(here) != len(there):
        raise ValueError(f"{measure}: {len(here)} and {len(there)} latents are no pairs")
    labels = checks.labels(labels, len(here), measure)
    if not epsilon > 0:
        raise ValueError(f"{measure}: epsilon is {epsilon}: it must be above 0")

    def seen(latents: np.ndarray, asked_for: np.ndarray) -> np.ndarray:
        images = generate(latents.astype(np.float32), asked_for)
        if not np.issubdtype(images.dtype, np.floating):
            raise ValueError(f"{measure}: images must be floats that were never rounded, got {images.dtype}")
        return checks.matrix(features(images), measure)

    squared = []
    for start in range(0, len(here), AT_ONCE):
        rows = slice(start, start + AT_ONCE)
        squared.append(np.sum((seen(here[rows], labels[rows]) - seen(there[rows], labels[rows])) ** 2, axis=1))
    lengths = np.concatenate(squared) / epsilon**2
    low = np.percentile(lengths, TRIMMED, method="lower")
    high = np.percentile(lengths, 100.0 - TRIMMED, method="higher")
    kept = lengths[(low <= lengths) & (lengths <= high)]
    return PathLength(float(kept.mean()), float(kept.std(ddof=1) / np.sqrt(len(kept))))


def arc(starts: np.ndarray, ends: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Return points on the arcs between rows of `starts` and `ends` (slerp; White 2016): the paths of a normal prior.

    Args:
        starts: (N, L), drawn from N(0, 1).
        ends: (N, L), drawn from N(0, 1).
        positions: (N,): 0 is the start and 1 the end.
    """
    starts, ends, positions = starts.astype(np.float64), ends.astype(np.float64), positions[:, None]
    norms = np.linalg.norm(starts, axis=1, keepdims=True) * np.linalg.norm(ends, axis=1, keepdims=True)
    cosine = np.sum(starts * ends, axis=1, keepdims=True) / norms
    angle = np.arccos(np.clip(cosine, -1.0 + 1e-9, 1.0 - 1e-9))  # of one dimension all are parallel or opposite
    return (np.sin((1.0 - positions) * angle) * starts + np.sin(positions * angle) * ends) / np.sin(angle)


def _perceptual_path_length(case: Case) -> dict[str, float]:
    import tensorflow as tf

    assert case.extractor is not None
    count = min(case.settings.samples, PAIRS)
    random = generator(case.seed, "perceptual_path_length")
    starts, ends = random.standard_normal((2, count, case.latent_maker.latent_dim))
    positions = random.uniform(0.0, 1.0 - EPSILON, count)
    here, there = (from_normal(arc(starts, ends, positions + step), case.latent_maker.prior) for step in (0.0, EPSILON))
    unrounded = case.latent_maker.unrounded
    first = tf.constant(here[:1], tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(first)
        image = unrounded(first, tf.zeros(1, tf.int32))
    if tape.gradient(image, first) is None:
        raise ValueError("perceptual path length: the generator has no gradient: its images jump and do not move")
    compiled = tf.function(unrounded, autograph=False, reduce_retracing=True)

    def generate(latents: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return compiled(tf.constant(latents), tf.constant(labels, tf.int32)).numpy()

    labels = case.latent_maker.labels(count, case.seed, "perceptual_path_length")
    found = perceptual_path_length(generate, case.extractor.features, here, there, labels, EPSILON)
    return {"perceptual_path_length": found.mean, "perceptual_path_length_stderr": found.standard_error}


MEASURE = Measure(
    name="perceptual_path_length",
    numbers={
        "perceptual_path_length": Number(
            "Perceptual path length",
            "quality",
            "lower",
            "From 0: how fast images change to the extractor's eye as latents move evenly. Low is smooth; jumps "
            "between kinds of images raise it. Of equal diversity the smoother generator is better.",
        ),
        "perceptual_path_length_stderr": Number(
            "Perceptual path length, standard error",
            "quality",
            "",
            "Standard error of perceptual_path_length, over the paths.",
            ranks=False,
        ),
    },
    compute=_perceptual_path_length,
    answers="Do images change smoothly as one walks through the latent space?",
    misleads="A generator that has collapsed moves least of all and scores best: 0 where it makes one image.",
    source="Karras et al. 2019, A Style-Based Generator Architecture for Generative Adversarial Networks",
    cost="10 s (of a DCGAN)",
    needs=frozenset({"latents"}),
    floor="",
    protocol=lambda case: {
        "epsilon": EPSILON,
        "paths": min(case.settings.samples, PAIRS),
        "quantisation": "none",
        "distance": "squared, of the extractor's features",
    },
)
