"""Two GANs that are made to fail (The GAN Book, Chaudhary 2024, Skill 3), to be recognised and learned from."""

import tensorflow as tf
from tensorflow.keras import Sequential, layers

from ganline.models.gan import GAN


class ModeCollapse(GAN):
    """Tiny fully connected networks, meant for two latent dimensions: few different samples are left."""

    def build_generator(self) -> tf.keras.Model:
        """Latents (N, latent_dim) -> images (N, H, W, C) in [0, 1]."""
        height, width, channels = self.image_shape
        return Sequential(
            [
                layers.Input((self.settings.latent_dim,)),
                layers.Dense(64, activation="relu"),
                layers.Dense(height * width * channels),
                layers.Reshape(self.image_shape),
                layers.Activation("sigmoid", dtype="float32"),
            ],
            name="generator",
        )

    def build_discriminator(self) -> tf.keras.Model:
        """Images of `seen_shape` in [0, 1] -> logits (N, 1)."""
        return Sequential(
            [
                layers.Input(self.seen_shape),
                layers.Flatten(),
                layers.Dense(64, activation="relu"),
                layers.Dense(1),
            ],
            name="discriminator",
        )


class CapacityGap(GAN):
    """A one-layer generator against a discriminator of fourteen times its size."""

    def build_generator(self) -> tf.keras.Model:
        """Latents (N, latent_dim) -> images (N, H, W, C) in [0, 1]."""
        height, width, channels = self.image_shape
        return Sequential(
            [
                layers.Input((self.settings.latent_dim,)),
                layers.Dense(height * width * channels),
                layers.Reshape(self.image_shape),
                layers.Activation("sigmoid", dtype="float32"),
            ],
            name="generator",
        )

    def build_discriminator(self) -> tf.keras.Model:
        """Images of `seen_shape` in [0, 1] -> logits (N, 1)."""
        return Sequential(
            [
                layers.Input(self.seen_shape),
                layers.Flatten(),
                layers.Dense(512, activation="relu"),
                layers.Dense(256, activation="relu"),
                layers.Dense(128, activation="relu"),
                layers.Dense(1),
            ],
            name="discriminator",
        )


class ConvergenceFailure(CapacityGap):
    """The same as printed, with a ReLU before the generator's sigmoid, which the book does not blame.

    No pixel can then be darker than mid-grey (sigmoid of what is not negative), while MNIST's background is black: the
    discriminator wins whatever its size.
    """

    def build_generator(self) -> tf.keras.Model:
        """Latents (N, latent_dim) -> images (N, H, W, C) in [0.5, 1]."""
        plain = super().build_generator().layers
        plain.insert(1, layers.ReLU())
        return Sequential([layers.Input((self.settings.latent_dim,)), *plain], name="generator")
