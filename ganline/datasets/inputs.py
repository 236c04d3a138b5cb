"""Inputs that are made from an image as a batch is made, never stored: what a translator learns to undo.

Each is a function of integers (N, H, W, 3) in 0 to 255, made of operators alone, so that NumPy arrays and TensorFlow's
tensors give the same values.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

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
