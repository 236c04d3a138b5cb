"""Inputs that are made from an image as a batch is made, never stored: what a translator learns to undo.

Each is a function of integers (N, H, W, 3) in 0 to 255, made of operators alone, so that NumPy arrays and TensorFlow's
tensors give the same values.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ganline.datasets import prepared
from ganline.settings.recipes import Translation
from ganline.settings.schema import Params

AT_ONCE = 256
Images = Any
"""Of NumPy or of TensorFlow."""


class Derived(NamedTuple):
    """An input made from an image."""

    make: Callable[[Images], Images]
    """int32 (N, H, W, 3), 0 to 255 -> int32 (N, H, W, channels), 0 to 255."""
    channels: int


def grey(images: Images) -> Images:
    """Return the luminance of RGB images, (N, H, W, 1): to the bit that of OpenCV 4.11, which counts in 2^-15."""
    red, green, blue = (images[..., i : i + 1] for i in range(3))
    return (9798 * red + 19235 * green + 3735 * blue + 2**14) // 2**15


DERIVED = {"grey": Derived(grey, 1)}
"""By their name in train.input."""
PARTNER = "partner"
"""The value of train.input for inputs that are not made of the image, but come with it."""


def shape(params: Params) -> tuple[int, int, int] | None:
    """Return (H, W, C) of what the model that is to be trained is given; None where that is latents."""
    if not isinstance(params.train, Translation):
        return None
    size = params.prepare.size
    if params.train.input != PARTNER:
        return size, size, DERIVED[params.train.input].channels
    partners = params.prepare.partners
    return partners.size, partners.size, partners.channels


def paired(folder: Path, name: str) -> bool:
    """Return whether the i-th of the inputs that `read` gives is that of the i-th image.

    Raises:
        UserError: the folder holds no prepared data.
    """
    return name != PARTNER or bool(prepared.read_facts(folder).get("paired", True))


def read(folder: Path, split: str, name: str) -> np.ndarray:
    """Return the inputs of the prepared images of "train" or "test", uint8 (N, H, W, C), in their order.

    Where the data is not `paired` they are the other side of the translation, (M, H, W, C).

    Args:
        folder: prepared data.
        split: "train" or "test".
        name: the value of train.input.

    Raises:
        UserError: the folder holds no such data.
    """
    if name == PARTNER:
        return prepared.read_partners(folder, split)
    images, derived = prepared.read_split(folder, split)[0], DERIVED[name]
    made = np.empty((*images.shape[:3], derived.channels), np.uint8)
    for start in range(0, len(images), AT_ONCE):
        made[start : start + AT_ONCE] = derived.make(images[start : start + AT_ONCE].astype(np.int32))
    return made
