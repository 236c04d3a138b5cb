"""InceptionV3 with ImageNet weights."""

from collections.abc import Sequence

import tensorflow as tf

from ganline.core.errors import UserError
from ganline.extractors.network import INCEPTION_SIDE, Extractor, facts_of

INCEPTION_FILE = "inception_v3_weights_tf_dim_ordering_tf_kernels.h5"
INCEPTION_ADDRESS = f"https://storage.googleapis.com/tensorflow/keras-applications/inception_v3/{INCEPTION_FILE}"


def inception(image_shape: Sequence[int], weights: str | None) -> Extractor:
    """Return InceptionV3 (Szegedy et al. 2016) with ImageNet weights: 2,048 pooled features and 1,000 class logits.

    These are Keras's weights, not those of the FID paper's network: do not compare with published FIDs.

    Args:
        image_shape: (H, W, C) of the images it will see; grey is tiled to RGB, any size resized to 299 x 299 bilinear.
        weights: a local weights file of Keras's InceptionV3 with its top, or None to let Keras download it.

    Raises:
        UserError: the weights cannot be had; says what to do.
    """
    try:
        network = inception_network(tuple(image_shape), weights or "imagenet")
    except Exception as error:  # Keras raises a bare Exception when the download fails
        wrong = f"extractor.weights={weights} cannot be used" if weights else "InceptionV3's weights cannot be had"
        raise UserError(
            f"{wrong}: {str(error).strip()}\nGet {INCEPTION_ADDRESS} on a machine that can reach it and set "
            f"extractor.weights=/path/to/{INCEPTION_FILE}, or set extractor.kind=classifier (needs labelled images) "
            "or extractor.kind=rotation (needs no labels)"
        ) from None
    resize = f"tiled to RGB, {INCEPTION_SIDE}x{INCEPTION_SIDE} bilinear without antialiasing"
    return Extractor(network, facts_of("inception", [], network, image_shape, resize))


def inception_network(image_shape: Sequence[int], weights: str | None) -> tf.keras.Model:
    """Return InceptionV3 behind its preprocessing; `weights` as Keras takes them, None for random ones."""
    whole = tf.keras.applications.InceptionV3(weights=weights, classifier_activation=None)
    maps = whole.get_layer("mixed6").output
    inner = tf.keras.Model(whole.input, [whole.get_layer("avg_pool").output, whole.output, maps])
    inputs = tf.keras.Input(tuple(image_shape))
    images = tf.image.grayscale_to_rgb(inputs) if image_shape[-1] == 1 else inputs
    images = tf.image.resize(images, (INCEPTION_SIDE, INCEPTION_SIDE), method="bilinear")
    return tf.keras.Model(inputs, inner(tf.keras.applications.inception_v3.preprocess_input(images)))
