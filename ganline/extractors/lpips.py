"""The network of LPIPS: AlexNet's convolutions, and how much each of their channels counts.

Zhang et al. 2018, "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", version 0.1 of the weights
(AlexNet is what its authors advise to measure with). The weights are those that a package ships
(conf/sources/lpips.yaml), the values those of the package `lpips` 0.1.4.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from ganline.core.errors import UserError
from ganline.core.files import undamaged
from ganline.datasets import sources
from ganline.datasets.numpy_pickle import unpickled
from ganline.extractors.alexnet import CONVOLUTIONS, trunk
from ganline.extractors.entrance import fill
from ganline.extractors.lpips_weights import convolutions, normalised

LIST, FILE = Path("conf/sources/lpips.yaml"), "alexnet.ckpt"
SMALLEST_SIDE = 31
"""Pixels: below, nothing is left after the second pooling."""
BATCH_PIXELS = 2**20
"""Pixels pushed through the network at once."""


class Lpips:
    """Distances between images as people see them.

    The maps of its five convolutions are compared, place by place and each place at length 1.
    """

    def __init__(self, weights: Mapping[str, Any]) -> None:
        """Take what the package's pickle holds: AlexNet_0/Conv_i/{kernel, bias} and NetLinLayer_i/Conv_0/kernel.

        Raises:
            KeyError, ValueError: it holds something else.
        """
        self._trunk = trunk()
        fill(self._trunk, (part for pair in convolutions(weights, "AlexNet_0", len(CONVOLUTIONS)) for part in pair))
        self._heads = [np.asarray(weights[f"NetLinLayer_{i}"]["Conv_0"]["kernel"]).reshape(-1) for i in range(5)]
        pictures, floats = (tf.TensorSpec((None, None, None, 3), kind) for kind in (tf.uint8, tf.float32))
        self._compare = tf.function(self._distances, [pictures, pictures], autograph=False)
        self._compare_floats = tf.function(self._distances, [floats, floats], autograph=False)

    def distances(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Return float64 (N,), 0 or more, of N pairs of images uint8 (N, H, W, 1 or 3); grey counts as RGB.

        Raises:
            ValueError: other arrays, other shapes of the two, or a side under 31 pixels.
        """
        if not (first.dtype == second.dtype == np.uint8 and first.shape == second.shape and first.ndim == 4):
            raise ValueError(f"LPIPS: compares two sets uint8 (N, H, W, C), got {first.shape} and {second.shape}")
        if first.shape[3] not in (1, 3) or min(first.shape[1:3]) < SMALLEST_SIDE:
            raise ValueError(
                f"LPIPS: images must be grey or RGB and at least {SMALLEST_SIDE} pixels a side, got {first.shape[1:]}"
            )
        step = max(1, BATCH_PIXELS // (first.shape[1] * first.shape[2]))
        parts = [
            self._compare(_colour(first[i : i + step]), _colour(second[i : i + step])).numpy()
            for i in range(0, len(first), step)
        ]
        return np.concatenate(parts).astype(np.float64) if parts else np.empty(0)

    def unrounded(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Return the same, float64 (N,), of images float32 (N, H, W, 1 or 3), 0 to 255, that were never rounded.

        For images that are nearer to each other than grey levels are. All at once; they have 31 pixels a side or more.
        """
        return self._compare_floats(_colour(first), _colour(second)).numpy().astype(np.float64)

    def _distances(self, first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
        """Return the sum over the layers of the mean over places of the weighted squared differences, float32 (N,)."""
        total = tf.zeros(tf.shape(first)[:1])
        for one, other, head in zip(self._maps(first), self._maps(second), self._heads, strict=True):
            apart = tf.reduce_sum(tf.square(_unit(one) - _unit(other)) * head, axis=3)
            total += tf.reduce_mean(apart, axis=(1, 2))
        return total

    def _maps(self, images: tf.Tensor) -> list[tf.Tensor]:
        found: list[tf.Tensor] = self._trunk(normalised(tf.cast(images, tf.float32)))
        return found


def _colour(images: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(images if images.shape[3] == 3 else images.repeat(3, axis=3))


def _unit(maps: tf.Tensor) -> tf.Tensor:
    return maps / (tf.sqrt(tf.reduce_sum(tf.square(maps), axis=3, keepdims=True)) + 1e-10)


def ready(folder: Path, manual: Path, image_shape: Sequence[int]) -> Lpips | str:
    """Return the network for images (H, W, C), or why it cannot be had.

    Its weights are fetched into `folder` unless they are there, or the images are too small for it; `manual` is where
    files that were got by hand lie.

    Raises:
        UserError: the weights in `folder` are damaged, or hold anything but numpy arrays.
    """
    if min(image_shape[:2]) < SMALLEST_SIDE:
        return f"it takes images of {SMALLEST_SIDE} pixels a side or more, and these are {tuple(image_shape)}"
    if not (folder / FILE).exists():
        try:
            sources.fetch("lpips", LIST, folder, manual)
        except UserError as reason:
            return f"its weights cannot be had: {reason}"
    return load(folder)


def load(folder: Path) -> Lpips:
    """Return the network whose weights lie in `folder` as they were fetched.

    Raises:
        UserError: they are damaged, or hold anything but numpy arrays.
    """
    with undamaged(folder / FILE, f"delete {folder}, and it is fetched anew"):
        return Lpips(unpickled(folder / FILE))
