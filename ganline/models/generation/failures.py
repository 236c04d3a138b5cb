"""Two GANs that are made to fail (The GAN Book, Chaudhary 2024, Skill 3), to be recognised and learned from."""

import math

import tensorflow as tf
from tensorflow.keras import Sequential, layers

from ganline.models.latent_gan import LatentGAN, dense_generator, discriminator


class ModeCollapse(LatentGAN):
    """Tiny fully connected networks, meant for two latent dimensions: few different samples are left."""

    def build_generator(self) -> tf.keras.Model:
        """Latents (N, latent_dim) -> images (N, H, W, C) in [0, 1]."""
        hidden = [layers.Dense(64, activation="relu")]
        return dense_generator(self.settings.latent_dim, hidden, self.image_shape, "sigmoid")

    def build_discriminator(self) -> tf.keras.Model:
        """Images of `seen_shape` in [0, 1] -> logits (N, 1)."""
        return discriminator(self.seen_shape, [layers.Flatten(), layers.Dense(64, activation="relu")])


class CapacityGap(LatentGAN):
    """A one-layer generator against a discriminator of fourteen times its size."""

    def build_generator(self) -> tf.keras.Model:
        """Latents (N, latent_dim) -> images (N, H, W, C) in [0, 1]."""
        return dense_generator(self.settings.latent_dim, [], self.image_shape, "sigmoid")

    def build_discriminator(self) -> tf.keras.Model:
        """Images of `seen_shape` in [0, 1] -> logits (N, 1)."""
        hidden = [layers.Dense(units, activation="relu") for units in (512, 256, 128)]
        return discriminator(self.seen_shape, [layers.Flatten(), *hidden])


class ConvergenceFailure(CapacityGap):
    """The same as printed, with a ReLU before the generator's sigmoid, which the book does not blame.

    No pixel can then be darker than mid-grey (sigmoid of what is not negative), while MNIST's background is black: the
    discriminator wins whatever its size.
    """

    def build_generator(self) -> tf.keras.Model:
        """Latents (N, latent_dim) -> images (N, H, W, C) in [0.5, 1]."""
        return Sequential(
            [
                layers.Input((self.settings.latent_dim,)),
                layers.Dense(math.prod(self.image_shape)),
                layers.ReLU(),
                layers.Reshape(self.image_shape),
                layers.Activation("sigmoid", dtype="float32"),
            ],
            name="generator",
        )
