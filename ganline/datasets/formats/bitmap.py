"""BMP and Sun raster: their size; the rest is OpenCV's."""

import struct

import numpy as np

from ganline.datasets.formats import opencv
from ganline.datasets.unusable import DAMAGED, UnusableError, check_pixels

OLD_HEADER = 12


def read_bmp(data: bytes) -> np.ndarray:
    """Return uint8 pixels.

    Raises:
        UnusableError: it is cut off (no checksum: other damage is not found) or too large.
    """
    try:
        (header,) = struct.unpack_from("<I", data, 14)
        width, height = struct.unpack_from("<HH" if header == OLD_HEADER else "<ii", data, 18)
    except struct.error:
        raise UnusableError(DAMAGED) from None
    check_pixels(abs(width), abs(height))  # a negative height: rows from the top
    return opencv.read(data)


def read_sun(data: bytes) -> np.ndarray:
    """Return uint8 pixels.

    Raises:
        UnusableError: as `read_bmp`.
    """
    check_pixels(int.from_bytes(data[4:8], "big"), int.from_bytes(data[8:12], "big"))
    return opencv.read(data)
