"""Wasserstein GANs: the critic's score instead of a probability (Arjovsky et al. 2017; Gulrajani et al. 2017)."""

import tensorflow as tf
from tensorflow.keras import Sequential, layers

from ganline.models.activations import LeakyReLU
from ganline.models.latent_gan import LatentGAN
from ganline.models.layers import Conv2D, Conv2DTranspose, Dropout

Layers = list[layers.Layer]


def norm() -> layers.Layer:
    """Return the batch norm of both critics and generators."""
    return layers.BatchNormalization(momentum=0.8)


class WGAN(LatentGAN):
    """WGAN of The GAN Book (Chaudhary 2024, Skill 7)."""

    network_names = ("generator", "critic")
    adversaries = ("critic",)
    image_range = (-1.0, 1.0)
    size_multiple = 4
    batch_norm = True

    def build_generator(self) -> tf.keras.Model:
        """Latents (N, latent_dim) -> images (N, H, W, C) in [-1, 1]."""
        last = [Conv2DTranspose(128, 3, padding="same", activation="relu")]
        return generator(self.settings.latent_dim, self.image_shape, (128, 128), 3, last)

    def build_discriminator(self) -> tf.keras.Model:
        """Images of `seen_shape` in [-1, 1] -> scores (N, 1)."""
        return critic(self.seen_shape, filters=(64, 128, 128, 256))


class WGANGP(WGAN):
    """WGAN-GP of The GAN Book (Chaudhary 2024, Skill 7).

    Its critic has batch norm and dropout, though the penalty bounds the gradient of single examples and batch norm
    mixes them; train.discriminator_normalization replaces it.
    """

    def build_generator(self) -> tf.keras.Model:
        """Latents (N, latent_dim) -> images (N, H, W, C) in [-1, 1]."""
        return generator(self.settings.latent_dim, self.image_shape, (128, 64), 4, [])

    def build_discriminator(self) -> tf.keras.Model:
        """Images of `seen_shape` in [-1, 1] -> scores (N, 1)."""
        return critic(self.seen_shape, filters=(16, 32, 64, 128))


def generator(
    latent_dim: int, image_shape: tuple[int, int, int], filters: tuple[int, int], size: int, last: Layers
) -> tf.keras.Model:
    """Return the generator that both share but for its widths and kernels: two doublings, and what comes last."""
    height, width, channels = image_shape
    start = (height // 4, width // 4, 128)
    hidden: Layers = []
    for number in filters:
        hidden += [Conv2DTranspose(number, size, strides=2, padding="same"), norm(), layers.ReLU()]
    first = [layers.Input((latent_dim,)), layers.Dense(start[0] * start[1] * start[2]), layers.Reshape(start)]
    pixels = [Conv2DTranspose(channels, 4, padding="same"), layers.Activation("tanh", dtype="float32")]
    return Sequential([*first, *hidden, *last, *pixels], name="generator")


def critic(seen_shape: tuple[int, int, int], filters: tuple[int, int, int, int]) -> tf.keras.Model:
    """Return the critic that both share but for its widths: three halvings, then one more convolution."""
    hidden: Layers = []
    for i, width in enumerate(filters):
        hidden += [Conv2D(width, 3, strides=1 if i == 3 else 2, padding="same")]
        hidden += [norm()] if i else []
        hidden += [LeakyReLU(0.2), Dropout(0.25)]
    return Sequential([layers.Input(seen_shape), *hidden, layers.Flatten(), layers.Dense(1)], name="critic")
