"""Layers that Keras lacks, or has in a form that breaks bit-exact resume.

This is the one module that may import tensorflow_addons, so that it can be replaced in one place.
"""

import warnings
from typing import Any

import tensorflow as tf

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # that this release is its last is why the versions are pinned
    import tensorflow_addons as tfa

from ganline.core.random import bernoulli, next_layer_key  # noqa: E402
from ganline.models.instance_norm import instance_norm  # noqa: E402


class InstanceNormalization(tfa.layers.InstanceNormalization):
    """Each channel of each image to mean 0 and deviation 1 over its pixels (Ulyanov et al. 2016), scaled and shifted.

    The weights are those of tensorflow-addons. Its arithmetic keeps several arrays of the images' size for the gradient
    and takes means and variances in half precision where the images come in it, which puts values off by .03 to 1.5;
    this keeps the images alone and takes them in float32.
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Normalise float (N, H, W, C); shape and dtype are kept."""
        gamma, beta = (tf.cast(weights, tf.float32) for weights in (self.gamma, self.beta))
        return instance_norm(inputs, gamma, beta, self.epsilon)


class Dropout(tf.keras.layers.Layer):
    """Dropout (Srivastava et al. 2014) whose mask is a pure function of the key in ganline.core.random.layer_keys.

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
        kept = bernoulli(1 - self.rate, tf.shape(inputs), next_layer_key())
        scale = 1 / (1 - self.rate)
        if inputs.dtype == tf.bfloat16:
            # The same numbers; where and its gradient take a processor over three times as long. Not in float16, where
            # activations and scaled gradients can be infinite, and infinity times 0 is no number.
            return inputs * (tf.cast(kept, inputs.dtype) * scale)
        return tf.where(kept, inputs * scale, tf.zeros((), inputs.dtype))

    def get_config(self) -> dict[str, Any]:
        """Return what rebuilds the layer."""
        return {**super().get_config(), "rate": self.rate}


def batch_norm(channels: int, **kwargs: Any) -> tf.keras.layers.Layer:
    """Return batch norm for images (N, H, W, channels), in float32 where that is faster.

    In bfloat16 processors take 10 to 20 times as long for a number where channels are no multiple of 16
    (findings/tensorflow-batch-norm-channels.sh).
    """
    return tf.keras.layers.BatchNormalization(dtype="float32" if channels % 16 else None, **kwargs)


class UpSampling2D(tf.keras.layers.Layer):
    """Repeat rows and columns `size` times: as Keras's layer, whose gradient is not deterministic on a GPU."""

    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        """Set up; float (N, H, W, C) becomes (N, size H, size W, C)."""
        super().__init__(**kwargs)
        self.size = size

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Repeat; see the class."""
        return repeat(inputs, self.size)

    def get_config(self) -> dict[str, Any]:
        """Return what rebuilds the layer."""
        return {**super().get_config(), "size": self.size}


def repeat(images: tf.Tensor, size: int) -> tf.Tensor:
    """Repeat rows and columns of images (N, H, W, C) `size` times: (N, size H, size W, C)."""
    _, height, width, channels = images.shape

    @tf.custom_gradient
    def repeated(images: tf.Tensor) -> tuple[tf.Tensor, Any]:
        def gradient(upstream: tf.Tensor) -> tf.Tensor:
            return size**2 * tf.nn.avg_pool2d(upstream, size, size, "VALID")  # faster than a sum over two axes

        small = tf.reshape(images, (-1, height, 1, width, 1, channels))
        blocks = tf.broadcast_to(small, (tf.shape(images)[0], height, size, width, size, channels))
        return tf.reshape(blocks, (-1, height * size, width * size, channels)), gradient

    return repeated(images)


class ReflectionPadding(tf.keras.layers.Layer):
    """Continue images by their mirror image, without repeating the edge.

    (N, H, W, C) becomes (N, H + 2 size, W + 2 size, C); H and W are more than `size`.
    """

    def __init__(self, size: int, **kwargs: Any) -> None:
        """Set up to add `size` pixels on each side."""
        super().__init__(**kwargs)
        self.size = size

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Pad; see the class."""
        return tf.pad(inputs, [[0, 0], [self.size] * 2, [self.size] * 2, [0, 0]], "REFLECT")

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
    """Keras's layer, faster where its input or its output has few channels, as pictures do."""

    def convolution_op(self, inputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        """Convolve; see tf.keras.layers.Conv2D."""
        kernel = tf.convert_to_tensor(kernel)
        if _is_halving(self, inputs.shape[-1]):
            return halve(inputs, kernel)
        if not _is_plain(self, min(inputs.shape[-1], self.filters)):
            return super().convolution_op(inputs, kernel)
        if self.padding == "same":
            inputs = tf.pad(inputs, [[0, 0], *(_margins(size) for size in kernel.shape[:2]), [0, 0]])
        return gather(inputs, kernel)


class Conv2DTranspose(tf.keras.layers.Conv2DTranspose):
    """Keras's layer, faster where its output has few channels, as pictures do."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Convolve; see tf.keras.layers.Conv2DTranspose."""
        kernel = tf.convert_to_tensor(self.kernel)
        if _is_halving(self, self.filters):
            outputs = double(inputs, kernel)
        elif _is_plain(self, self.filters):
            outputs = spread(inputs, kernel)
            if self.padding == "same":
                (top, _), (left, _) = (_margins(size) for size in kernel.shape[:2])
                outputs = outputs[:, top : top + inputs.shape[1], left : left + inputs.shape[2]]
        else:
            return super().call(inputs)
        return self.activation(tf.nn.bias_add(outputs, self.bias) if self.use_bias else outputs)


FEW = 4
"""Channels up to which TensorFlow's kernels run at a few percent of a processor's speed, and these do not."""


def _is_halving(layer: tf.keras.layers.Conv2D, channels: int) -> bool:
    return (
        channels <= FEW
        and layer.strides == (2, 2)
        and layer.kernel_size in ((4, 4), (5, 5))
        and layer.padding == "same"
        and layer.dilation_rate == (1, 1)
        and layer.data_format == "channels_last"
    )


def _is_plain(layer: tf.keras.layers.Conv2D, channels: int) -> bool:
    return (
        channels <= FEW
        and layer.strides == layer.dilation_rate == (1, 1)
        and layer.kernel_size > (1, 1)
        and layer.groups == 1
        and layer.data_format == "channels_last"
    )


def _margins(size: int) -> list[int]:
    """Return how many pixels padding "same" adds before and after, for a kernel of `size`."""
    return [(size - 1) // 2, size // 2]


@tf.custom_gradient
def gather(images: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Any]:
    """Convolve without padding: images (N, H, W, C), kernel (K, L, C, F) -> (N, H - K + 1, W - L + 1, F).

    For few channels on either side: few filters go by `spread`, few channels get their gradient from it.
    """
    height, width, channels, filters = kernel.shape

    def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        if channels <= FEW:
            to_images = spread(upstream, kernel)
        else:
            to_images = tf.nn.conv2d_transpose(upstream, kernel, tf.shape(images), 1, "VALID")
        to_kernel = tf.raw_ops.Conv2DBackpropFilter(
            input=images, filter_sizes=kernel.shape, out_backprop=upstream, strides=[1] * 4, padding="VALID"
        )
        return to_images, to_kernel

    if filters > FEW:
        return tf.nn.conv2d(images, kernel, 1, "VALID"), gradient
    wide = spread(images, tf.transpose(kernel[::-1, ::-1], (0, 1, 3, 2)))
    return wide[:, height - 1 : 1 - height or None, width - 1 : 1 - width or None], gradient


@tf.custom_gradient
def spread(features: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Any]:
    """Transpose `gather`: features (N, H, W, F), kernel (K, L, C, F) -> (N, H + K - 1, W + L - 1, C).

    One matrix product makes every pixel's contribution to its K x L neighbours; they are added up, rows first.
    """
    count, rows, columns, _ = tf.unstack(tf.shape(features))
    high, wide, channels, filters = kernel.shape

    def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        to_kernel = tf.raw_ops.Conv2DBackpropFilter(
            input=upstream, filter_sizes=kernel.shape, out_backprop=features, strides=[1] * 4, padding="VALID"
        )
        return tf.nn.conv2d(upstream, kernel, 1, "VALID"), to_kernel

    parts = tf.matmul(tf.reshape(kernel, (-1, filters)), tf.reshape(features, (-1, filters)), transpose_b=True)
    parts = tf.reshape(tf.cast(parts, tf.float32), (high, wide, channels, count, rows, columns))
    parts = tf.add_n([tf.pad(parts[i], [[0, 0]] * 3 + [[i, high - 1 - i], [0, 0]]) for i in range(high)])
    total = tf.add_n([tf.pad(parts[j], [[0, 0]] * 3 + [[j, wide - 1 - j]]) for j in range(wide)])
    total = tf.ensure_shape(
        tf.transpose(total, (1, 2, 3, 0)),
        (None, *(_plus(n, k) for n, k in zip(features.shape[1:3], (high, wide), strict=True)), channels),
    )
    return tf.cast(total, features.dtype), gradient


def _plus(length: int | None, size: int) -> int | None:
    return None if length is None else length + size - 1


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
        # The pixels of a row are the convolution's rows and the images its columns, which the kernel does not mix.
        kernel = tf.cast(self.kernel, self.compute_dtype)[: self.reach, :, None]
        padding = [[0, 0], [self.reach, self.reach], [0, 0], [0, 0]]
        sums = [tf.nn.conv2d(rows[i][None], kernel[i], 1, padding)[0] for i in range(self.reach)]
        return tf.add_n(sums)

    def pixel(self, beside: tf.Tensor, above: tf.Tensor | float = 0.0) -> tf.Tensor:
        """Return the output at one pixel, (N, filters).

        Args:
            beside: the last `seen` pixels of its own row (N, seen * C).
            above: what `above` says of this pixel (N, filters).
        """
        dtype = self.compute_dtype
        kernel = tf.reshape(self.kernel[self.reach, : self.seen], (-1, self.filters))
        own = tf.matmul(tf.cast(beside, dtype), tf.cast(kernel, dtype))
        return self.activation(own + above + tf.cast(self.bias, dtype))

    def get_config(self) -> dict[str, Any]:
        """Return what rebuilds the layer."""
        config = super().get_config()
        del config["padding"]
        return {**config, "kernel_size": self.kernel_size[0], "mask": self.mask}


class DoublingConv2DTranspose(tf.keras.layers.Conv2DTranspose):
    """UpSampling2D, then Conv2DTranspose with stride 1 and no padding, as one convolution of the small image.

    float (N, H, W, C) becomes (N, 2H + K - 1, 2W + K - 1, filters) for an odd kernel size K. Repeating each pixel and
    then applying a kernel is applying, with stride 2, that kernel doubled: smeared over 2 x 2 pixels. Each of the 2 x 2
    output phases of that is an ordinary convolution (see `double`), with about half of the multiplications.
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Repeat and convolve; see the class."""
        size, channels = self.kernel_size[0], inputs.shape[-1]
        taps, kernel = (size + 1) // 2, tf.convert_to_tensor(self.kernel)
        # Output 2j + p sees input i through tap 2 (j - i) + p of the doubled kernel, the sum of the given one's taps
        # that are as far or one less; as the kernel of an ordinary convolution it is turned around.
        doubled = [[[0 <= 2 * (taps - 1 - t) + p - k <= 1 for k in range(size)] for p in (0, 1)] for t in range(taps)]
        each = tf.cast(tf.constant(doubled), kernel.dtype)
        phases = tf.einsum("ypk,xql,klfc->yxcpqf", each, each, kernel)
        phases = tf.reshape(phases, (taps, taps, channels, 4 * self.filters))
        padded = tf.pad(inputs, [[0, 0], [taps - 1, taps - 1], [taps - 1, taps - 1], [0, 0]])
        outputs = tf.nn.depth_to_space(tf.nn.conv2d(padded, phases, 1, "VALID"), 2)
        return self.activation(tf.nn.bias_add(outputs, self.bias))
