"""PGGAN: progressive growing (Karras et al. 2018, "Progressive Growing of GANs for Improved Quality, Stability, and
Variation")."""

from collections.abc import Callable
from functools import reduce

import tensorflow as tf
from tensorflow.keras import layers

from ganline.models.activations import LeakyReLU
from ganline.models.growing.layers import (
    Bias,
    Blend,
    EqualisedConv2D,
    EqualisedDense,
    GroupDeviation,
    PixelNorm,
    Shrink,
)
from ganline.models.growing_gan import GrowingGAN

Apply = Callable[[tf.Tensor], tf.Tensor]
LEAST = 4
"""Side of the smallest images inside the networks, pixels."""


class PGGAN(GrowingGAN):
    """PGGAN as in the paper's Table 2: for 1024 x 1024 images 23.1M parameters in each network.

    The table counts the layers of the final size alone; 1x1 convolutions to and from images of smaller sizes add up to
    0.01M in the generator and to 0.01M in the discriminator. Layers at a size S have min(most_features, features / S)
    features, in the table 16384 / S and at most 512.
    """

    def build_generator(self) -> tf.keras.Model:
        """Latents (N, latent_dim) -> images of the phases' sizes, each (N, size, size, C) in about [-1, 1]."""
        latents = layers.Input((self.settings.latent_dim,))
        width, sizes = self.width(LEAST), [phase.size for phase in self.settings.phases]
        # The gain of the code that was published with the paper, a quarter of that of other layers.
        x = EqualisedDense(LEAST**2 * width, gain=2**0.5 / 4, use_bias=False)(PixelNorm()(latents))
        x = PixelNorm()(LeakyReLU(0.2)(Bias()(layers.Reshape((LEAST, LEAST, width))(x))))
        x, size, images = self._normed(x, width), LEAST, []
        while True:
            if size in sizes:
                picture = EqualisedConv2D(self.image_shape[2], 1, gain=1.0)(x)
                images.append(layers.Activation("linear", dtype="float32")(picture))
            if size == sizes[-1]:
                return tf.keras.Model(latents, images, name="generator")
            size *= 2
            x = self._normed(self._normed(x, self.width(size), doubling=True), self.width(size))

    def build_discriminator(self) -> tf.keras.Model:
        """Images of the phases' sizes and the newest layers' share (N, 1, 1, 1) -> scores (N, 1), one by each size."""
        sizes = [phase.size for phase in self.settings.phases]
        images = [layers.Input((size, size, self.image_shape[2])) for size in sizes]
        share = layers.Input((1, 1, 1))
        seen = {size: self._reading(size) for size in sizes}
        blocks = {size: self._judging(size) for size in _doubling(LEAST, sizes[-1])}
        scores = []
        for level, (size, image) in enumerate(zip(sizes, images, strict=True)):
            x = blocks[size](seen[size](image))
            if self.fades(level):
                x = Blend()([seen[size // 2](Shrink()(image)), x, share])
            for below in reversed(_doubling(LEAST, size // 2)):
                x = blocks[below](x)
            scores.append(x)
        return tf.keras.Model([*images, share], scores, name="discriminator")

    def width(self, size: int) -> int:
        """Return how many features layers at a size have."""
        return max(1, min(self.settings.most_features, self.settings.features // size))

    def _normed(self, x: tf.Tensor, width: int, doubling: bool = False) -> tf.Tensor:
        return PixelNorm()(LeakyReLU(0.2)(EqualisedConv2D(width, 3, doubling=doubling)(x)))

    def _reading(self, size: int) -> Apply:
        """Return the layers that make features of an image."""
        return _in_turn([EqualisedConv2D(self.width(size), 1), LeakyReLU(0.2)])

    def _judging(self, size: int) -> Apply:
        """Return the layers that halve features (N, size, size, C), or make scores of the smallest."""
        width = self.width(size)
        first = [EqualisedConv2D(width, 3), LeakyReLU(0.2)]
        if size > LEAST:
            return _in_turn([*first, EqualisedConv2D(self.width(size // 2), 3), LeakyReLU(0.2), Shrink()])
        last = [layers.Flatten(), EqualisedDense(width), LeakyReLU(0.2), EqualisedDense(1, gain=1.0)]
        return _in_turn([GroupDeviation(), *first, *last])


def _doubling(least: int, most: int) -> list[int]:
    """Return least, 2 least, 4 least and so on up to `most`."""
    sizes = [least]
    while sizes[-1] < most:
        sizes.append(2 * sizes[-1])
    return sizes if most >= least else []


def _in_turn(steps: list[layers.Layer]) -> Apply:
    """Return what applies layers one after the other, the same ones each time."""
    return lambda x: reduce(lambda x, layer: layer(x), steps, x)
