"""Reconstruction error: how near a generator can come to given images, when latents are searched for each.

Metz et al. 2017, "Unrolled Generative Adversarial Networks"; Webster et al. 2019, "Detecting Overfitting of Deep
Generative Networks via Latent Recovery". For each image x, by gradient descent (Adam) from several starts,

    error(x) = min_z |G(z) - x|^2 / pixels,    root-mean-square error = sqrt(mean of error(x)).

How to read it: for held-out images, 0 is best and less is better: a generator that misses a part of the data cannot
draw the images of that part. Held-out error over training error says whether it knows its training images better: 1
where not, more where it remembers them. The search may end in a poor minimum, in whole sets alike, so the error is an
upper bound and the ratio the firmer of the two; for a normal prior it may leave the latents that are ever drawn.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ganline.metrics import checks

if TYPE_CHECKING:
    import tensorflow as tf


class ReconstructionError(NamedTuple):
    """Of held-out images, and against training images."""

    error: float
    """Root-mean-square error a pixel, 0 to 1: a share of the whole range of 255."""
    standard_error: float
    ratio: float
    """Root-mean-square error of held-out images over that of training images."""
    ratio_standard_error: float


def reconstruction_error(held_out: np.ndarray, train: np.ndarray) -> ReconstructionError:
    """Return what the errors of held-out and of training images, (N,) and (M,) as `search` gives them, come to.

    Raises:
        ValueError: not one-dimensional, fewer than two images in one, a value that is not finite, or training images
            that are all met exactly.
    """
    measure = "reconstruction error"
    held_out, train = (checks.matrix(values[:, None], measure, "errors", rows=2) for values in (held_out, train))
    if not train.mean() > 0:
        raise ValueError(f"{measure}: the training images are met exactly, and nothing can be divided by 0")
    roots = [float(np.sqrt(errors.mean())) for errors in (held_out, train)]
    # Of the root of a mean, relative: half that of the mean.
    spreads = [float(e.std(ddof=1) / np.sqrt(len(e)) / e.mean() / 2) if e.mean() else 0.0 for e in (held_out, train)]
    ratio = roots[0] / roots[1]
    return ReconstructionError(roots[0], roots[0] * spreads[0], ratio, ratio * float(np.hypot(spreads[0], spreads[1])))


def search(
    generate: "Callable[[tf.Tensor, tf.Tensor], tf.Tensor]",
    images: np.ndarray,
    labels: np.ndarray,
    starts: np.ndarray,
    steps: int,
    learning_rate: float,
) -> np.ndarray:
    """Return the least squared error a pixel, float64 (N,), in squares of the whole range of 255.

    Args:
        generate: takes latents float32 (n, L) and labels int32 (n,) to images float32 (n, H, W, C), 0 to 255;
            TensorFlow must be able to differentiate it.
        images: uint8 (N, H, W, C).
        labels: integers (S, N): what a conditional generator is asked for, at each start.
        starts: float32 (S, N, L): S latents for each image to begin with.
        steps: of Adam (Kingma & Ba 2015), one at least.
        learning_rate: its first; it falls to 0 along a straight line.

    Raises:
        ValueError: images, labels or starts are not as above, or `generate` has no gradient.
    """
    import tensorflow as tf  # here, not above: nothing else in this file needs it

    measure = "reconstruction error"
    images = checks.images(images, measure)
    if starts.ndim != 3 or starts.shape[1] != len(images) or 0 in starts.shape or steps < 1:
        raise ValueError(
            f"{measure}: starts must be (starts, {len(images)} images, latent numbers) and steps 1 or more, "
            f"got {starts.shape} and {steps}"
        )
    tries, count = starts.shape[:2]
    asked_for = tf.constant(checks.labels(labels.ravel(), tries * count, measure), tf.int32)
    wanted = tf.constant(np.tile(images, (tries, 1, 1, 1)), tf.float32) / 255.0

    def errors(latents: tf.Tensor) -> tf.Tensor:
        return tf.reduce_mean(tf.square(generate(latents, asked_for) / 255.0 - wanted), axis=(1, 2, 3))

    def step(i: tf.Tensor, latents: tf.Tensor, mean: tf.Tensor, square: tf.Tensor, best: tf.Tensor) -> tuple:
        with tf.GradientTape() as tape:
            tape.watch(latents)
            error = errors(latents)
        gradient = tape.gradient(error, latents)
        if gradient is None:
            raise ValueError(f"{measure}: the generator has no gradient, so latents cannot be searched")
        done = tf.cast(i, tf.float32)
        mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * tf.square(gradient)
        scale = learning_rate * (1.0 - done / steps) / (1.0 - 0.9 ** (done + 1.0))
        change = scale * mean / (tf.sqrt(square / (1.0 - 0.999 ** (done + 1.0))) + 1e-12)
        return i + 1, latents - change, mean, square, tf.minimum(best, error)

    @tf.function(autograph=False)
    def descend(latents: tf.Tensor) -> tf.Tensor:
        zeros = tf.zeros_like(latents)
        first = (tf.constant(0), latents, zeros, zeros, tf.fill([tries * count], np.float32(np.inf)))
        _, latents, _, _, best = tf.while_loop(lambda i, *_: i < steps, step, first)
        return tf.minimum(best, errors(latents))

    found = descend(tf.constant(starts.reshape(tries * count, -1), tf.float32)).numpy()
    return found.reshape(tries, count).min(axis=0).astype(np.float64)
