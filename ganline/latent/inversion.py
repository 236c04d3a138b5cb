"""Inversion: the latents of given images, found by gradient descent from several starts.

Zhu et al. 2016, "Generative Visual Manipulation on the Natural Image Manifold"; Lipton and Tripathi 2017, "Precise
Recovery of Latent Vectors from Generative Adversarial Networks". For each image x, with Adam,

    error(x) = min_z |G(z) - x|^2 / pixels.

Latents are searched as normal numbers and carried to the prior, so a uniform one cannot leave its cube. A normal one
can leave the shell in which its prior draws (`paths.shell`), and a search that is free to does: there the generator was
never trained, and edits mean nothing. So the search can be held inside, by moving latents back to the shell after every
step, as PULSE does (Menon et al. 2020).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ganline.latent.paths import BOUNDS

if TYPE_CHECKING:
    import tensorflow as tf

PAIRS = 2**24
"""Pixels compared at a time by `nearest_random`."""


class Inverted(NamedTuple):
    """The best latents that were found for N images."""

    latents: np.ndarray
    """float32 (N, L), of the prior."""
    labels: np.ndarray
    """int32 (N,): what the generator was asked for with each."""
    errors: np.ndarray
    """float64 (N,): squared error a pixel, in squares of the whole range of 255."""


def invert(
    generate: "Callable[[tf.Tensor, tf.Tensor], tf.Tensor]",
    images: np.ndarray,
    labels: np.ndarray,
    starts: np.ndarray,
    steps: int,
    learning_rate: float,
    prior: str = "normal",
    within: tuple[float, float] | None = None,
) -> Inverted:
    """Return the latents whose images come nearest to the given ones, the best of all starts and all steps.

    Args:
        generate: takes latents float32 (n, L) of the prior and labels int32 (n,) to images float32 (n, H, W, C),
            0 to 255; TensorFlow must be able to differentiate it.
        images: uint8 (N, H, W, C).
        labels: integers (S, N): what a conditional generator is asked for, at each start.
        starts: float32 (S, N, L), from N(0, 1) whatever the prior: S latents for each image to begin with.
        steps: of Adam (Kingma & Ba 2015), one at least.
        learning_rate: its first; it falls to 0 along a straight line.
        prior: "normal" for N(0, 1), "uniform" for U(-1, 1), "unit_uniform" for U(0, 1).
        within: the smallest and the largest distance from the origin that latents may have, as normal numbers; None
            for any.

    Raises:
        ValueError: images, labels or starts are not as above, or `generate` has no gradient.
    """
    import tensorflow as tf  # here, not above: nothing else in this file needs it

    _check(images, labels, starts, steps)
    tries, count = starts.shape[:2]
    asked_for = tf.constant(labels.ravel(), tf.int32)
    wanted = tf.constant(np.tile(images, (tries, 1, 1, 1)), tf.float32) / 255.0

    @tf.function(autograph=False)
    def descend(normal: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        found, least = search(generate, wanted, asked_for, normal, steps, learning_rate, prior, within)
        return of_prior(found, prior), least

    best, least = (found.numpy() for found in descend(tf.constant(starts.reshape(tries * count, -1), tf.float32)))
    winner = least.reshape(tries, count).argmin(axis=0) * count + np.arange(count)
    return Inverted(best[winner], labels.ravel()[winner].astype(np.int32), least[winner].astype(np.float64))


def search(
    generate: "Callable[[tf.Tensor, tf.Tensor], tf.Tensor]",
    wanted: "tf.Tensor",
    labels: "tf.Tensor",
    starts: "tf.Tensor",
    steps: int,
    learning_rate: float,
    prior: str = "normal",
    within: tuple[float, float] | None = None,
    cost: "Callable[[tf.Tensor], tf.Tensor] | None" = None,
) -> "tuple[tf.Tensor, tf.Tensor]":
    """Return for each of N searches where it came nearest, float32 (N, L), normal numbers too, and its error (N,).

    Not compiled here: call it inside a tf.function. `invert` tells what the arguments are that it has, too.

    Args:
        generate: as in `invert`.
        wanted: images, float32 (N, H, W, C) in 0 to 1.
        labels: int32 (N,).
        starts: float32 (N, L), normal numbers whatever the prior.
        steps: of Adam.
        learning_rate: its first.
        prior: as in `invert`.
        within: as in `invert`.
        cost: what each difference of a pixel, float32 (N, H, W, C) in -1 to 1, costs; None for its square. The error
            is the mean of that.

    Raises:
        ValueError: `generate` has no gradient.
    """
    import tensorflow as tf

    paid = cost or tf.square

    def errors(normal: tf.Tensor) -> tf.Tensor:
        return tf.reduce_mean(paid(generate(of_prior(normal, prior), labels) / 255.0 - wanted), axis=(1, 2, 3))

    def step(i: tf.Tensor, now: tf.Tensor, mean: tf.Tensor, square: tf.Tensor, least: tf.Tensor, best: tf.Tensor):
        with tf.GradientTape() as tape:
            tape.watch(now)
            error = errors(now)
        gradient = tape.gradient(error, now)
        if gradient is None:
            raise ValueError("inversion: the generator has no gradient, so latents cannot be searched")
        done = tf.cast(i, tf.float32)
        change, mean, square = adam(gradient, mean, square, done, learning_rate * (1.0 - done / steps))
        return i + 1, _held(now - change, within), mean, square, *_better(now, error, least, best)

    normal = _held(starts, within)
    zeros, infinite = tf.zeros_like(normal), tf.fill(tf.shape(normal)[:1], np.float32(np.inf))
    first = (tf.constant(0), normal, zeros, zeros, infinite, normal)
    _, normal, _, _, least, best = tf.while_loop(lambda i, *_: i < steps, step, first)
    least, best = _better(normal, errors(normal), least, best)
    return best, least


def _held(normal: "tf.Tensor", within: tuple[float, float] | None) -> "tf.Tensor":
    """Return normal numbers (N, L) at distances from the origin that they may have."""
    import tensorflow as tf

    if within is None:
        return normal
    norms = tf.norm(normal, axis=1, keepdims=True)
    return normal * tf.clip_by_value(norms, *within) / tf.maximum(norms, 1e-12)


def adam(
    gradient: "tf.Tensor", mean: "tf.Tensor", square: "tf.Tensor", done: "tf.Tensor", rate: "tf.Tensor"
) -> "tuple[tf.Tensor, tf.Tensor, tf.Tensor]":
    """Return what Adam takes off after `done` steps, and its two moving averages."""
    import tensorflow as tf

    mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * tf.square(gradient)
    scale = rate / (1.0 - 0.9 ** (done + 1.0))
    return scale * mean / (tf.sqrt(square / (1.0 - 0.999 ** (done + 1.0))) + 1e-12), mean, square


def _better(
    now: "tf.Tensor", error: "tf.Tensor", least: "tf.Tensor", best: "tf.Tensor"
) -> "tuple[tf.Tensor, tf.Tensor]":
    """Return the smaller errors (N,), and whose they are (N, L)."""
    import tensorflow as tf

    return tf.minimum(least, error), tf.where((error < least)[:, None], now, best)


def nearest_random(images: np.ndarray, samples: np.ndarray, count: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return for each image the nearest of random samples: where to start a search, and what it must beat.

    Args:
        images: uint8 (N, H, W, C).
        samples: uint8 (M, H, W, C), M >= count.
        count: samples wanted for each image, 1 or more.

    Returns:
        Positions in the samples, int64 (N, count), nearest first, and squared errors a pixel, float64 (N, count), as
        those of `invert`.
    """
    wanted, drawn = (part.reshape(len(part), -1).astype(np.float32) / 255 for part in (images, samples))
    size = max(1, PAIRS // drawn.size)
    blocks = [wanted[first : first + size] for first in range(0, len(wanted), size)]
    errors = np.concatenate([np.mean((block[:, None] - drawn) ** 2, axis=2, dtype=np.float64) for block in blocks])
    found = np.argsort(errors, axis=1, kind="stable")[:, :count]
    return found, np.take_along_axis(errors, found, axis=1)


def of_prior(normal: "tf.Tensor", prior: str) -> "tf.Tensor":
    """Return latents of the prior for normal numbers, as `paths.from_normal`, but differentiable."""
    import tensorflow as tf

    if prior == "normal":
        return normal
    low, high = BOUNDS[prior]
    return low + (high - low) * 0.5 * (1.0 + tf.math.erf(normal / np.sqrt(2.0)))


def _check(images: np.ndarray, labels: np.ndarray, starts: np.ndarray, steps: int) -> None:
    if images.dtype != np.uint8 or images.ndim != 4:
        raise ValueError(f"inversion: images must be uint8 (N, H, W, C), got {images.dtype} {images.shape}")
    if starts.ndim != 3 or starts.shape[1] != len(images) or 0 in starts.shape or steps < 1:
        raise ValueError(
            f"inversion: starts must be (starts, {len(images)} images, latent numbers) and steps 1 or more, "
            f"got {starts.shape} and {steps}"
        )
    if labels.shape != starts.shape[:2] or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"inversion: labels must be integers {starts.shape[:2]}, got {labels.dtype} {labels.shape}")
