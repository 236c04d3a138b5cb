"""VGG (Simonyan and Zisserman 2015) up to one layer: its convolutions, and no more, for whoever uses a model."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import tensorflow as tf

CONVOLUTIONS = {"VGG19": (2, 2, 4, 4, 4), "VGG16": (2, 2, 3, 3, 3)}
"""Of the five blocks, each of which halves the maps of the one before."""
SHIFT, SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
"""What LPIPS normalises the channels of RGB in -1 to 1 by."""

Weights = Sequence[tuple[np.ndarray, np.ndarray]]
"""Kernel (3, 3, a, b) and bias (b,) of one convolution after the other."""


class Vgg:
    """VGG19 or VGG16 up to a layer, frozen: gradients pass through it to the images, and nothing changes it."""

    def __init__(self, network: Literal["VGG19", "VGG16"], layer: str, weights: Weights, **facts: Any) -> None:
        """Cut the network behind a layer.

        Args:
            network: which of the two the weights are of.
            layer: blockB_convC, as Keras names it; where the block has fewer convolutions, its last is meant.
            weights: of as many convolutions as that takes, or more.
            facts: more to be said of it.
        """
        block, number = _place(layer)
        counts = [*CONVOLUTIONS[network][: block - 1], min(number, CONVOLUTIONS[network][block - 1])]
        each = iter(weights)
        taken = [[tuple(map(tf.constant, next(each))) for _ in range(count)] for count in counts]
        self._blocks, self._scaled = taken, network == "VGG16"
        self.facts = {"perception": f"{network}, block{block}_conv{counts[-1]}", **facts}
        """What a protocol says of it, and what decides what it says: perception, perception_sha256, and where it stands
        in for another perception_stands_in_for."""

    def arrays(self) -> dict[str, np.ndarray]:
        """Return what gives the network back (`restored`): its weights and facts."""
        each = [pair for convolutions in self._blocks for pair in convolutions]
        kernels = {f"{i}/kernel": kernel.numpy() for i, (kernel, _) in enumerate(each)}
        biases = {f"{i}/bias": bias.numpy() for i, (_, bias) in enumerate(each)}
        return kernels | biases | {"facts": np.array(json.dumps(self.facts))}

    def __call__(self, images: tf.Tensor) -> tf.Tensor:
        """Return the layer's maps, after ReLU, float32 (N, h, w, c), of images float32 (N, H, W, 1 or 3) in -1 to 1.

        Each block but the first halves the sides, rounded down. Grey counts as RGB. It computes in the precision of
        Keras's policy.
        """
        kind = tf.keras.mixed_precision.global_policy().compute_dtype
        maps = tf.repeat(images, 3, axis=3) if images.shape[3] == 1 else images
        maps = tf.cast((maps - SHIFT) / SCALE if self._scaled else maps, kind)
        for block, convolutions in enumerate(self._blocks):
            maps = tf.nn.max_pool2d(maps, 2, 2, "VALID") if block else maps
            for kernel, bias in convolutions:
                maps = tf.nn.conv2d(maps, tf.cast(kernel, kind), 1, "SAME")
                maps = tf.nn.relu(tf.nn.bias_add(maps, tf.cast(bias, kind)))
        return tf.cast(maps, tf.float32)


def restored(arrays: Mapping[str, np.ndarray]) -> Vgg:
    """Return the network whose `arrays` these are."""
    facts: dict[str, Any] = json.loads(str(arrays["facts"]))
    network, layer = facts.pop("perception").split(", ")
    weights = [(arrays[f"{i}/kernel"], arrays[f"{i}/bias"]) for i in range(len(arrays) // 2)]
    return Vgg(network, layer, weights, **facts)


def _place(layer: str) -> tuple[int, int]:
    """Return the block and the number of its convolution, both from 1."""
    block, _, number = layer.removeprefix("block").partition("_conv")
    return int(block), int(number)
