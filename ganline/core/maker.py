"""What makes the images of a model, for whoever judges it: nobody who judges need know what they were made from.

ganline/models/makers.py has the makers themselves; here is what they are to others, without TensorFlow.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf

Given = dict[str, np.ndarray]
"""What N images are made from, row by row: "latents" float32 (N, L) with "labels" int32 (N,) where classes or codes can
be asked for; or "inputs" uint8 (N, H, W, C), with "styles" uint8 (N, H', W', C') where it draws in the style of
pictures."""


def silent(count: int) -> None:
    """Tell nobody that `count` more images are made."""


class Made(NamedTuple):
    """N images and what is known of them."""

    images: np.ndarray
    """uint8 (N, H, W, C)."""
    given: Given
    partners: np.ndarray | None = None
    """uint8 (N, H, W, C): what each image should have been; None where nobody knows."""


class Maker(Protocol):
    """A model as a maker of images."""

    name: str
    """Of the model, as in train.model."""
    abilities: frozenset[str]
    """Words of ganline.core.abilities."""
    image_shape: tuple[int, int, int]
    """(H, W, C) of what it makes."""
    conditions: int
    """Classes or codes that can be asked for, 0 where there are none."""

    def draw(self, count: int, seed: int, purpose: str, progress: Callable[[int], Any] = silent) -> Made:
        """Return `count` images and what they were made from, a function of (seed, purpose) alone.

        Fewer where they are made from images, and there are not so many. `progress` is told of each few more.
        """

    def given(self, count: int, seed: int, purpose: str) -> Given:
        """Return what `draw` would make its images from."""

    def make(self, given: Given, progress: Callable[[int], Any] = silent) -> np.ndarray:
        """Return the images, uint8 (N, H, W, C), of what is given."""

    def sheet(self, count: int, seed: int, purpose: str) -> np.ndarray:
        """Return `count` samples on one picture, uint8 (h, w, C), laid out so that a person sees what there is."""


class ImageMaker(Maker, Protocol):
    """A maker that has the ability "inputs": from a source domain to a target domain."""

    input_shape: tuple[int, int, int]
    """(H, W, C) of what it takes."""

    def translate(self, images: np.ndarray, progress: Callable[[int], Any] = silent) -> np.ndarray:
        """Return what uint8 images (N, H, W, C) of the source domain become, uint8 (N, H', W', C')."""

    def translate_back(self, images: np.ndarray, progress: Callable[[int], Any] = silent) -> np.ndarray:
        """Return what uint8 images (N, H', W', C') of the target domain become in the source domain, uint8
        (N, H, W, C); takes the ability "way back".
        """


class LatentMaker(Maker, Protocol):
    """A maker that has the ability "latents"."""

    latent_dim: int
    """Numbers in a latent."""
    prior: str
    """"normal" for N(0, 1), "uniform" for U(-1, 1), "unit_uniform" for U(0, 1)."""

    def latents(self, count: int, seed: int, purpose: str) -> np.ndarray:
        """Return float32 (count, latent_dim) from the prior, a function of (seed, purpose) alone."""

    def truncate(self, latents: np.ndarray, psi: float) -> np.ndarray:
        """Return latents float32 (N, latent_dim), cut off to the middle `psi`, 0 to 1, of the prior."""

    def labels(self, count: int, seed: int, purpose: str) -> np.ndarray:
        """Return int32 (count,) drawn uniformly from the conditions (0 for all where there are none)."""

    def images(self, latents: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
        """Return uint8 (N, H, W, C) for float32 latents (N, latent_dim) and int32 labels (N,), all 0 if not given."""

    def unrounded(self, latents: "tf.Tensor", labels: "tf.Tensor") -> "tf.Tensor":
        """Return images float32 (N, H, W, C), 0 to 255 where the model keeps its range, never rounded or cut off."""

    def redraw(self, images: np.ndarray) -> np.ndarray:
        """Return images uint8 (N, H, W, C) as the model redraws them; takes the ability "encoder"."""

    def condition_names(self, classes: Sequence[str]) -> list[str]:
        """Return the names of what can be asked for, where the data's classes have these names."""
