"""Layers that the SGAN, InfoGAN and ACGAN of The GAN Book (Chaudhary 2024, Skill 6) have in common.

All convolutions are unpadded and batch norm comes after the activation, as printed.
"""

import tensorflow as tf
from tensorflow.keras import layers

from ganline.models.activations import LeakyReLU
from ganline.models.layers import Conv2D, Conv2DTranspose


def pictures(features: tf.Tensor, channels: int, norm_first: bool, norm_last: bool) -> tf.Tensor:
    """Return what draws features (N, F) as images (N, 28, 28, channels) in [-1, 1].

    Args:
        features: a Keras tensor.
        channels: of the images.
        norm_first: whether batch norm follows the dense layer.
        norm_last: whether it follows the last hidden convolution.
    """
    x = _normalized(layers.Dense(1600, activation="relu")(features), norm_first)
    x = layers.Reshape((5, 5, 64))(x)
    x = _normalized(Conv2DTranspose(128, 3, strides=2, activation="relu")(x))
    x = _normalized(Conv2DTranspose(128, 3, strides=2, activation="relu")(x))
    x = _normalized(Conv2DTranspose(128, 3, activation="relu")(x), norm_last)
    return layers.Activation("tanh", dtype="float32")(Conv2DTranspose(channels, 4)(x))


def trunk(images: tf.Tensor, filters: int, norm_first: bool) -> tf.Tensor:
    """Return the features (N, filters) of images (N, 28, 28, C) that a discriminator's heads work on.

    Args:
        images: a Keras tensor.
        filters: of the last convolution, which covers all that is left of the image.
        norm_first: whether batch norm follows the first convolution.
    """
    x = convolution(images, 128, 3, strides=2, norm=norm_first)
    x = convolution(x, 128, 3, strides=2)
    x = convolution(x, 128, 3)
    return layers.Flatten()(convolution(x, filters, 4))


def convolution(x: tf.Tensor, filters: int, size: int, strides: int = 1, norm: bool = True) -> tf.Tensor:
    """Return an unpadded convolution of x (N, H, W, C), LeakyReLU and, with `norm`, batch norm."""
    x = LeakyReLU(0.2)(Conv2D(filters, size, strides=strides)(x))
    return _normalized(x, norm)


def _normalized(x: tf.Tensor, norm: bool = True) -> tf.Tensor:
    return layers.BatchNormalization(momentum=0.8)(x) if norm else x
