"""JPEG 2000: its size, how many bits it has, and in which colours it is."""

import struct

import numpy as np

from ganline.datasets.depth import to_eight
from ganline.datasets.formats import opencv, pillow
from ganline.datasets.unusable import DAMAGED, NO_WHITE, UnusableError, check_pixels

START = b"\xff\x4f\xff\x51"
"""A codestream begins with the markers SOC and SIZ, inside a JP2 file or without one."""
MOST_CHANNELS = 4
SIGNED = 0x80
COLOURS = b"colr\x01"
"""A JP2 file's box with the number of a colour space begins with it (ISO/IEC 15444-1, annex I.5.3.3)."""
CMYK, YCC = 12, 18
"""Numbers of colour spaces."""


def read(data: bytes) -> np.ndarray:
    """Return uint8 pixels, or uint16 where all 16 bits may or may not be used.

    Raises:
        UnusableError: it cannot be decoded (no checksum: not all damage is found), is too large, has signed values or
            channels of several sizes or depths, or is grey with alpha, in CMYK or in YCbCr and not of 8 bits.
    """
    bits, kind = _bits_and_kind(data)
    eight = pillow.read(data, "JPEG2000")  # first: OpenCV 4.11 ends the whole process at some damage that Pillow finds
    if kind:  # OpenCV refuses the first two, and the colours of the third are up to 30 levels off
        if bits != 8:  # which Pillow makes 8 of, as it does of those of the usual kinds
            raise UnusableError(f"unsupported format: JPEG 2000 {kind} of {bits} bits")
        return eight
    pixels = opencv.read(data)
    return pixels if bits in (8, 16) else to_eight(pixels, 2**bits - 1)


def _bits_and_kind(data: bytes) -> tuple[int, str]:
    """Return the bits a channel, and what is unusual ("" where nothing is), once all is fit for decoding."""
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
    colours = data.find(COLOURS, 0, data.index(START))
    (space,) = struct.unpack_from(">I", data, colours + 7) if colours >= 0 else (0,)
    kind = "of grey with alpha" if channels == 2 else {CMYK: "in CMYK", YCC: "in YCbCr"}.get(space, "")
    return int(depth) + 1, kind
