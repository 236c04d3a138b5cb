"""Layers that Keras lacks, or has in a form that breaks bit-exact resume.

This is the one module that may import tensorflow_addons, so that it can be replaced in one place.
"""

import warnings
from typing import Any

import tensorflow as tf

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # that this release is its last is why the versions are pinned
    import tensorflow_addons as tfa

from ganline.random import next_layer_key  # noqa: E402

InstanceNormalization = tfa.layers.InstanceNormalization
"""Each channel of each image to mean 0 and deviation 1 over its pixels (Ulyanov et al. 2016), scaled and shifted."""


class Dropout(tf.keras.layers.Layer):
    """Dropout (Srivastava et al. 2014) whose mask is a pure function of the key in ganline.random.layer_keys.

    Keras's own layer keeps its random state outside the checkpoint, so a resumed run would differ.
    Shape and dtype of the input are kept; in inference it is the identity.
    """

    def __init__(self, rate: float, **kwargs: Any) -> None:
        """Set up with `rate`, the share of activations set to zero, in [0, 1)."""
        super().__init__(**kwargs)
        self.rate = rate

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Zero a random share of `inputs` in training and scale up the rest."""
        if not training:
            return inputs
        return tf.nn.experimental.stateless_dropout(inputs, self.rate, seed=next_layer_key())

    def get_config(self) -> dict[str, Any]:
        """Return what rebuilds the layer."""
        return {**super().get_config(), "rate": self.rate}


class UpSampling2D(tf.keras.layers.Layer):
    """Repeat rows and columns `size` times: as Keras's layer, whose gradient is not deterministic on a GPU."""

    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        """Set up; float (N, H, W, C) becomes (N, size H, size W, C)."""
        super().__init__(**kwargs)
        self.size = size

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Repeat; see the class."""
        _, height, width, channels = inputs.shape
        blocks = tf.broadcast_to(
            tf.reshape(inputs, (-1, height, 1, width, 1, channels)),
            (tf.shape(inputs)[0], height, self.size, width, self.size, channels),
        )
        return tf.reshape(blocks, (-1, height * self.size, width * self.size, channels))

    def get_config(self) -> dict[str, Any]:
        """Return what rebuilds the layer."""
        return {**super().get_config(), "size": self.size}


class MinibatchStdDev(tf.keras.layers.Layer):
    """Append the mean over all features of their standard deviation over the batch (Karras et al. 2018).

    float (N, F) becomes (N, F + 1). It lets a discriminator see that a batch has too little variety.
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Append; see the class."""
        # Not reduce_std: the gradient of its root is infinite where all images of a batch agree.
        variance = tf.math.reduce_variance(tf.cast(inputs, tf.float32), axis=0)
        deviation = tf.cast(tf.reduce_mean(tf.sqrt(variance + 1e-8)), inputs.dtype)
        return tf.concat([inputs, tf.fill((tf.shape(inputs)[0], 1), deviation)], axis=1)


class SpectralNormalization(tfa.layers.SpectralNormalization):
    """Divide a layer's kernel by its largest singular value, estimated by power iteration (Miyato et al. 2018).

    tensorflow-addons' wrapper overwrites the kernel each time it is called in training, in the generator's half of a
    step too, and gives no gradient through the division. Here the kernel stays, and a frozen layer changes nothing.
    """

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Apply the wrapped layer with the normalised kernel."""
        kernel = tf.convert_to_tensor(self.layer.kernel)
        flat = tf.reshape(kernel, (-1, kernel.shape[-1]))
        right = tf.cast(self.u, flat.dtype)
        left = tf.math.l2_normalize(tf.stop_gradient(tf.matmul(right, flat, transpose_b=True)))
        right = tf.math.l2_normalize(tf.stop_gradient(tf.matmul(left, flat)))
        if training and self.trainable:
            self.u.assign(tf.cast(right, self.u.dtype))
        largest = tf.matmul(tf.matmul(left, flat), right, transpose_b=True)
        kept = self.layer.kernel
        object.__setattr__(self.layer, "kernel", kernel / largest)  # past Keras, which would forget the variable
        try:
            return self.layer(inputs)
        finally:
            object.__setattr__(self.layer, "kernel", kept)


class Conv2D(tf.keras.layers.Conv2D):
    """Keras's layer with a faster gradient for its input where that has few channels, as pictures do."""

    def convolution_op(self, inputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        """Convolve; see tf.keras.layers.Conv2D."""
        if _is_thin(self, channels=inputs.shape[-1]):
            return halve(inputs, tf.convert_to_tensor(kernel))
        return super().convolution_op(inputs, kernel)


class Conv2DTranspose(tf.keras.layers.Conv2DTranspose):
    """Keras's layer, faster where its output has few channels, as pictures do."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Convolve; see tf.keras.layers.Conv2DTranspose."""
        if not _is_thin(self, channels=self.filters):
            return super().call(inputs)
        outputs = double(inputs, tf.convert_to_tensor(self.kernel))
        return self.activation(tf.nn.bias_add(outputs, self.bias) if self.use_bias else outputs)


def _is_thin(layer: tf.keras.layers.Conv2D, channels: int) -> bool:
    return (
        channels <= 4
        and layer.strides == (2, 2)
        and layer.kernel_size in ((4, 4), (5, 5))
        and layer.padding == "same"
        and layer.dilation_rate == (1, 1)
        and layer.data_format == "channels_last"
    )


@tf.custom_gradient
def halve(images: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Any]:
    """Convolve with stride 2 and padding "same": images (N, 2H, 2W, C), kernel (4 or 5, same, C, F) -> (N, H, W, F)."""

    def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return double(upstream, kernel), _kernel_gradient(images, kernel, upstream)

    return tf.nn.conv2d(images, kernel, 2, "SAME"), gradient


@tf.custom_gradient
def double(features: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Any]:
    """Transpose `halve`: features (N, H, W, F), kernel (4 or 5, same, C, F) -> (N, 2H, 2W, C).

    TensorFlow's own kernel for this (conv2d_transpose) runs at a few percent of a processor's speed when C is 1 or 3.
    Each of the 2 x 2 output phases is an ordinary 3 x 3 convolution (Shi et al. 2016, sub-pixel convolution), so all
    of them together are one ordinary convolution with 4 C channels, and its pixels only need to be interleaved.
    """
    size, _, channels, filters = kernel.shape

    def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.nn.conv2d(upstream, kernel, 2, "SAME"), _kernel_gradient(upstream, kernel, features)

    # Output 2j + p sees input i through tap 2 (j - i) + p + 1. Padded to taps -1..4 and turned around, tap index
    # 2t + (1 - p) belongs to phase p and input j + t - 1.
    phases = tf.pad(kernel, [[1, 5 - size], [1, 5 - size], [0, 0], [0, 0]])[::-1, ::-1]
    phases = tf.reshape(phases, (3, 2, 3, 2, channels, filters))[:, ::-1, :, ::-1]
    phases = tf.reshape(tf.transpose(phases, (0, 2, 5, 1, 3, 4)), (3, 3, filters, 4 * channels))
    return tf.nn.depth_to_space(tf.nn.conv2d(features, phases, 1, "SAME"), 2), gradient


def _kernel_gradient(wide: tf.Tensor, kernel: tf.Tensor, narrow: tf.Tensor) -> tf.Tensor:
    """Return the kernel's gradient, where `wide` has the 2H x 2W pixels and `narrow` the H x W ones."""
    return tf.raw_ops.Conv2DBackpropFilter(
        input=wide, filter_sizes=kernel.shape, out_backprop=narrow, strides=[1, 2, 2, 1], padding="SAME"
    )


class MaskedConv2D(tf.keras.layers.Conv2D):
    """Convolution that sees only what comes before a pixel in raster order (van den Oord et al. 2016, PixelRNN).

    Stride 1 and padding "same": float (N, H, W, C) becomes (N, H, W, filters). The kernel is stored whole, as the paper
    masks it; its rows below the centre are not even multiplied. `above` and `pixel` compute the same a pixel at a time.
    """

    def __init__(self, filters: int, kernel_size: int, mask: str, **kwargs: Any) -> None:
        """Set up with an odd kernel size and mask "A", without the pixel itself, or "B", with it."""
        super().__init__(filters, kernel_size, padding="same", **kwargs)
        self.mask = mask
        self.reach = kernel_size // 2
        """Rows above and columns to the left that the kernel covers."""
        self.seen = self.reach + (mask == "B")
        """Pixels of its own row that a pixel sees."""

    @property
    def depth(self) -> int:
        """Channels of the input."""
        return self.kernel.shape[2]

    def convolution_op(self, inputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        """Convolve; see tf.keras.layers.Conv2D."""
        reach, size = self.reach, self.kernel_size[0]
        mask = [[1] * size] * reach + [[1] * self.seen + [0] * (size - self.seen)]
        masked = kernel[: reach + 1] * tf.constant(mask, inputs.dtype)[:, :, None, None]
        # Padded beforehand: given to conv2d as explicit padding, it takes the slow path of the gradients.
        padded = tf.pad(inputs, [[0, 0], [reach, 0], [reach, reach], [0, 0]]) if reach else inputs
        return tf.nn.conv2d(padded, masked, 1, "VALID")

    def above(self, rows: tf.Tensor) -> tf.Tensor:
        """Return what the `reach` rows above, (reach, W, N, C), add to each pixel of a row: (W, N, filters)."""
        width, taps = rows.shape[1], self.kernel_size[1]
        padded = tf.pad(rows, [[0, 0], [self.reach, self.reach], [0, 0], [0, 0]])
        seen = [padded[row, tap : tap + width] for row in range(self.reach) for tap in range(taps)]
        return tf.matmul(tf.concat(seen, -1), self._flat(self.kernel[: self.reach]))

    def pixel(self, beside: tf.Tensor, above: tf.Tensor | float = 0.0) -> tf.Tensor:
        """Return the output at one pixel, (N, filters).

        Args:
            beside: the last `seen` pixels of its own row (N, seen * C).
            above: what `above` says of this pixel (N, filters).
        """
        own = tf.matmul(tf.cast(beside, self.compute_dtype), self._flat(self.kernel[self.reach, : self.seen]))
        return self.activation(own + above + tf.cast(self.bias, self.compute_dtype))

    def _flat(self, kernel: tf.Tensor) -> tf.Tensor:
        return tf.cast(tf.reshape(kernel, (-1, self.filters)), self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """Return what rebuilds the layer."""
        config = super().get_config()
        del config["padding"]
        return {**config, "kernel_size": self.kernel_size[0], "mask": self.mask}
