"""Layers of generators that are told in every layer what to draw (Karras et al. 2019 and 2020).

Sides are doubled and halved with the filter [1, 3, 3, 1]. Repeating pixels and filtering by [1, 2, 1], as StyleGAN says
it, is the same but at the edges; in one with a convolution it takes a quarter of the multiplications.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from ganline.models.activations import leaky_relu
from ganline.models.growing.layers import EqualisedConv2D, EqualisedDense
from ganline.models.instance_norm import instance_norm

LEAK, EPSILON = 0.2, 1e-8


class Constant(tf.keras.layers.Layer):
    """The picture that generation begins with: learned, float (side, side, units), the same for every latent.

    Of anything (N, ...) it makes (N, side, side, units).
    """

    def __init__(self, side: int, units: int, initializer: str, **kwargs: Any) -> None:
        """Set up; it begins as "ones" (StyleGAN), or drawn by "random_normal" of deviation 1 (StyleGAN2)."""
        super().__init__(**kwargs)
        self.side, self.units, self.initializer = side, units, initializer

    def build(self, input_shape: tf.TensorShape) -> None:
        """Make the picture."""
        drawn = tf.keras.initializers.RandomNormal(stddev=1.0) if self.initializer == "random_normal" else "ones"
        self.picture = self.add_weight("picture", (1, self.side, self.side, self.units), initializer=drawn)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Repeat it."""
        return tf.tile(self.picture, (tf.shape(inputs)[0], 1, 1, 1))

    def get_config(self) -> dict[str, Any]:
        """Return what rebuilds the layer."""
        return {**super().get_config(), "side": self.side, "units": self.units, "initializer": self.initializer}


class AdaptiveNorm(tf.keras.layers.Layer):
    """What follows each convolution of StyleGAN (Karras et al. 2019, figure 1b): noise, LeakyReLU, and AdaIN.

    Of images (N, H, W, C), noise (N, H, W, 1) and w (N, D) it makes (N, H, W, C). Each channel has its own share of the
    noise, at first none. AdaIN (Huang and Belongie 2017) gives each channel of each image the mean and the deviation
    that its w asks for.
    """

    def build(self, input_shape: list[tf.TensorShape]) -> None:
        """Make the weights."""
        units = input_shape[0][-1]
        self.strength = self.add_weight("strength", (units,), initializer="zeros")
        self.bias = self.add_weight("bias", (units,), initializer="zeros")
        self.style = EqualisedDense(2 * units, gain=1.0, name="style")

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        """Add, bend, normalise and style; the statistics are taken in float32."""
        images, noise, w = inputs
        images = leaky_relu(tf.nn.bias_add(images + noise * self.strength, self.bias), LEAK)
        units = images.shape[-1]
        images = instance_norm(images, tf.ones(units), tf.zeros(units), EPSILON)
        scale, shift = tf.split(self.style(w)[:, None, None], 2, axis=-1)
        return images * (1 + scale) + shift


class ModulatedConv2D(EqualisedConv2D):
    """Convolution whose input channels are scaled by what w asks for (Karras et al. 2020, section 2.2).

    Of images (N, H, W, C), w (N, D) and noise (N, H', W', 1) it makes (N, H', W', units), twice as high and wide where
    `enlarging`. Outputs are divided by the deviation that they would have, were the inputs independent and of deviation
    1; then follow noise, bias and LeakyReLU. Where the paper has a kernel for each image, here inputs and outputs are
    scaled, which is the same and takes no grouped convolution. With `plain` it is the layer that makes colours, which
    has nothing of this but the scaling of inputs, and takes no noise.
    """

    def __init__(self, units: int, size: int, enlarging: bool = False, plain: bool = False, **kwargs: Any) -> None:
        """Set up; see the class, and `EqualisedConv2D`."""
        super().__init__(units, size, **{"gain": 1.0} | kwargs)
        self.enlarging, self.plain = enlarging, plain

    def build(self, input_shape: list[tf.TensorShape]) -> None:
        """Make the weights."""
        super().build(input_shape[0])
        self.style = EqualisedDense(input_shape[0][-1], gain=1.0, name="style")
        if not self.plain:
            self.strength = self.add_weight("strength", (), initializer="zeros")

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        """Scale and convolve; what the outputs are divided by is taken in float32."""
        images, w, *noise = inputs
        scale, kernel = self.style(w) + 1, self.kernel * self.scale
        images = images * scale[:, None, None]
        images = enlarged(images, kernel) if self.enlarging else tf.nn.conv2d(images, kernel, 1, "SAME")
        if self.plain:
            return self.biased(images)
        power = tf.reduce_sum(tf.square(tf.cast(kernel, tf.float32)), axis=(0, 1))
        inverse = tf.math.rsqrt(tf.square(tf.cast(scale, tf.float32)) @ power + EPSILON)
        images = images * tf.cast(inverse, images.dtype)[:, None, None] + noise[0] * self.strength
        return leaky_relu(self.biased(images), LEAK) * 2**0.5

    def get_config(self) -> dict[str, Any]:
        """Return what rebuilds the layer."""
        return {**super().get_config(), "enlarging": self.enlarging, "plain": self.plain}


class EnlargingConv2D(EqualisedConv2D):
    """Double the sides, filter and convolve: float (N, H, W, C) becomes (N, 2H, 2W, units)."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Convolve with the scaled kernel, and add the bias."""
        return self.biased(enlarged(inputs, self.kernel * self.scale))


class ShrinkingConv2D(EqualisedConv2D):
    """Filter, convolve and halve the sides, both even: float (N, H, W, C) becomes (N, H / 2, W / 2, units)."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Convolve with the scaled kernel, and add the bias."""
        return self.biased(shrunk(inputs, self.kernel * self.scale))


class MeanStyle(tf.keras.layers.Layer):
    """Keep the mean of w (N, D), towards which truncation moves (Karras et al. 2019, appendix B); w is returned."""

    def build(self, input_shape: tf.TensorShape) -> None:
        """Make the mean, which begins at 0."""
        self.mean = self.add_weight("mean", (input_shape[-1],), initializer="zeros", trainable=False)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Return what is given."""
        return inputs

    def move(self, styles: tf.Tensor, decay: float) -> None:
        """Move the mean towards that of w (N, D): m <- decay m + (1 - decay) mean(w)."""
        now = tf.reduce_mean(tf.cast(styles, tf.float32), axis=0)
        self.mean.assign_add((1 - decay) * (now - self.mean))


def enlarged(images: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Return images (N, H, W, C) with sides doubled, filtered and convolved by (3, 3, C, F): (N, 2H, 2W, F)."""
    count, height, width = tf.shape(images)[0], images.shape[1], images.shape[2]
    turned = tf.transpose(kernel[::-1, ::-1], (0, 1, 3, 2))
    shape = (count, 2 * height + 1, 2 * width + 1, kernel.shape[3])
    return filtered(tf.nn.conv2d_transpose(images, turned, shape, 2, "VALID"), 1, 4.0)


def shrunk(images: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Return images (N, H, W, C) filtered, convolved by (k, k, C, F) and halved: (N, H / 2, W / 2, F); k is odd."""
    return tf.nn.conv2d(filtered(images, (kernel.shape[0] + 1) // 2), kernel, 2, "VALID")


def filtered(images: tf.Tensor, margin: int, gain: float = 1.0) -> tf.Tensor:
    """Return images (N, H, W, C) filtered by [1, 3, 3, 1] / 8 along both sides, times `gain`.

    They become (N, H + 2 margin - 3, W + 2 margin - 3, C); what lies outside counts as 0.

    Args:
        images: at least 4 pixels a side, the margins included.
        margin: 0 to 3.
        gain: any.
    """
    taps = np.array([1, 3, 3, 1]) / 8
    each = np.repeat(np.outer(taps, taps)[..., None, None], images.shape[-1], axis=2) * gain

    # TensorFlow's gradient would be one for the taps, too, which on GPUs is not deterministic.
    @tf.custom_gradient
    def run(images: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        wide = tf.pad(images, [[0, 0], [margin, margin], [margin, margin], [0, 0]])
        made = tf.nn.depthwise_conv2d(wide, tf.constant(each, images.dtype), (1, 1, 1, 1), "VALID")
        return made, lambda upstream: filtered(upstream, 3 - margin, gain)

    return run(images)
