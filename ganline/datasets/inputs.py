"""Inputs that are made from an image as a batch is made, never stored: what a translator learns to undo.

Each is a function of integers (N, H, W, C) in 0 to 255, made of operators alone, so that NumPy arrays and TensorFlow's
tensors give the same values.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np

from ganline.core.random import generator
from ganline.datasets import prepared
from ganline.settings import paths
from ganline.settings.recipes import PARTNER, Deception, Inpainting, SuperResolution, Translation
from ganline.settings.schema import Params

Images = Any
"""Of NumPy or of TensorFlow."""
HIDDEN = 128
"""What stands in a hole, for the eye: mid-grey."""


class Derived(NamedTuple):
    """An input made from an image."""

    make: Callable[..., Images]
    """int32 (N, H, W, C), 0 to 255, and where there are places one of them each, int32 (N,) -> int32 (N, H / scale, W /
    scale, channels), 0 to 255."""
    channels: int
    scale: int = 1
    """By which its sides are shorter than the image's."""
    places: int = 0
    """From how many, 0 to places - 1, one is drawn each time it is made; 0 where nothing is random."""


def grey(images: Images) -> Images:
    """Return the luminance of RGB images, (N, H, W, 1): to the bit that of OpenCV 4.11, which counts in 2^-15."""
    red, green, blue = (images[..., i : i + 1] for i in range(3))
    return (9798 * red + 19235 * green + 3735 * blue + 2**14) // 2**15


def shrunk(images: Images, scale: int, how: Literal["area", "linear"] = "area") -> Images:
    """Return images whose sides are `scale` times shorter, a power of two that divides them.

    "area" averages the scale^2 pixels of each block, "linear" the four in its middle, as OpenCV's default does
    (bilinear without antialiasing). Halves are rounded up.
    """
    taken = range(scale) if how == "area" else range(scale // 2 - 1, scale // 2 + 1)
    rows = sum(images[:, i::scale] for i in taken)
    total, count = sum(rows[:, :, i::scale] for i in taken), len(taken) ** 2
    return (total + count // 2) // count


def masked(images: Images, places: Images, side: int, span: int) -> Images:
    """Return RGB images with a square hole, (N, H, W, 4): RGB, grey in the hole, and alpha, 0 there and 255 elsewhere.

    Args:
        images: (N, H, W, 3).
        places: (N,): of hole i the top left corner is at row places[i] // span and column places[i] % span.
        side: of the hole.
        span: see `places`.
    """
    height, width = images.shape[1:3]
    rows, columns = np.arange(height, dtype=np.int32)[:, None, None], np.arange(width, dtype=np.int32)[:, None]
    corner = places[:, None, None, None]
    # Which hole beside hole that stands at the corner a row and column are in: 0 of their own.
    across, down = (columns - corner % span) // side, (rows - corner // span) // side
    hidden = 1 // (1 + across * across + down * down)
    red, green, blue, alpha = np.eye(4, dtype=np.int32)
    colours = images[..., :1] * red + images[..., 1:2] * green + images[..., 2:] * blue
    return (1 - hidden) * (colours + 255 * alpha) + hidden * HIDDEN * (red + green + blue)


DERIVED = {"grey": Derived(grey, 1)}
"""Those of images in pairs that make up for partners, by their name in train.input."""


class Inputs(Protocol):
    """Images in an order, of which a few are asked for: an array, or made as they are."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: Any, /) -> np.ndarray: ...


class _Made:
    """What is derived of images, made as it is asked for: rows -> uint8 (n, H, W, C)."""

    def __init__(self, images: np.ndarray, derived: Derived, places: np.ndarray | None) -> None:
        self._images, self._derived, self._places = images, derived, places

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, rows: Any, /) -> np.ndarray:
        places = [] if self._places is None else [self._places[rows]]
        return np.asarray(self._derived.make(self._images[rows].astype(np.int32), *places)).astype(np.uint8)


def derived(params: Params) -> Derived | None:
    """Return how the inputs of a translator are made of its images; None where they come with them."""
    train, size = params.train, params.prepare.size
    if isinstance(train, SuperResolution):
        make = partial(shrunk, scale=train.scale, how=params.prepare.interpolation)
        return Derived(make, params.prepare.channels, train.scale)
    if isinstance(train, Deception):
        return Derived(lambda images: images, params.prepare.channels)
    if isinstance(train, Inpainting):
        free, side = size - train.hole_size, train.hole_size
        if train.hole_place == "random":
            return Derived(partial(masked, side=side, span=free), 4, places=free * free)
        centre = free // 2 * size + free // 2
        return Derived(lambda images: masked(images, np.array([centre], np.int32), side, size), 4)
    return DERIVED.get(train.input) if isinstance(train, Translation) else None


def shape(params: Params) -> tuple[int, int, int] | None:
    """Return (H, W, C) of what the model that is to be trained is given; None where that is latents."""
    if not isinstance(params.train, Translation):
        return None
    if made := derived(params):
        side = params.prepare.size // made.scale
        return side, side, made.channels
    partners = params.prepare.partners
    return partners.size, partners.size, partners.channels


def paired(folder: Path, name: str) -> bool:
    """Return whether the i-th of the inputs that `read` gives is that of the i-th image.

    Raises:
        UserError: the folder holds no prepared data.
    """
    return name != PARTNER or bool(prepared.read_facts(folder).get("paired", True))


def read(params: Params, split: str) -> Inputs:
    """Return the inputs of a run's prepared images of "train" or "test", uint8 (N, H, W, C), in their order.

    Where the data is not `paired` they are the other side of the translation, (M, H, W, C). What is random about them
    is a function of (data_seed, split, row).

    Raises:
        UserError: there is no such data.
    """
    folder, made = paths.prepared(params), derived(params)
    if not made:
        return prepared.read_partners(folder, split)
    images = prepared.read_split(folder, split)[0]
    draw = generator(params.data_seed, f"inputs/{split}")
    places = draw.integers(0, made.places, len(images)).astype(np.int32) if made.places else None
    return _Made(images, made, places)
