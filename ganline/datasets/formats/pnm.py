"""PBM, PGM and PPM: whose white is a number in the header."""

import re

import numpy as np

from ganline.datasets.depth import to_eight
from ganline.datasets.formats import opencv, pillow
from ganline.datasets.unusable import DAMAGED, UnusableError, check_pixels

SPACE = rb"(?:\s|#[^\n]*\n)+"
SIZE = re.compile(rb"P[1-6]" + SPACE + rb"(\d{1,9})" + SPACE + rb"(\d{1,9})")
WHITE = re.compile(SIZE.pattern + SPACE + rb"(\d{1,5})\s")
AS_TEXT = b"123"
BILEVEL = b"14"


def read(data: bytes) -> np.ndarray:
    """Return uint8 pixels.

    Raises:
        UnusableError: it is cut off (no checksum: other damage is not found) or too large.
    """
    size = SIZE.match(data)
    white = size if data[1:2] in BILEVEL else WHITE.match(data)
    if not size or not white:
        raise UnusableError(DAMAGED)
    check_pixels(int(size[1]), int(size[2]))
    if data[1:2] in AS_TEXT:  # Pillow brings these to their full range
        pixels = pillow.read(data, "PPM")
        return pixels if pixels.dtype == np.uint8 else to_eight(pixels)
    pixels = opencv.read(data)
    return pixels if data[1:2] in BILEVEL else to_eight(pixels, max(1, int(white[3])))
