"""InceptionV3 (Szegedy et al. 2016) with Keras's ImageNet weights: 2,048 pooled features and 1,000 class logits.

These are not the weights of the FID paper's network: do not compare with published FIDs.
"""

from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf

from ganline.extractors.keras_files import INCEPTION
from ganline.extractors.network import About

ABOUT = About(
    frozenset({"places", "probabilities"}),
    sides=(299, 299),
    maps=7,
    resize="bilinear without antialiasing",
    licence="Apache-2.0 (Keras)",
    keras=INCEPTION,
)
"""Seven of the 17x17 maps of mixed6, as Nash et al. 2021 take them: 2,023 numbers."""


def network(image_shape: Sequence[int], file: Path | None) -> tf.keras.Model:
    """Return InceptionV3 with the weights of Keras's file, that with the top, or with random ones.

    Raises:
        ValueError, LookupError, OSError: the file holds something else.
    """
    whole = tf.keras.applications.InceptionV3(weights=None, classifier_activation=None)
    if file:
        whole.load_weights(file)
    maps = whole.get_layer("mixed6").output
    inner = tf.keras.Model(whole.input, [whole.get_layer("avg_pool").output, whole.output, maps])
    inputs = tf.keras.Input(tuple(image_shape))
    images = tf.image.grayscale_to_rgb(inputs) if image_shape[-1] == 1 else inputs
    images = tf.image.resize(images, (ABOUT.side(image_shape),) * 2, method="bilinear")
    return tf.keras.Model(inputs, inner(tf.keras.applications.inception_v3.preprocess_input(images)))
