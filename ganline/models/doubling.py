"""Convolutions of images whose pixels are repeated first, as convolutions of the small images."""

from typing import Any

import tensorflow as tf


class DoublingConv2D(tf.keras.layers.Conv2D):
    """UpSampling2D, then a convolution of 3 x 3 with stride 1 and padding "same", with 4/9 of the multiplications.

    float (N, H, W, C) becomes (N, 2H, 2W, filters).
    """

    def __init__(self, filters: int, **kwargs: Any) -> None:
        """Set up; see tf.keras.layers.Conv2D."""
        super().__init__(filters, 3, padding="same", **kwargs)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Repeat and convolve; see the class."""
        return self.activation(tf.nn.bias_add(doubled(inputs, tf.convert_to_tensor(self.kernel)), self.bias))

    def get_config(self) -> dict[str, Any]:
        """Return what rebuilds the layer."""
        config = super().get_config()
        return {name: value for name, value in config.items() if name not in ("kernel_size", "padding")}


def doubled(images: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Return images (N, H, W, C) with pixels repeated and convolved with a kernel (3, 3, C, F): (N, 2H, 2W, F).

    Each of the 2 x 2 output phases sees 2 x 2 of the small image's pixels through sums of the kernel's taps. All phases
    are computed as one convolution of the small image, and their pixels interleaved: 4/9 of the multiplications.
    """
    channels, filters = kernel.shape[2:]
    # In a row, output 2j + p reads repeated pixels 2j + p - 1 to 2j + p + 1: of small ones two, which with a pixel of
    # padding are j + p and j + p + 1. Of the taps p = 0 adds up the last two, p = 1 the first two.
    taps = tf.constant([[[1, 0, 0], [0, 1, 1]], [[1, 1, 0], [0, 0, 1]]], kernel.dtype)
    phases = tf.reshape(tf.einsum("pyk,qxl,klcf->yxcpqf", taps, taps, kernel), (2, 2, channels, 4 * filters))
    made = tf.nn.conv2d(tf.pad(images, [[0, 0], [1, 1], [1, 1], [0, 0]]), phases, 1, "VALID")
    above_left, above_right, below_left, below_right = tf.split(made, 4, axis=-1)
    parts = [above_left[:, :-1, :-1], above_right[:, :-1, 1:], below_left[:, 1:, :-1], below_right[:, 1:, 1:]]
    return tf.nn.depth_to_space(tf.concat(parts, axis=-1), 2)
