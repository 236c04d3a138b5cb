"""SqueezeNet 1.1 (Iandola et al. 2016), ImageNet: 512 features before its head, 1,000 class logits."""

from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf

from ganline.datasets.numpy_pickle import unpickled
from ganline.extractors.entrance import entrance, fill
from ganline.extractors.network import About

ABOUT = About(
    frozenset({"places", "probabilities"}),
    sides=(64, 224),
    licence="MIT, as the package ndf says; SqueezeNet itself is BSD 2-clause",
)
MEANS = (104.0, 117.0, 123.0)
"""Of blue, green, red: what Caffe takes off."""
FIRES = ((16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256))
"""Channels that each module squeezes to, and that each of its two halves expands to."""
POOLED = (2, 4)
"""Before these modules the maps are halved."""


def network(image_shape: Sequence[int], file: Path | None) -> tf.keras.Model:
    """Return the network with the weights of the package's pickle, or with random ones.

    Raises:
        ValueError, LookupError: the file holds something else.
    """
    layers = tf.keras.layers
    inputs, images = entrance(image_shape, ABOUT.side(image_shape))
    maps = layers.Conv2D(64, 3, 2, activation="relu", name="conv1")(images[..., ::-1] - MEANS)
    maps = layers.MaxPool2D(3, 2)(maps)
    for number, (squeezed, expanded) in enumerate(FIRES):
        maps = layers.MaxPool2D(3, 2)(maps) if number in POOLED else maps
        maps = _fire(maps, squeezed, expanded, f"fire{number + 2}")
    features = layers.GlobalAveragePooling2D()(maps)
    scored = layers.Conv2D(1000, 1, activation="relu", name="conv10")(maps)
    made = tf.keras.Model(inputs, [features, layers.GlobalAveragePooling2D()(scored), maps])
    if file:
        held = unpickled(file)
        convolutions = [layer.name for layer in made.layers if layer.weights]
        fill(made, [part for name in convolutions for part in held[name]])
    return made


def _fire(maps: tf.Tensor, squeezed: int, expanded: int, name: str) -> tf.Tensor:
    layers = tf.keras.layers
    maps = layers.Conv2D(squeezed, 1, activation="relu", name=f"{name}/squeeze1x1")(maps)
    one = layers.Conv2D(expanded, 1, activation="relu", name=f"{name}/expand1x1")(maps)
    three = layers.Conv2D(expanded, 3, padding="same", activation="relu", name=f"{name}/expand3x3")(maps)
    return layers.Concatenate()([one, three])
