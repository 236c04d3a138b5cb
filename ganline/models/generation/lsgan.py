"""Least squares GAN (Mao et al. 2017) as fully connected networks."""

import tensorflow as tf
from tensorflow.keras import layers

from ganline.models.activations import LeakyReLU
from ganline.models.latent_gan import LatentGAN, dense_generator, discriminator


class LSGAN(LatentGAN):
    """LSGAN of The GAN Book (Chaudhary 2024, Skill 7), which keeps to small networks where the paper uses deep ones."""

    image_range = (-1.0, 1.0)
    bfloat16_with = ("least_squares",)

    def build_generator(self) -> tf.keras.Model:
        """Latents (N, latent_dim) -> images (N, H, W, C) in [-1, 1]."""
        hidden = [
            layer
            for units in (256, 512, 1024)
            for layer in (layers.Dense(units), LeakyReLU(0.2), layers.BatchNormalization(momentum=0.8))
        ]
        return dense_generator(self.settings.latent_dim, hidden, self.image_shape, "tanh")

    def build_discriminator(self) -> tf.keras.Model:
        """Images of `seen_shape` in [-1, 1] -> scores (N, 1)."""
        hidden = [layer for units in (512, 256) for layer in (layers.Dense(units), LeakyReLU(0.2))]
        return discriminator(self.seen_shape, [layers.Flatten(), *hidden])
