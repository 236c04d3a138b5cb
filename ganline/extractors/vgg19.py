"""VGG19 (Simonyan and Zisserman 2015) with Keras's ImageNet weights: 512 features, the mean of block 4's last maps."""

from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf

from ganline.extractors.entrance import entrance, no_classes
from ganline.extractors.keras_files import VGG19
from ganline.extractors.network import About

ABOUT = About(
    frozenset({"places"}),
    sides=(64, 224),
    licence="CC BY 4.0 (Visual Geometry Group, Oxford)",
    keras=VGG19,
)
LAYER = "block4_conv4"


def network(image_shape: Sequence[int], file: Path | None) -> tf.keras.Model:
    """Return VGG19 up to a layer, with the weights of Keras's file, that without the top, or with random ones.

    Raises:
        ValueError, LookupError, OSError: the file holds something else.
    """
    whole = tf.keras.applications.VGG19(weights=None, include_top=False)
    if file:
        whole.load_weights(file)
    trunk = tf.keras.Model(whole.input, whole.get_layer(LAYER).output)
    inputs, images = entrance(image_shape, ABOUT.side(image_shape))
    maps = trunk(tf.keras.applications.vgg19.preprocess_input(images))
    features = tf.keras.layers.GlobalAveragePooling2D()(maps)
    return tf.keras.Model(inputs, [features, no_classes(features), maps])
