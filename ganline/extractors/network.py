"""What every feature network is to those who measure: images in, features and class probabilities out.

On small grey images a classifier of the dataset's own classes sees what matters and Inception does not (Binkowski et
al. 2018 use LeNet features on MNIST). Whichever it is, numbers compare only within one extractor: protocol.json names
its weights.
"""

import importlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from ganline.core.files import sha256, write_arrays, write_json
from ganline.core.progress import Bar
from ganline.extractors.keras_files import KerasFile
from ganline.settings.networks import module

CHOICES = (
    "Either sort the pictures into one subfolder a class (two classes or more), prepare them again and keep "
    "extractor.kind=classifier; or set extractor.kind=rotation, which needs no labels and no download; "
    "or extractor.kind=efficientnet_lite0 or extractor.kind=inception, which need no labels and are fetched"
)
SPATIAL_FEATURES = 490
"""Numbers of the maps that are taken, at most, where the network does not say how many maps: ten maps of 7x7."""
BATCH_PIXELS = 2**20
"""Pixels pushed through a network at once when extracting: some hundred MB of activations."""


class About(NamedTuple):
    """What is to be known of a kind of network before there is one: ABOUT of its file."""

    abilities: frozenset[str] = frozenset()
    """What it has, in the words of ganline.core.abilities."""
    sides: tuple[int, int] | None = None
    """Fewest and most pixels a side that it looks at; other images are enlarged or shrunk. None: as they are."""
    maps: int | None = None
    """How many of its maps tell where in the image something is; None for as many as SPATIAL_FEATURES allows."""
    resize: str = "bilinear, antialiased where it shrinks"
    """How images of other sizes become what it looks at."""
    licence: str = ""
    """Of its weights."""
    keras: KerasFile | None = None
    """Where Keras has them from, if it does."""

    def side(self, image_shape: Sequence[int]) -> int:
        """Return how many pixels a side it sees of images (H, W, C), as large as the larger of the two."""
        least, most = self.sides or (0, max(image_shape[:2]))
        return min(max(least, *image_shape[:2]), most)

    def resized(self, image_shape: Sequence[int]) -> str:
        """Return what a protocol says of it."""
        side = self.side(image_shape)
        return f"tiled to RGB, {side}x{side} {self.resize}" if self.sides else "none"


class Features(NamedTuple):
    """What is said of N images: features float32 (N, d), class probabilities float32 (N, K).

    Rows of probabilities sum to 1. A network without classes, which lacks the ability "probabilities", finds all
    images to be of one: K is 1.
    """

    features: np.ndarray
    probabilities: np.ndarray


class Extractor:
    """A network that maps images, float32 0 to 255 (N, H, W, C), to features (N, d), class logits (N, K) and maps.

    The maps (N, h, w, c) are the last ones that still know where in the image something is.

    `facts` holds what is needed to rebuild it and what a protocol should say: kind, classes (names of the data's; none
    for a network that was trained elsewhere), feature_dim, image_shape, resize, and once saved weights_sha256.
    """

    def __init__(self, network: tf.keras.Model, facts: dict[str, Any]) -> None:
        self.network, self.facts = network, facts
        self._about = about(facts["kind"])
        self.abilities = self._about.abilities
        told = facts.get("given", {}).get("preprocessing", {})
        side = told.get("size", self._about.side(facts["image_shape"]))
        self.batch_size = max(1, min(512, BATCH_PIXELS // side**2))
        self._infer = tf.function(self._forward, reduce_retracing=True)
        self._infer_maps = tf.function(self._maps, reduce_retracing=True)

    def extract(self, images: np.ndarray) -> Features:
        """Return the Features of uint8 images (N, H, W, C), with progress.

        Raises:
            ValueError: not uint8, no images, or not of the shape the extractor was made for.
        """
        self._check(images, np.uint8)
        found: list[np.ndarray] = []  # a thousand probabilities an image are much: they are held once
        done = 0
        with Bar("features", len(images), unit="images") as bar:
            for batch in self._batches(images):
                said = [part.numpy() for part in self._infer(batch)]
                found = found or [np.empty((len(images), *part.shape[1:]), part.dtype) for part in said]
                for whole, part in zip(found, said, strict=True):
                    whole[done : done + len(batch)] = part
                done += len(batch)
                bar.advance(len(batch))
        return Features(*found)

    def describe(self, images: np.ndarray) -> Features:
        """Return the Features of a few uint8 images (N, H, W, C) in one batch, silently.

        Raises:
            ValueError: as `extract`.
        """
        self._check(images, np.uint8)
        return Features(*(part.numpy() for part in self._infer(images)))

    def features(self, images: np.ndarray) -> np.ndarray:
        """Return the features, float32 (N, d), of images that were never rounded: float32 (N, H, W, C), 0 to 255.

        Raises:
            ValueError: not float32, no images, or not of the shape the extractor was made for.
        """
        self._check(images, np.float32)
        return np.concatenate([self._infer(batch)[0].numpy() for batch in self._batches(images)])

    def spatial(self, images: np.ndarray) -> np.ndarray:
        """Return the first maps of uint8 images (N, H, W, C), flattened: float32 (N, s).

        Raises:
            ValueError: not uint8, no images, or not of the shape the extractor was made for.
        """
        self._check(images, np.uint8)
        return np.concatenate([self._infer_maps(batch).numpy() for batch in self._batches(images)])

    def save(self, folder: Path, **more_facts: Any) -> None:
        """Write weights.npz and extractor.json (the facts and `more_facts`) into `folder`."""
        weights = {f"weight_{i:03d}": array for i, array in enumerate(self.network.get_weights())}
        write_arrays(folder / "weights.npz", weights)
        self.facts = {**self.facts, **more_facts, "weights_sha256": sha256(folder / "weights.npz")}
        write_json(folder / "extractor.json", self.facts)

    def _check(self, images: np.ndarray, dtype: type[np.generic]) -> None:
        if images.dtype != dtype or images.shape[1:] != tuple(self.facts["image_shape"]) or not len(images):
            raise ValueError(
                f"expected {dtype.__name__} images (N, {', '.join(map(str, self.facts['image_shape']))}), "
                f"got {images.dtype} {images.shape}"
            )

    def _batches(self, images: np.ndarray) -> Iterator[np.ndarray]:
        for start in range(0, len(images), self.batch_size):
            yield np.ascontiguousarray(images[start : start + self.batch_size])

    def _forward(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        features, logits, _ = self.network(tf.cast(images, tf.float32), training=False)
        return features, tf.nn.softmax(logits)

    def _maps(self, images: tf.Tensor) -> tf.Tensor:
        _, _, maps = self.network(tf.cast(images, tf.float32), training=False)
        positions = maps.shape[1] * maps.shape[2]
        count = self._about.maps or max(1, SPATIAL_FEATURES // positions)
        return tf.reshape(maps[..., :count], (-1, positions * min(count, maps.shape[3])))


def about(kind: str) -> About:
    """Return what the file of this kind of network says of it."""
    found: About = importlib.import_module(module(kind)).ABOUT
    return found


def abilities_of(kind: str) -> frozenset[str]:
    """Return what an extractor of this kind has, in the words of ganline.core.abilities."""
    return about(kind).abilities


def facts_of(
    kind: str, classes: Sequence[str], network: tf.keras.Model, image_shape: Sequence[int], resize: str
) -> dict[str, Any]:
    """Return what extractor.json says of a network that takes images of this shape (H, W, C)."""
    return {
        "kind": kind,
        "classes": list(classes),
        "feature_dim": int(network.outputs[0].shape[-1]),
        "image_shape": [int(size) for size in image_shape],
        "resize": resize,
    }
