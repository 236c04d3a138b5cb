"""The DCGANs with which the field counts the modes that are found of Stacked MNIST (ganline.metrics.modes).

As the code of PacGAN has them (Lin et al. 2018, "PacGAN: The power of two samples in generative adversarial networks"),
whose tables 2 and 3 they are the baselines of.
"""

import tensorflow as tf
from tensorflow.keras import Sequential, layers

from ganline.models.activations import LeakyReLU
from ganline.models.latent_gan import LatentGAN, discriminator
from ganline.models.layers import Conv2D, Conv2DTranspose, batch_norm


class Wide(LatentGAN):
    """DCGAN of PacGAN's table 2, which goes back to VEEGAN's (Srivastava et al. 2017): 64 to 512 maps, kernels of 5."""

    image_range = (-1.0, 1.0)
    sizes = (28, 32)
    batch_norm = True

    def build_generator(self) -> tf.keras.Model:
        """Latents (N, latent_dim) -> images (N, H, W, C) in [-1, 1]."""
        small, *sides = _sides(self.image_shape[0], 4)
        hidden = [
            *_first(small, 512),
            *(each for at in zip(sides[:3], (256, 128, 64), strict=True) for each in _up(*at, 5)),
        ]
        last = Conv2DTranspose(self.image_shape[2], 5, strides=2, padding="same")
        return _generator(self.settings.latent_dim, [*hidden, last])

    def build_discriminator(self) -> tf.keras.Model:
        """Images of `seen_shape` in [-1, 1] -> logits (N, 1)."""
        hidden = [Conv2D(64, 5, strides=2, padding="same"), LeakyReLU(0.2)]
        for filters in (128, 256, 512):
            hidden += [Conv2D(filters, 5, strides=2, padding="same"), _norm(filters), LeakyReLU(0.2)]
        return discriminator(self.seen_shape, [*hidden, layers.Flatten()])


class Small(LatentGAN):
    """The small networks of Metz et al. 2017, "Unrolled Generative Adversarial Networks", and of PacGAN's table 3.

    The discriminator has a quarter of the width that goes with the generator's, so that modes are lost easily.
    """

    image_range = (-1.0, 1.0)
    sizes = (28, 32)
    batch_norm = True

    def build_generator(self) -> tf.keras.Model:
        """Latents (N, latent_dim) -> images (N, H, W, C) in [-1, 1]."""
        small, *sides = _sides(self.image_shape[0], 3)
        hidden = [*_first(small, 64), *(each for at in zip(sides, (32, 16, 8), strict=True) for each in _up(*at, 3))]
        return _generator(self.settings.latent_dim, [*hidden, Conv2D(self.image_shape[2], 3, padding="same")])

    def build_discriminator(self) -> tf.keras.Model:
        """Images of `seen_shape` in [-1, 1] -> logits (N, 1)."""
        hidden = []
        for filters in (2, 4, 8):
            hidden += [Conv2D(filters, 3, strides=2, padding="same"), _norm(filters), LeakyReLU(0.3)]
        return discriminator(self.seen_shape, [*hidden, layers.Flatten()])


def _sides(size: int, halvings: int) -> list[int]:
    """Return the sides from the smallest on, each half of the next, rounded up: 4, 7, 14, 28."""
    return [-(-size // 2**times) for times in range(halvings, -1, -1)]


def _first(side: int, maps: int) -> list[layers.Layer]:
    return [layers.Dense(side * side * maps), layers.Reshape((side, side, maps)), _norm(maps), layers.ReLU()]


def _up(side: int, maps: int, size: int) -> list[layers.Layer]:
    """Return what doubles maps up to `side` pixels: where that is odd, one pixel less than double."""
    odd = {"output_padding": 0} if side % 2 else {}
    return [Conv2DTranspose(maps, size, strides=2, padding="same", **odd), _norm(maps), layers.ReLU()]


def _generator(latent_dim: int, hidden: list[layers.Layer]) -> tf.keras.Model:
    last = layers.Activation("tanh", dtype="float32")
    return Sequential([layers.Input((latent_dim,)), *hidden, last], name="generator")


def _norm(maps: int) -> layers.Layer:
    return batch_norm(maps, momentum=0.9, epsilon=1e-5)
