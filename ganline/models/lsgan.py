"""Least squares GAN (Mao et al. 2017) as fully connected networks."""

import tensorflow as tf
from tensorflow.keras import Sequential, layers

from ganline.models.gan import GAN


class LSGAN(GAN):
    """LSGAN of The GAN Book (Chaudhary 2024, Skill 7), which keeps to small networks where the paper uses deep ones."""

    image_range = (-1.0, 1.0)

    def build_generator(self) -> tf.keras.Model:
        """Latents (N, latent_dim) -> images (N, H, W, C) in [-1, 1]."""
        height, width, channels = self.image_shape
        hidden = [
            layer
            for units in (256, 512, 1024)
            for layer in (layers.Dense(units), layers.LeakyReLU(0.2), layers.BatchNormalization(momentum=0.8))
        ]
        return Sequential(
            [
                layers.Input((self.settings.latent_dim,)),
                *hidden,
                layers.Dense(height * width * channels),
                layers.Reshape(self.image_shape),
                layers.Activation("tanh", dtype="float32"),
            ],
            name="generator",
        )

    def build_discriminator(self) -> tf.keras.Model:
        """Images of `seen_shape` in [-1, 1] -> scores (N, 1)."""
        return Sequential(
            [
                layers.Input(self.seen_shape),
                layers.Flatten(),
                layers.Dense(512),
                layers.LeakyReLU(0.2),
                layers.Dense(256),
                layers.LeakyReLU(0.2),
                layers.Dense(1),
            ],
            name="discriminator",
        )
