"""Deep convolutional GANs (Radford et al. 2016): the step of ganline.models.gan with convolutional networks."""

import tensorflow as tf
from tensorflow.keras import Sequential, layers

from ganline.models.gan import GAN
from ganline.models.layers import Conv2D, Conv2DTranspose


class Workshop(GAN):
    """DCGAN of The Deep Learning Workshop, Activity 7.01; the layers its text leaves out follow the authors' notebook.

    Batch normalisation comes after the ReLU, as printed. Sizes other than 28 keep the shape of the networks.
    """

    image_range = (-1.0, 1.0)
    size_multiple = 4

    def build_generator(self) -> tf.keras.Model:
        """Latents (N, latent_dim) -> images (N, H, W, C) in [-1, 1]."""
        height, width, channels = self.image_shape
        start = (height // 4, width // 4, 64)
        return Sequential(
            [
                layers.Input((self.settings.latent_dim,)),
                layers.Dense(512, activation="relu"),
                layers.BatchNormalization(),
                layers.Dense(start[0] * start[1] * start[2], activation="relu"),
                layers.BatchNormalization(),
                layers.Reshape(start),
                Conv2DTranspose(32, 5, strides=2, padding="same", activation="relu"),
                layers.BatchNormalization(),
                Conv2DTranspose(channels, 5, strides=2, padding="same"),
                layers.Activation("tanh", dtype="float32"),
            ],
            name="generator",
        )

    def build_discriminator(self) -> tf.keras.Model:
        """Images of `seen_shape` in [-1, 1] -> logits (N, 1)."""
        return Sequential(
            [
                layers.Input(self.seen_shape),
                Conv2D(32, 5, strides=2, padding="same"),
                layers.LeakyReLU(0.2),
                Conv2D(64, 5, strides=2, padding="same"),
                layers.LeakyReLU(0.2),
                layers.Flatten(),
                layers.Dense(512),
                layers.LeakyReLU(0.2),
                layers.Dense(1),
            ],
            name="discriminator",
        )
