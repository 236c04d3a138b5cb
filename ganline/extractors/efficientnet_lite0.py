"""EfficientNet-Lite0 (Liu 2020, after Tan and Le 2019), ImageNet: 1,280 pooled features and 1,000 class logits."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from ganline.extractors.entrance import entrance, fill
from ganline.extractors.network import About
from ganline.extractors.torch_file import tensors

ABOUT = About(frozenset({"places", "probabilities"}), sides=(96, 224), licence="Apache-2.0")
STAGES = (
    (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)  # fmt: skip
"""Blocks, side of their kernels, stride of the first, how much they widen what comes in, channels that go out."""


def network(image_shape: Sequence[int], file: Path | None) -> tf.keras.Model:
    """Return the network with the weights of the package's PyTorch file, or with random ones.

    Raises:
        ValueError, LookupError: the file holds something else.
    """
    layers = tf.keras.layers
    inputs, images = entrance(image_shape, ABOUT.side(image_shape))
    maps = _normalised(layers.Conv2D(32, 3, 2, padding="same", use_bias=False)((images - 127.0) / 128.0))
    for count, kernel, stride, wider, channels in STAGES:
        for number in range(count):
            maps = _block(maps, kernel, 1 if number else stride, wider, channels)
    maps = _normalised(layers.Conv2D(1280, 1, use_bias=False)(maps))
    features = layers.GlobalAveragePooling2D()(maps)
    made = tf.keras.Model(inputs, [features, layers.Dense(1000)(features), maps])
    if file:
        fill(made, _in_order(tensors(file)))
    return made


def _block(maps: tf.Tensor, kernel: int, stride: int, wider: int, channels: int) -> tf.Tensor:
    layers, given = tf.keras.layers, maps
    if wider > 1:
        maps = _normalised(layers.Conv2D(wider * maps.shape[3], 1, use_bias=False)(maps))
    maps = _normalised(layers.DepthwiseConv2D(kernel, stride, padding="same", use_bias=False)(maps))
    maps = layers.BatchNormalization(epsilon=1e-3)(layers.Conv2D(channels, 1, use_bias=False)(maps))
    return layers.Add()([maps, given]) if maps.shape == given.shape else maps


def _normalised(maps: tf.Tensor) -> tf.Tensor:
    layers = tf.keras.layers
    return layers.ReLU(6.0)(layers.BatchNormalization(epsilon=1e-3)(maps))


def _in_order(held: Mapping[str, np.ndarray]) -> Iterator[np.ndarray]:
    """Yield the arrays in the order of Keras, which is that of the file, in Keras's shapes."""
    for name, array in held.items():
        if name.endswith("num_batches_tracked"):
            continue
        if "_depthwise_conv" in name:
            yield array.transpose(2, 3, 0, 1)
        elif array.ndim == 4:
            yield array.transpose(2, 3, 1, 0)
        else:
            yield array.T
