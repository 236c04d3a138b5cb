"""Deep convolutional GANs (Radford et al. 2016): the step of ganline.models.adversarial with convolutional networks."""

import tensorflow as tf
from tensorflow.keras import Sequential, layers

from ganline.models.activations import LeakyReLU
from ganline.models.latent_gan import LatentGAN, discriminator
from ganline.models.layers import Conv2D, Conv2DTranspose


class Workshop(LatentGAN):
    """DCGAN of The Deep Learning Workshop, Activity 7.01; the layers its text leaves out follow the authors' notebook.

    Batch normalisation comes after the ReLU, as printed. Sizes other than 28 keep the shape of the networks.
    """

    image_range = (-1.0, 1.0)
    size_multiple = 4
    bfloat16_with = ("non_saturating",)

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
                LeakyReLU(0.2),
                Conv2D(64, 5, strides=2, padding="same"),
                LeakyReLU(0.2),
                layers.Flatten(),
                layers.Dense(512),
                LeakyReLU(0.2),
                layers.Dense(1),
            ],
            name="discriminator",
        )


class FashionMNIST(LatentGAN):
    """DCGAN on Fashion-MNIST of The GAN Book (Chaudhary 2024, Skill 4): no strides in the generator, and swish."""

    image_range = (0.0, 1.0)
    sizes = (28,)
    batch_norm = True

    def build_generator(self) -> tf.keras.Model:
        """Latents (N, latent_dim) -> images (N, 28, 28, C) in [0, 1]."""
        return Sequential(
            [
                layers.Input((self.settings.latent_dim,)),
                layers.Dense(3200, activation="swish"),
                norm(),
                layers.Reshape((5, 5, 128)),
                Conv2DTranspose(128, 5, activation="swish"),
                norm(),
                Conv2DTranspose(128, 7, activation="swish"),
                norm(),
                Conv2DTranspose(128, 7, activation="swish"),
                Conv2DTranspose(self.image_shape[2], 8),
                layers.Activation("sigmoid", dtype="float32"),
            ],
            name="generator",
        )

    def build_discriminator(self) -> tf.keras.Model:
        """Images of `seen_shape` in [0, 1] -> logits (N, 1)."""
        hidden = [
            *convolution(128, 3),
            *convolution(128, 5, strides=2),
            norm(),
            *convolution(128, 5),
            norm(),
            *convolution(64, 7),
            norm(),
        ]
        return discriminator(self.seen_shape, [*hidden, layers.Flatten()])


class AnimeFaces(LatentGAN):
    """DCGAN on 56x56 anime faces of The GAN Book (Chaudhary 2024, Skill 4): unpadded convolutions all through."""

    image_range = (-1.0, 1.0)
    sizes = (56,)
    batch_norm = True

    def build_generator(self) -> tf.keras.Model:
        """Latents (N, latent_dim) -> images (N, 56, 56, C) in [-1, 1]."""
        hidden = []
        for size, stride in ((3, 2), (3, 2), (3, 2), (4, 1), (5, 1)):
            hidden += [Conv2DTranspose(128, size, strides=stride, activation="relu"), norm()]
        return Sequential(
            [
                layers.Input((self.settings.latent_dim,)),
                layers.Dense(3200, activation="relu"),
                norm(),
                layers.Reshape((5, 5, 128)),
                *hidden,
                Conv2DTranspose(128, 5, activation="relu"),
                Conv2D(self.image_shape[2], 3),
                layers.Activation("tanh", dtype="float32"),
            ],
            name="generator",
        )

    def build_discriminator(self) -> tf.keras.Model:
        """Images of `seen_shape` in [-1, 1] -> logits (N, 1)."""
        hidden = convolution(128, 3)
        for stride in (2, 2, 1, 1):
            hidden += [*convolution(64, 5, strides=stride), norm()]
        return discriminator(self.seen_shape, [*hidden, layers.Flatten()])


class HumanFaces(LatentGAN):
    """DCGAN on 56x56 human faces of The GAN Book (Chaudhary 2024, Skill 4), as its printed table has it.

    The listing has one more block in the generator than the table and the printed totals.
    """

    image_range = (-1.0, 1.0)
    sizes = (56,)
    batch_norm = True

    def build_generator(self) -> tf.keras.Model:
        """Latents (N, latent_dim) -> images (N, 56, 56, C) in [-1, 1]."""
        hidden = []
        for _ in range(3):
            hidden += [Conv2DTranspose(128, 5, strides=2, padding="same", activation="relu"), norm()]
        return Sequential(
            [
                layers.Input((self.settings.latent_dim,)),
                layers.Dense(3136, activation="relu"),
                norm(),
                layers.Reshape((7, 7, 64)),
                *hidden,
                Conv2DTranspose(128, 5, padding="same", activation="relu"),
                Conv2D(self.image_shape[2], 3, padding="same"),
                layers.Activation("tanh", dtype="float32"),
            ],
            name="generator",
        )

    def build_discriminator(self) -> tf.keras.Model:
        """Images of `seen_shape` in [-1, 1] -> logits (N, 1)."""
        hidden = convolution(128, 5, strides=2, padding="same")
        for filters, size, stride, padding in (
            (64, 5, 2, "same"), (128, 5, 2, "same"), (64, 5, 1, "same"), (128, 5, 1, "valid"), (64, 3, 1, "valid")
        ):  # fmt: skip
            hidden += [*convolution(filters, size, strides=stride, padding=padding), norm()]
        return discriminator(self.seen_shape, [*hidden, layers.Flatten()])


def norm() -> layers.Layer:
    """Return the batch norm of The GAN Book, whose statistics move faster than Keras's."""
    return layers.BatchNormalization(momentum=0.8)


def convolution(filters: int, size: int, strides: int = 1, padding: str = "valid") -> list[layers.Layer]:
    """Return a convolution with LeakyReLU 0.2."""
    return [Conv2D(filters, size, strides=strides, padding=padding), LeakyReLU(0.2)]
