"""What losses are made of: penalties, points to take them at, BEGAN's balance, and sums that keep their order."""

from collections.abc import Callable, Sequence

import tensorflow as tf

from ganline.core.random import uniform

DRIFT = 0.001
"""Weight of the squared scores of real images (Karras et al. 2018, appendix A.1)."""
DIVERSITY_RATIO = 0.5
"""BEGAN's gamma = E s(G(z)) / E s(x) at balance; the paper draws faces with 0.3 to 0.7, less gives less variety."""
BALANCE_RATE = 0.001
"""BEGAN's lambda_k, as in the paper."""


def began_balance(balance: tf.Tensor, on_real: tf.Tensor, on_fake: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return BEGAN's next k in [0, 1] and its measure of convergence M = s(x) + |gamma s(x) - s(G(z))|.

    Args:
        balance: k, float32 scalar.
        on_real: mean reconstruction error of real images, float32 scalar.
        on_fake: the same of generated images.
    """
    short = DIVERSITY_RATIO * on_real - on_fake
    return tf.clip_by_value(balance + BALANCE_RATE * short, 0.0, 1.0), on_real + tf.abs(short)


def gradient_penalty(score: Callable[[tf.Tensor], tf.Tensor], images: tf.Tensor) -> tf.Tensor:
    """Return E (|grad_x D(x)|_2 - 1)^2 over images float32 (N, H, W, C), the norm over all of an image's pixels."""
    with tf.GradientTape() as tape:
        tape.watch(images)
        total = tf.reduce_sum(score(images))
    squares = tf.reduce_sum(tf.square(tape.gradient(total, images)), axis=[1, 2, 3])
    # The root's own gradient is infinite at 0, where a critic that ignores its input would turn weights into NaN.
    return tf.reduce_mean(tf.square(tf.sqrt(squares + 1e-12) - 1))


def steepness(slopes: Sequence[tf.Tensor]) -> tf.Tensor:
    """Return half the sum of E |grad_x D(x)|^2 over several batches of gradients, float32 (N, H, W, C) each."""
    return 0.5 * tf.add_n([tf.reduce_mean(tf.reduce_sum(tf.square(slope), axis=[1, 2, 3])) for slope in slopes])


def between(real: tf.Tensor, fake: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
    """Return a point on the line from each real image to a generated one, drawn uniformly for each (WGAN-GP)."""
    share = uniform((real.shape[0], 1, 1, 1), key)
    return share * real + (1 - share) * fake


def around(real: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
    """Return real images moved by up to half their standard deviation, a uniform draw for each pixel (DRAGAN)."""
    return real + 0.5 * tf.math.reduce_std(real) * uniform(tf.shape(real), key)


def share_of(true: tf.Tensor) -> tf.Tensor:
    """Return the share of true values, float32 scalar."""
    return tf.reduce_mean(tf.cast(true, tf.float32))


def in_order(terms: Sequence[tf.Tensor]) -> tf.Tensor:
    """Return the sum of float32 scalars, added from the first to the last.

    tf.add_n of three and more, which plain sums become as graphs are optimised, may take another order at each call
    where a term is read elsewhere too (findings/tensorflow-add-n.sh).
    """
    return tf.reduce_sum(tf.stack(terms))
