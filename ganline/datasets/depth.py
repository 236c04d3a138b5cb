"""From the 16 bits of a file to the 8 bits of the prepared data."""

import cv2
import numpy as np

WHITE = 65535
DEPTHS = (8, 10, 12, 14, 16)
"""The bits that cameras, microscopes and scanners deliver."""


def to_eight(pixels: np.ndarray, white: int = WHITE) -> np.ndarray:
    """Return uint8 or uint16 pixels as uint8: 0 stays black, `white` becomes 255, between them values are rounded."""
    return cv2.convertScaleAbs(pixels, alpha=255 / white)


def white_of(peak: int) -> int:
    """Return the white of a set of 16-bit images whose brightest value is `peak`: 255, 1023, 4095, 16383 or 65535."""
    return next(2**bits - 1 for bits in DEPTHS if peak < 2**bits)
