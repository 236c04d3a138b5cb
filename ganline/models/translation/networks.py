"""The networks that translators share: a U-Net that halves images and doubles them back, and a judge of patches."""

from collections.abc import Callable, Sequence

import tensorflow as tf
from tensorflow.keras import layers

from ganline.models.activations import LeakyReLU
from ganline.models.layers import Conv2D, Conv2DTranspose
from ganline.models.small_maps import SIDE, SmallConv2D, SmallConv2DTranspose

Normalized = Callable[[tf.Tensor], tf.Tensor]
"""What stands after an activation: (N, H, W, C) normalised."""


def halvings(size: int, most: int) -> int:
    """Return how often a U-Net halves images of this side: as often as they can be halved, `most` times at most."""
    return next(n for n in range(most, 0, -1) if size % 2**n == 0)


def unet(
    inputs: tf.Tensor, encoder: Sequence[int], bottleneck: int, decoder: Sequence[int], channels: int,
    normalized: Normalized, beside: tf.Tensor | None = None,
) -> tf.Tensor:  # fmt: skip
    """Return images (N, H, W, channels) in [-1, 1] that a U-Net makes of inputs (N, H, W, Ci) (Isola et al. 2017).

    Smaller images lack the deepest levels, and with them the last widths of `encoder` and the first of `decoder`.

    Args:
        inputs: squares.
        encoder: widths of the levels, the outermost first.
        bottleneck: width of the deepest level.
        decoder: widths on the way up, the deepest first; as many as `encoder` has.
        channels: of what is made.
        normalized: what follows each activation but the first level's and the bottleneck's.
        beside: (N, h, w, c), laid on the level of its size on the way up.
    """
    levels = halvings(inputs.shape[1], len(encoder) + 1) - 1
    x, skips = inputs, []
    for i, width in enumerate(encoder[:levels]):
        x = LeakyReLU(0.2)(halved(x, width))
        x = normalized(x) if i else x
        skips.append(x)
    x = layers.ReLU()(halved(x, bottleneck))
    for width, skip in zip(decoder[-levels:], reversed(skips), strict=True):
        x = normalized(layers.ReLU()(doubled(x, width)))
        more = [] if beside is None or beside.shape[1] != skip.shape[1] else [beside]
        x = layers.Concatenate()([x, skip, *more])
    return layers.Activation("tanh", dtype="float32")(doubled(x, channels))


def patches(x: tf.Tensor, widths: Sequence[int], normalized: Normalized) -> tf.Tensor:
    """Return a logit for each patch of x (N, H, W, C): (N, H / 2^n, W / 2^n, 1) for n widths (Isola et al. 2017)."""
    for i, width in enumerate(widths):
        x = LeakyReLU(0.2)(halved(x, width))
        x = normalized(x) if i else x
    return Conv2D(1, 4, padding="same")(x)


def halved(x: tf.Tensor, width: int) -> tf.Tensor:
    """Return x (N, H, W, C) convolved to (N, H / 2, W / 2, width)."""
    small = x.shape[1] <= SIDE
    return (_float32(SmallConv2D, width) if small else Conv2D(width, 4, strides=2, padding="same"))(x)


def doubled(x: tf.Tensor, width: int) -> tf.Tensor:
    """Return x (N, H, W, C) convolved to (N, 2 H, 2 W, width)."""
    small = 2 * x.shape[1] <= SIDE
    return (_float32(SmallConv2DTranspose, width) if small else Conv2DTranspose(width, 4, strides=2, padding="same"))(x)


def _float32(kind: type[layers.Layer], width: int) -> layers.Layer:
    """Return a layer that computes in float32: a kernel that few pixels see takes as long to cast as to use."""
    return kind(width, 4, strides=2, padding="same", dtype="float32")
