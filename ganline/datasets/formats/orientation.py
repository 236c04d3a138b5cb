"""Turning a picture as its EXIF data says."""

import struct

import numpy as np

ORIENTATION = 0x0112


def upright(pixels: np.ndarray, exif: bytes) -> np.ndarray:
    """Return the pixels turned and mirrored as an EXIF block (a small TIFF file) says, if it says so."""
    value = _orientation(exif)
    if value >= 5:
        pixels = pixels.swapaxes(0, 1)
    # What the first row and the first column show, by value: top or bottom, left or right.
    if value in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if value in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _orientation(exif: bytes) -> int:
    """Return 1 to 8, 1 for what is damaged or says nothing: an orientation is no reason to lose a picture."""
    exif = exif.removeprefix(b"Exif\0\0")
    order = "<" if exif.startswith(b"II") else ">"
    try:
        (first,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, first)
        for entry in range(first + 2, first + 2 + 12 * count, 12):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", exif, entry)
            if tag == ORIENTATION and kind == 3 and 1 <= value <= 8:
                return int(value)
    except struct.error:
        pass
    return 1
