"""What is added to a loss now and then: penalties that cost as much as a step (Karras et al. 2020, section 3.1)."""

from collections.abc import Callable, Sequence

import tensorflow as tf

from ganline.models.terms import steepness

LENGTH_DECAY = 0.99
"""Of the moving mean of path lengths, each time they are measured: the beta_pl of the code of Karras et al. 2020."""


def lazily(step: tf.Tensor, every: int, penalty: Callable[[], tf.Tensor]) -> tf.Tensor:
    """Return a penalty times `every` in each step that `every` divides, and 0 without computing it in the others.

    Over `every` steps that is as much as the penalty in each of them.

    Args:
        step: int64 scalar.
        every: 1 or more.
        penalty: returns a float32 scalar.
    """
    if every == 1:
        return penalty()
    return tf.cond(step % every == 0, lambda: every * penalty(), lambda: tf.constant(0.0))


def slope(score: Callable[[tf.Tensor], tf.Tensor], images: tf.Tensor) -> tf.Tensor:
    """Return E |grad_x D(x)|^2 over images float32 (N, H, W, C): R1 (Mescheder et al. 2018), before gamma / 2."""
    with tf.GradientTape() as tape:
        tape.watch(images)
        total = tf.reduce_sum(score(images))
    return 2 * steepness([tape.gradient(total, images)])


class PathLength:
    """How far from their moving mean the lengths are that images move, to a random eye, as w moves.

    Karras et al. 2020, section 3.2: E (|J_w^T y|_2 - a)^2 with y of N(0, 1) for each number of an image, a the mean.
    """

    def __init__(self) -> None:
        """Begin with a mean of 0."""
        self.mean = tf.Variable(0.0, trainable=False)

    def penalty(
        self, draw: Callable[[list[tf.Tensor]], tf.Tensor], styles: Sequence[tf.Tensor], upstream: tf.Tensor
    ) -> tf.Tensor:
        """Return the penalty, float32 scalar, and move the mean.

        Args:
            draw: makes images float32 (N, H, W, C) of a w for each layer.
            styles: w for each layer, float (N, D).
            upstream: y, float32 (N, H, W, C).
        """
        given = [tf.identity(w) for w in styles]  # what several layers share is told apart
        with tf.GradientTape() as tape:
            tape.watch(given)
            total = tf.reduce_sum(draw(given) * upstream)
        gradients = [tf.cast(gradient, tf.float32) for gradient in tape.gradient(total, given)]
        pixels = upstream.shape[1] * upstream.shape[2]
        squares = tf.reduce_sum(tf.square(tf.stack(gradients)), axis=2) / pixels
        lengths = tf.sqrt(tf.reduce_mean(squares, axis=0) + 1e-12)  # its own gradient is infinite at 0
        mean = LENGTH_DECAY * self.mean + (1 - LENGTH_DECAY) * tf.reduce_mean(lengths)
        self.mean.assign(tf.stop_gradient(mean))
        return tf.reduce_mean(tf.square(lengths - mean))
