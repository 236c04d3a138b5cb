"""JPEG 2000: its size and how many bits it has."""

import struct

import numpy as np

from ganline.datasets.depth import to_eight
from ganline.datasets.formats import opencv, pillow
from ganline.datasets.unusable import DAMAGED, NO_WHITE, UnusableError, check_pixels

START = b"\xff\x4f\xff\x51"
"""A codestream begins with the markers SOC and SIZ, inside a JP2 file or without one."""
MOST_CHANNELS = 4
SIGNED = 0x80


def read(data: bytes) -> np.ndarray:
    """Return uint8 pixels, or uint16 where all 16 bits may or may not be used.

    Raises:
        UnusableError: it cannot be decoded (no checksum: not all damage is found), is too large, or has signed values
            or channels of several sizes or depths.
    """
    bits = _bits(data)
    pillow.read(data, "JPEG2000")  # OpenCV 4.11 ends the whole process at some damage that Pillow 13 finds
    pixels = opencv.read(data)
    return pixels if bits in (8, 16) else to_eight(pixels, 2**bits - 1)


def _bits(data: bytes) -> int:
    """Return the bits a channel, once the size and the channels are fit for decoding."""
    try:
        right, bottom, left, top = struct.unpack_from(">4I", data, data.index(START) + 8)
        (channels,) = struct.unpack_from(">H", data, data.index(START) + 40)
        kinds = {*struct.iter_unpack("3B", data[data.index(START) + 42 :][: 3 * channels])}
    except (ValueError, struct.error):
        raise UnusableError(DAMAGED) from None
    check_pixels(right - left, bottom - top)
    if not kinds or channels > MOST_CHANNELS:
        raise UnusableError(DAMAGED)
    depth, *spacing = kinds.pop()
    if kinds or spacing != [1, 1]:
        raise UnusableError("unsupported format: JPEG 2000 with channels of several sizes or depths")
    if depth & SIGNED:
        raise UnusableError(NO_WHITE)
    return int(depth) + 1
