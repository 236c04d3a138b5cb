"""The GAN of Deep Learning Illustrated, chapter 12: sketches, with upsampling in place of strided deconvolution."""

import tensorflow as tf
from tensorflow.keras import Sequential, layers

from ganline.models.latent_gan import LatentGAN
from ganline.models.layers import Conv2D, Conv2DTranspose, Dropout, UpSampling2D, batch_norm


class QuickDraw(LatentGAN):
    """A small generator against a discriminator of 23 times its size."""

    size_multiple = 4

    def build_generator(self) -> tf.keras.Model:
        """Latents (N, latent_dim) -> images (N, H, W, C) in [0, 1]."""
        height, width, channels = self.image_shape
        start = (height // 4, width // 4, 64)
        return Sequential(
            [
                layers.Input((self.settings.latent_dim,)),
                layers.Dense(start[0] * start[1] * start[2]),
                layers.BatchNormalization(momentum=0.9),
                layers.ReLU(),
                layers.Reshape(start),
                Dropout(0.4),
                UpSampling2D(),
                *self.deconvolution(32),
                UpSampling2D(),
                *self.deconvolution(16),
                *self.deconvolution(8),
                Conv2D(channels, 5, padding="same"),
                layers.Activation("sigmoid", dtype="float32"),
            ],
            name="generator",
        )

    def deconvolution(self, filters: int) -> list[layers.Layer]:
        """Return a transposed convolution of stride 1, batch norm and ReLU."""
        return [
            Conv2DTranspose(filters, 5, padding="same"),
            batch_norm(filters, momentum=0.9),
            layers.ReLU(),
        ]

    def build_discriminator(self) -> tf.keras.Model:
        """Images of `seen_shape` in [0, 1] -> logits (N, 1)."""
        hidden = [
            layer
            for filters, stride in ((64, 2), (128, 2), (256, 2), (512, 1))
            for layer in (Conv2D(filters, 5, strides=stride, padding="same", activation="relu"), Dropout(0.4))
        ]
        return Sequential(
            [layers.Input(self.seen_shape), *hidden, layers.Flatten(), layers.Dense(1)], name="discriminator"
        )
