"""The original GAN (Goodfellow et al. 2014) as fully connected networks."""

import tensorflow as tf
from tensorflow.keras import layers

from ganline.models.latent_gan import LatentGAN, dense_generator, discriminator
from ganline.models.layers import Dropout


class GAN(LatentGAN):
    """Fully connected GAN (The GAN Book, Chaudhary 2024, Skill 2)."""

    bfloat16_with = ("non_saturating",)

    def build_generator(self) -> tf.keras.Model:
        """Latents (N, latent_dim) -> images (N, H, W, C) in [0, 1]."""
        hidden = [
            layers.Dense(1200, activation="relu"),
            layers.BatchNormalization(momentum=0.8),
            layers.Dense(1000, activation="relu"),
            layers.BatchNormalization(momentum=0.8),
        ]
        return dense_generator(self.settings.latent_dim, hidden, self.image_shape, "sigmoid")

    def build_discriminator(self) -> tf.keras.Model:
        """Images of `seen_shape` in [0, 1] -> logits (N, 1)."""
        hidden = [
            layers.Dense(256, activation="relu"),
            Dropout(0.3),
            layers.Dense(128, activation="relu"),
            Dropout(0.5),
        ]
        return discriminator(self.seen_shape, [layers.Flatten(), *hidden])
