"""The conditional GAN (Mirza and Osindero 2014): both networks are told the class."""

import tensorflow as tf
from tensorflow.keras import layers

from ganline.models.activations import LeakyReLU
from ganline.models.base import Batch
from ganline.models.generation.blocks import convolution
from ganline.models.latent_gan import LatentGAN
from ganline.models.layers import Conv2DTranspose


class AppendChannel(layers.Layer):
    """Append a channel (N, H, W) to images (N, H, W, C).

    Not Concatenate: the second derivative of that, which unrolling needs, pads channels in front of a convolution, and
    on processors TensorFlow (oneDNN) fuses the two as if only rows and columns could be padded.
    """

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        """Append; see the class."""
        images, channel = inputs
        return tf.stack([*tf.unstack(images, axis=3), channel], axis=3)


class CGAN(LatentGAN):
    """CGAN of The GAN Book (Chaudhary 2024, Skill 6): the class becomes one more channel in both networks.

    Fakes ask for classes drawn uniformly; real images come with their own.
    """

    image_range = (-1.0, 1.0)
    sizes = (28,)
    abilities = ("latents", "labels", "discriminator", "fast to draw")
    needs = ("classes",)
    batch_norm = True
    refuses = ("packing", "autoencoder")

    @property
    def conditions(self) -> int:
        """See ganline.models.base.Model.conditions."""
        return self.classes

    def build_generator(self) -> tf.keras.Model:
        """Latents (N, latent_dim) and classes one-hot (N, classes) -> images (N, 28, 28, C) in [-1, 1]."""
        latents, classes = layers.Input((self.settings.latent_dim,)), layers.Input((self.classes,))
        drawn = layers.Reshape((5, 5, 4))(layers.Dense(100, activation="relu")(latents))
        asked = layers.Reshape((5, 5, 1))(layers.Dense(25, activation="relu")(classes))
        x = layers.Concatenate()([drawn, asked])
        x = layers.BatchNormalization(momentum=0.8)(Conv2DTranspose(64, 5, activation="relu")(x))
        x = layers.BatchNormalization(momentum=0.8)(Conv2DTranspose(64, 7, activation="relu")(x))
        x = Conv2DTranspose(128, 7, activation="relu")(x)
        x = Conv2DTranspose(self.image_shape[2], 8)(x)
        return tf.keras.Model([latents, classes], layers.Activation("tanh", dtype="float32")(x), name="generator")

    def build_discriminator(self) -> tf.keras.Model:
        """Images (N, 28, 28, C) in [-1, 1] and classes one-hot (N, classes) -> logits (N, 1)."""
        height, width, _ = self.image_shape
        images, classes = layers.Input(self.image_shape), layers.Input((self.classes,))
        claimed = LeakyReLU(0.2)(layers.Dense(height * width)(classes))
        x = AppendChannel()([images, layers.Reshape((height, width))(claimed)])
        x = convolution(x, 128, 3, strides=2, norm=False)
        x = convolution(x, 128, 3, strides=2)
        x = convolution(x, 64, 3)
        x = convolution(x, 64, 3)
        return tf.keras.Model([images, classes], layers.Dense(1)(layers.Flatten()(x)), name="discriminator")

    def evidence(self, shown: tf.Tensor, batch: Batch) -> list[tf.Tensor]:
        """See Adversarial.evidence."""
        return [shown, tf.one_hot(batch["label"], self.classes)]
