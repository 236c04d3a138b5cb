"""Instance normalisation (Ulyanov et al. 2016) that keeps little for its gradient and counts in float32."""

from collections.abc import Callable

import tensorflow as tf


def instance_norm(images: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, epsilon: float) -> tf.Tensor:
    """Return float images (N, H, W, C) normalised, times gamma, plus beta, float32 (C,); shape and dtype are kept."""
    places = list(range(1, len(images.shape) - 1))

    def mean(values: tf.Tensor) -> tf.Tensor:
        return tf.reduce_mean(values, places, keepdims=True)

    def statistics(images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        images = tf.cast(images, tf.float32)
        centre = mean(images)
        return images, centre, tf.math.rsqrt(mean(tf.math.squared_difference(images, centre)) + epsilon)

    @tf.custom_gradient
    def normalise(
        images: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor
    ) -> tuple[tf.Tensor, Callable[[tf.Tensor], tuple[tf.Tensor, ...]]]:
        full, centre, inverse = statistics(images)
        scale = inverse * gamma

        def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, ...]:
            # Made again of the images, so that this has a gradient, too; in a compiled step they are made once.
            full, centre, inverse = statistics(images)
            upstream = tf.cast(upstream, tf.float32)
            apart, passed = full - centre, mean(upstream)
            along = inverse * mean(upstream * apart)
            back = inverse * gamma * (upstream - passed - inverse * along * apart)
            pixels = tf.cast(tf.reduce_prod(tf.shape(images)[1:-1]), tf.float32)
            each = [0, *places]
            return (
                tf.cast(back, images.dtype),
                pixels * tf.reduce_sum(along, each),
                pixels * tf.reduce_sum(passed, each),
            )

        return tf.cast(full * scale + (beta - centre * scale), images.dtype), gradient

    return normalise(images, gamma, beta)
