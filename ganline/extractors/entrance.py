"""What stands before every network that was trained elsewhere: the pictures made what it was trained on."""

from collections.abc import Iterable, Sequence

import numpy as np
import tensorflow as tf


def entrance(image_shape: Sequence[int], side: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the input, float 0 to 255 (N, H, W, 1 or 3), and what is made of it: RGB (N, side, side, 3).

    Grey is tiled; every size is resized bilinearly, with antialiasing where it shrinks.
    """
    inputs = tf.keras.Input(tuple(image_shape))
    images = tf.image.grayscale_to_rgb(inputs) if image_shape[-1] == 1 else inputs
    if tuple(image_shape[:2]) != (side, side):
        images = tf.image.resize(images, (side, side), method="bilinear", antialias=max(image_shape[:2]) > side)
    return inputs, images


def no_classes(features: tf.Tensor) -> tf.Tensor:
    """Return logits (N, 1) of a network that tells no classes apart: all is of one."""
    return tf.zeros_like(features[:, :1])


def fill(network: tf.keras.Model, arrays: Iterable[np.ndarray]) -> None:
    """Give a network its weights.

    Raises:
        ValueError: they are too few, too many, of other shapes, or not finite; says which.
    """
    given = [np.asarray(array, np.float32) for array in arrays]
    wanted = [tuple(weight.shape) for weight in network.weights]
    if len(given) != len(wanted):
        raise ValueError(f"it has {len(given)} arrays, and the network {len(wanted)}")
    for number, (array, shape) in enumerate(zip(given, wanted, strict=True)):
        if array.shape != shape:
            raise ValueError(f"its array {number} has the shape {array.shape}, and the network wants {shape}")
        if not np.isfinite(array).all():
            raise ValueError(f"its array {number} holds NaN or infinity")
    network.set_weights(given)
