"""Convolution in groups of channels, with gradients on every device."""

from functools import cache

import tensorflow as tf


class GroupedConv2D(tf.keras.layers.Conv2D):
    """Keras's Conv2D with `groups`, stride 1 and padding "same": float (N, H, W, C) becomes (N, H, W, filters).

    Keras 2.15 compiles such a layer with XLA, which on a processor takes hundreds of times as long.
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Convolve, and add the bias."""
        outputs = grouped(inputs, tf.convert_to_tensor(self.kernel), self.groups)
        return tf.nn.bias_add(outputs, self.bias) if self.use_bias else outputs


def grouped(images: tf.Tensor, kernel: tf.Tensor, groups: int) -> tf.Tensor:
    """Convolve each group of the channels of images (N, H, W, C) by itself, padded to stay as large: (N, H, W, F).

    Args:
        images: float, C a multiple of `groups`.
        kernel: of the same dtype, (K, L, C / groups, F); the first F / groups filters belong to the first group.
        groups: how many.
    """
    if groups == 1 or differentiable():
        return tf.nn.conv2d(images, kernel, 1, "SAME")
    parts = zip(tf.split(images, groups, -1), tf.split(kernel, groups, -1), strict=True)
    return tf.concat([tf.nn.conv2d(part, of_part, 1, "SAME") for part, of_part in parts], -1)


@cache
def differentiable() -> bool:
    """Return whether TensorFlow's own kernel has gradients here: on GPUs, and on processors by oneDNN alone."""
    with tf.init_scope():
        images, kernel = tf.ones((1, 2, 2, 2)), tf.ones((1, 1, 1, 2))
        with tf.GradientTape() as tape:
            tape.watch([images, kernel])
            made = tf.nn.conv2d(images, kernel, 1, "SAME")
        try:
            tape.gradient(made, [images, kernel])
        except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError):
            return False
        return True
