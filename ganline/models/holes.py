"""Pictures with transparent parts through a translator that fills square holes: one part after the other."""

from collections.abc import Callable
from typing import Any, Protocol

import cv2
import numpy as np

from ganline.datasets.unusable import UnusableError

GREY = 128
OPAQUE = 255


class Fills(Protocol):
    """What fills a hole of images of one size."""

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(H, W, 4) of what it takes."""

    @property
    def hole_size(self) -> int:
        """Side of the largest hole that it fills, pixels."""

    def translate(self, images: np.ndarray) -> np.ndarray:
        """Return images uint8 (N, H, W, 4), RGB and alpha, 0 in the hole, with it filled: uint8 (N, H, W, 3)."""


def filled(translator: Fills, pixels: np.ndarray, progress: Callable[[int, int], Any] | None = None) -> np.ndarray:
    """Return a picture RGBA uint8 (h, w, 4) of any size with its transparent parts filled, uint8 (h, w, 3).

    What is not fully opaque is a hole: where it is half transparent, what is filled in shows half. Each hole is filled
    by what is seen round it in a window of the translator's size; a smaller picture is continued by its mirror image.

    Raises:
        UnusableError: nothing is transparent, or a part is larger than the translator's hole; says what to do.
    """
    side, window = translator.hole_size, translator.input_shape[0]
    boxes = _boxes(pixels)
    if not boxes:
        raise UnusableError(
            "nothing of it is transparent: erase what is to be filled in a program that keeps transparency, and save "
            "it as .png"
        )
    if large := [box for box in boxes if max(box[2:]) > side]:
        x, y, width, height = large[0]
        raise UnusableError(
            f"the transparent part of {width} x {height} pixels at column {x}, row {y} is larger than the "
            f"{side} x {side} that this translator fills: shrink the picture, or erase less"
        )
    short = [(0, max(0, window - length)) for length in pixels.shape[:2]]
    image = np.pad(pixels, (*short, (0, 0)), "symmetric")
    alpha = image[..., 3:] / np.float32(OPAQUE)
    image[..., :3][image[..., 3] < OPAQUE] = GREY
    original = np.pad(pixels, (*short, (0, 0)), "symmetric")[..., :3]
    for done, (x, y, width, height) in enumerate(boxes, 1):
        top, down = _placed(y, height, side, window, image.shape[0])
        left, across = _placed(x, width, side, window, image.shape[1])
        seen = image[down : down + window, across : across + window].copy()
        seen[..., 3] = OPAQUE
        hole = (slice(top - down, top - down + side), slice(left - across, left - across + side))
        seen[(*hole, 3)] = 0
        made = translator.translate(seen[None])[0][hole]
        here = (slice(top, top + side), slice(left, left + side))
        mixed = np.rint(alpha[here] * original[here] + (1 - alpha[here]) * made).astype(np.uint8)
        image[(*here, slice(3))] = np.where(image[here][..., 3:] < OPAQUE, mixed, image[here][..., :3])
        if progress:
            progress(done, len(boxes))
    return image[: pixels.shape[0], : pixels.shape[1], :3]


def _boxes(pixels: np.ndarray) -> list[tuple[int, int, int, int]]:
    """Return column, row, width and height of each transparent part of a picture."""
    if pixels.shape[2:] != (4,):
        return []
    _, _, found, _ = cv2.connectedComponentsWithStats((pixels[..., 3] < OPAQUE).astype(np.uint8), connectivity=8)
    return [(int(x), int(y), int(width), int(height)) for x, y, width, height, _ in found[1:]]


def _placed(start: int, length: int, side: int, window: int, whole: int) -> tuple[int, int]:
    """Return where along an axis the square over a part begins, and where the window round that does."""
    begin = min(max(0, start + length // 2 - side // 2), whole - side)
    return begin, min(max(0, begin + side // 2 - window // 2), whole - window)
