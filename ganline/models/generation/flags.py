"""The GAN of GANs: An Illustrative Tutorial: 64x64 flags."""

import tensorflow as tf
from tensorflow.keras import Sequential, layers

from ganline.models.activations import LeakyReLU
from ganline.models.adversarial import Outputs
from ganline.models.latent_gan import LatentGAN
from ganline.models.layers import Conv2D, Dropout, UpSampling2D


class Flags(LatentGAN):
    """One upsampling by four, and a discriminator that keeps the full resolution up to its dense layer.

    The widths are those of the printed summary (128 and 64), which the printed totals confirm; the listing has twice
    as many. The listing's LeakyReLU follows a ReLU and so does nothing: it is left out; FlagsLeaky leaves out the ReLU.
    """

    size_multiple = 4

    def build_generator(self) -> tf.keras.Model:
        """Latents (N, latent_dim) -> images (N, H, W, C) in [0, 1]."""
        height, width, channels = self.image_shape
        return Sequential(
            [
                layers.Input((self.settings.latent_dim,)),
                layers.Dense(height // 4 * (width // 4) * 100, kernel_initializer="glorot_normal"),
                layers.BatchNormalization(),
                layers.ReLU(),
                layers.Reshape((height // 4, width // 4, 100)),
                UpSampling2D(4),
                Dropout(0.5),
                *self.convolution(64),
                *self.convolution(32),
                Conv2D(channels, 1),
                layers.Activation("sigmoid", dtype="float32"),
            ],
            name="generator",
        )

    def convolution(self, filters: int) -> list[layers.Layer]:
        """Return a convolution of stride 1, batch norm, ReLU and dropout."""
        return [Conv2D(filters, 3, padding="same"), layers.BatchNormalization(), layers.ReLU(), Dropout(0.5)]

    def build_discriminator(self) -> tf.keras.Model:
        """Images of `seen_shape` in [0, 1] -> logits (N, 2), of being generated and of being real."""
        hidden = [
            layer
            for filters in (128, 64)
            for layer in (Conv2D(filters, 5, padding="same"), self.activation(), Dropout(0.25))
        ]
        dense = [layers.Dense(32), LeakyReLU(0.2), Dropout(0.25), layers.Dense(2)]
        return Sequential([layers.Input(self.seen_shape), *hidden, layers.Flatten(), *dense], name="discriminator")

    def activation(self) -> layers.Layer:
        """Return what follows the discriminator's convolutions."""
        return layers.ReLU()

    def read(self, heads: Outputs) -> Outputs:
        """Return the score: a softmax over two logits is the sigmoid of their difference."""
        return [heads[0][:, 1:] - heads[0][:, :1]]


class FlagsLeaky(Flags):
    """The same with the LeakyReLU at work in the convolutions too."""

    def activation(self) -> layers.Layer:
        """See Flags.activation."""
        return LeakyReLU(0.2)
