"""JPEG: its size, and the rare kinds that libjpeg does not know."""

import re

import numpy as np

from ganline.datasets.formats import opencv
from ganline.datasets.formats.profile import to_srgb
from ganline.datasets.unusable import DAMAGED, UnusableError, check_pixels

FRAMES = frozenset({*range(0xC0, 0xD0), 0xF7}) - {0xC4, 0xC8, 0xCC}
"""Markers of the frame header: 0xC0 baseline, 0xC2 progressive, 0xC3 lossless, ..., 0xF7 JPEG-LS."""
USUAL = (0xC0, 0xC1, 0xC2)
SCAN, END = 0xDA, 0xD9
MARKER = re.compile(rb"\xff[\x80-\xcf\xd8-\xfe]")
"""What ends a scan: within it a byte below 0x80, or a restart marker, follows each 0xFF."""
PROFILE, TITLE = 0xE2, b"ICC_PROFILE\0"
"""The segment with a part of the colour profile, and how its content begins: this, a number, of how many."""


def read(data: bytes) -> np.ndarray:
    """Return uint8 pixels; CMYK becomes RGB, of several pictures (MPO) the first is the one to show.

    Raises:
        UnusableError: its end is missing, it cannot be decoded, is too large or of an unknown kind. What libjpeg makes
            up for damaged data is found by `complaints`.
    """
    (kind, bits, height, width), profile, scan = _header(data)
    if not _ends(data, scan):
        raise UnusableError(DAMAGED)
    check_pixels(width, height)
    try:
        return to_srgb(opencv.read(data, opencv.ORIENTED), profile)
    except UnusableError:
        if kind in FRAMES and (kind not in USUAL or bits != 8):
            raise UnusableError("unsupported format: a rare kind of JPEG (12 bits, JPEG-LS, ...)") from None
        raise


def _ends(data: bytes, at: int) -> bool:
    """Return whether the picture whose first scan begins at `at` has its end marker, whatever follows that.

    A file whose tail was never written (zeros) decodes to a half grey picture: only this marker is missing.
    """
    while found := MARKER.search(data, at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")):
        at = found.start()
        if data[at + 1] == END:
            return True
    return False


def _header(data: bytes) -> tuple[tuple[int, int, int, int], bytes, int]:
    """Return what stands before the pixels.

    That is marker, bits, height and width of the frame header (zeros where there is none), the colour profile, and
    where the first scan begins.
    """
    frame, profile, at = (0, 0, 0, 0), b"", 2
    while at + 9 <= len(data) and data[at] == 0xFF and data[at + 1] != SCAN:
        marker, length = data[at + 1], data[at + 2] << 8 | data[at + 3]
        if marker in FRAMES:
            frame = (marker, data[at + 4], data[at + 5] << 8 | data[at + 6], data[at + 7] << 8 | data[at + 8])
        if marker == PROFILE and data.startswith(TITLE, at + 4):
            profile += data[at + 6 + len(TITLE) : at + 2 + length]
        at += 1 if marker == 0xFF else 2 + length
    return frame, profile, at
