"""Activations whose gradients TensorFlow's kernels are slow at in half precision, computed by those that are not."""

from collections.abc import Callable

import tensorflow as tf

Gradient = Callable[[tf.Tensor], tf.Tensor]


class LeakyReLU(tf.keras.layers.LeakyReLU):
    """Keras's layer: x where it is positive, alpha x elsewhere (Maas et al. 2013); shape and dtype are kept."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Activate; see the class."""
        return leaky_relu(inputs, float(self.alpha))


def leaky_relu(features: tf.Tensor, alpha: float) -> tf.Tensor:
    """Return features where they are positive, and alpha times them elsewhere; shape and dtype are kept.

    In bfloat16 and float16 processors take TensorFlow 2.15's kernel for the gradient several times as long as in
    float32. Here kernels that are fast make the same numbers.
    """
    if features.dtype not in (tf.bfloat16, tf.float16):
        return tf.nn.leaky_relu(features, alpha)

    @tf.custom_gradient
    def activated(features: tf.Tensor) -> tuple[tf.Tensor, Gradient]:
        return tf.nn.leaky_relu(features, alpha), lambda upstream: sloped(upstream, features)

    @tf.custom_gradient
    def sloped(upstream: tf.Tensor, features: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tuple]]:
        passed = tf.raw_ops.ReluGrad(gradients=upstream, features=features)
        return passed + alpha * (upstream - passed), lambda above: (sloped(above, features), None)

    return activated(features)
