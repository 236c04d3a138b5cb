"""JPEG: its size, and the rare kinds that libjpeg does not know."""

import numpy as np

from ganline.datasets.formats import opencv
from ganline.datasets.unusable import DAMAGED, UnusableError, check_pixels

FRAMES = frozenset({*range(0xC0, 0xD0), 0xF7}) - {0xC4, 0xC8, 0xCC}
"""Markers of the frame header: 0xC0 baseline, 0xC2 progressive, 0xC3 lossless, ..., 0xF7 JPEG-LS."""
USUAL = (0xC0, 0xC1, 0xC2)
SCAN = 0xDA


def read(data: bytes) -> np.ndarray:
    """Return uint8 pixels; CMYK becomes RGB, of several pictures (MPO) the first is the one to show.

    Raises:
        UnusableError: its end is missing, it cannot be decoded, is too large or of an unknown kind. What libjpeg makes
            up for damaged data is found by `complaints`.
    """
    # A file whose tail was never written (zeros) decodes to a half grey picture: only its end marker is missing.
    # Thumbnails have one too, but lie before the last scan; inside a scan the two bytes cannot occur.
    if data.rfind(b"\xff\xd9") <= data.rfind(b"\xff\xda"):
        raise UnusableError(DAMAGED)
    kind, bits, height, width = _frame(data)
    check_pixels(width, height)
    try:
        return opencv.read(data, opencv.ORIENTED)
    except UnusableError:
        if kind in FRAMES and (kind not in USUAL or bits != 8):
            raise UnusableError("unsupported format: a rare kind of JPEG (12 bits, JPEG-LS, ...)") from None
        raise


def _frame(data: bytes) -> tuple[int, int, int, int]:
    """Return marker, bits, height and width of the frame header, zeros where there is none before the first scan."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF and data[at + 1] != SCAN:
        marker = data[at + 1]
        if marker in FRAMES:
            return marker, data[at + 4], data[at + 5] << 8 | data[at + 6], data[at + 7] << 8 | data[at + 8]
        at += 1 if marker == 0xFF else 2 + (data[at + 2] << 8 | data[at + 3])
    return 0, 0, 0, 0
