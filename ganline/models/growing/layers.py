"""Layers of networks that grow (Karras et al. 2018), and of those that came after them (Karras et al. 2019)."""

import math
from typing import Any

import tensorflow as tf

from ganline.models.doubling import doubled
from ganline.models.layers import repeat

GROUP = 4
"""Images whose variety is told together: `minibatch_stddev_layer` of the code published with Karras et al. 2018."""


class _Equalised(tf.keras.layers.Layer):
    """What dense layers and convolutions with equalised learning rates share (Karras et al. 2018, section 4.1).

    Kernels are drawn from N(0, 1) and scaled by He's constant each time they are used, so that an optimizer that looks
    at the size of gradients moves all of them at one speed.
    """

    def __init__(
        self, units: int, gain: float = 2**0.5, rate: float = 1.0, use_bias: bool = True, **kwargs: Any
    ) -> None:
        """Set up.

        Args:
            units: outputs, or filters.
            gain: deviation of an output for independent inputs of deviation 1; root 2 in front of a LeakyReLU.
            rate: times the optimizer's learning rate, such as 0.01 for the mapping network of StyleGAN.
            use_bias: whether something learned is added.
            **kwargs: of tf.keras.layers.Layer.
        """
        super().__init__(**kwargs)
        self.units, self.gain, self.rate, self.use_bias = units, gain, rate, use_bias

    def make_weights(self, *shape: int) -> None:
        """Make a kernel (..., inputs, outputs) of that shape and the bias (units,), which begins at 0."""
        self.scale = self.gain * self.rate * math.prod(shape[:-1]) ** -0.5
        drawn = tf.keras.initializers.RandomNormal(stddev=1 / self.rate)
        self.kernel = self.add_weight("kernel", shape, initializer=drawn)
        self.bias = self.add_weight("bias", (self.units,), initializer="zeros") if self.use_bias else None

    def biased(self, outputs: tf.Tensor) -> tf.Tensor:
        """Return outputs (..., units) with the bias."""
        return outputs if self.bias is None else tf.nn.bias_add(outputs, self.bias * self.rate)

    def get_config(self) -> dict[str, Any]:
        """Return what rebuilds the layer."""
        own = {"units": self.units, "gain": self.gain, "rate": self.rate, "use_bias": self.use_bias}
        return {**super().get_config(), **own}


class EqualisedDense(_Equalised):
    """float (N, F) becomes (N, units); see the arguments of `_Equalised`."""

    def build(self, input_shape: tf.TensorShape) -> None:
        """Make the weights."""
        super().build(input_shape)
        self.make_weights(input_shape[-1], self.units)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Multiply by the scaled kernel, and add the bias."""
        return self.biased(tf.matmul(inputs, self.kernel * self.scale))


class EqualisedConv2D(_Equalised):
    """Convolution with stride 1 and padding "same": float (N, H, W, C) becomes (N, H, W, units).

    With `doubling` rows and columns are repeated first, and it becomes (N, 2H, 2W, units).
    """

    def __init__(self, units: int, size: int, doubling: bool = False, **kwargs: Any) -> None:
        """Set up with kernels of `size` pixels a side, odd, with `doubling` 3; else see `_Equalised`."""
        super().__init__(units, **kwargs)
        self.size, self.doubling = size, doubling

    def build(self, input_shape: tf.TensorShape) -> None:
        """Make the weights."""
        super().build(input_shape)
        self.make_weights(self.size, self.size, input_shape[-1], self.units)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Convolve with the scaled kernel, and add the bias."""
        kernel = self.kernel * self.scale
        return self.biased(doubled(inputs, kernel) if self.doubling else tf.nn.conv2d(inputs, kernel, 1, "SAME"))

    def get_config(self) -> dict[str, Any]:
        """Return what rebuilds the layer."""
        return {**super().get_config(), "size": self.size, "doubling": self.doubling}


class Bias(tf.keras.layers.Layer):
    """Add to each channel of float (..., C) a number that is learned; shape and dtype are kept."""

    def build(self, input_shape: tf.TensorShape) -> None:
        """Make the weights."""
        super().build(input_shape)
        self.bias = self.add_weight("bias", (input_shape[-1],), initializer="zeros")

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Add."""
        return tf.nn.bias_add(inputs, self.bias)


class PixelNorm(tf.keras.layers.Layer):
    """Divide the features of each pixel by their root mean square: float (..., C), shape and dtype are kept.

    Karras et al. 2018, section 4.2. Of latents (N, F) it makes vectors of length root F.
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Normalise; the mean of squares is taken in float32."""
        squares = tf.reduce_mean(tf.square(tf.cast(inputs, tf.float32)), axis=-1, keepdims=True)
        return inputs * tf.cast(tf.math.rsqrt(squares + 1e-8), inputs.dtype)


class GroupDeviation(tf.keras.layers.Layer):
    """Append a channel that says how much the images of a group differ (Karras et al. 2018, section 3).

    float (N, H, W, C) becomes (N, H, W, C + 1). Groups are of 4 images, as the paper's code has them, or of the largest
    smaller number that N can be divided by; image i is in one with i + N / 4, i + N / 2 and i + 3 N / 4.
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Append; the deviations are taken in float32."""
        count = tf.shape(inputs)[0]
        sizes = tf.range(1, GROUP + 1)
        group = tf.reduce_max(tf.where(count % sizes == 0, sizes, 1))
        values = tf.cast(tf.reshape(inputs, (group, -1, *inputs.shape[1:])), tf.float32)
        # Not reduce_std: the gradient of its root is infinite where all images of a group agree.
        deviations = tf.sqrt(tf.math.reduce_variance(values, axis=0) + 1e-8)
        told = tf.tile(tf.reduce_mean(deviations, axis=[1, 2, 3]), group[None])
        channel = tf.cast(told, inputs.dtype)[:, None, None, None] * tf.ones_like(inputs[..., :1])
        return tf.concat([inputs, channel], axis=-1)


class Enlarge(tf.keras.layers.Layer):
    """Double the sides of float (N, H, W, C): (N, 2H, 2W, C), by repeating pixels, or bilinearly where `filtered`."""

    def __init__(self, filtered: bool = False, **kwargs: Any) -> None:
        """Set up."""
        super().__init__(**kwargs)
        self.filtered = filtered

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Enlarge."""
        return enlarge(inputs, self.filtered)

    def get_config(self) -> dict[str, Any]:
        """Return what rebuilds the layer."""
        return {**super().get_config(), "filtered": self.filtered}


class Shrink(Enlarge):
    """Halve the sides of float (N, H, W, C), both even: (N, H / 2, W / 2, C), by averages, `filtered` first."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Shrink."""
        return shrink(inputs, self.filtered)


class Blur(tf.keras.layers.Layer):
    """Filter each channel of float (N, H, W, C) by [1, 2, 1] / 4 along both sides, as StyleGAN does; see `blur`."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Filter."""
        return blur(inputs)


class Blend(tf.keras.layers.Layer):
    """Of [before, now] of one shape, and a share (N, 1, 1, 1) where it has none of its own, before turning into now."""

    def __init__(self, share: float | None = None, **kwargs: Any) -> None:
        """Set up; `share` is that of now, 0 to 1."""
        super().__init__(**kwargs)
        self.share = share

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        """Blend."""
        before, now, *share = inputs
        return blend(before, now, share[0] if self.share is None else self.share)

    def get_config(self) -> dict[str, Any]:
        """Return what rebuilds the layer."""
        return {**super().get_config(), "share": self.share}


def blend(before: tf.Tensor, now: tf.Tensor, share: tf.Tensor | float) -> tf.Tensor:
    """Return float images of which `share`, a number or one an image (N, 1, 1, 1), is `now` and the rest `before`."""
    return before + share * (now - before)


def enlarge(images: tf.Tensor, filtered: bool = False) -> tf.Tensor:
    """Return images float (N, H, W, C) with sides twice as long, pixels repeated and, if asked for, filtered.

    Both together are bilinear interpolation, but that what lies beyond the edges counts as 0.
    """
    large = repeat(images, 2)
    return blur(large) if filtered else large


def shrink(images: tf.Tensor, filtered: bool = False) -> tf.Tensor:
    """Return images float (N, H, W, C), H and W even, with sides half as long, by the mean of four pixels each."""
    return tf.nn.avg_pool2d(blur(images) if filtered else images, 2, 2, "VALID")


@tf.custom_gradient
def blur(images: tf.Tensor) -> tuple[tf.Tensor, Any]:
    """Return images float (N, H, W, C) filtered by [1, 2, 1] / 4 along both sides; what lies outside counts as 0."""
    # As sums: TensorFlow's kernels for a filter a channel run at a few percent of a processor's speed. The filter is
    # its own transpose; left to TensorFlow, the gradients of these slices take longer than all convolutions together.
    wide = tf.pad(images, [[0, 0], [1, 1], [1, 1], [0, 0]])
    rows = wide[:, :-2] + 2 * wide[:, 1:-1] + wide[:, 2:]
    return (rows[:, :, :-2] + 2 * rows[:, :, 1:-1] + rows[:, :, 2:]) * (1 / 16), blur
