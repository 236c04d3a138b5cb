"""WebP: its size, animation and orientation."""

import numpy as np

from ganline.datasets.formats import opencv
from ganline.datasets.formats.orientation import upright
from ganline.datasets.formats.profile import to_srgb
from ganline.datasets.unusable import DAMAGED, SEVERAL, UnusableError, check_pixels

FRAME = b"ANMF"


def read(data: bytes) -> np.ndarray:
    """Return uint8 pixels, turned as the EXIF data says.

    Raises:
        UnusableError: it cannot be decoded (no checksum: not all damage is found), is too large or an animation.
    """
    check_pixels(*_size(data))
    chunks = _chunks(data) if data[12:16] == b"VP8X" else []
    if sum(name == FRAME for name, _ in chunks) > 1:
        raise UnusableError(SEVERAL)
    content = dict(chunks)
    pixels = to_srgb(opencv.read(data), content.get(b"ICCP", b""))
    return upright(pixels, content.get(b"EXIF", b""))


def _size(data: bytes) -> tuple[int, int]:
    if len(data) < 30:
        raise UnusableError(DAMAGED)
    kind = data[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return int.from_bytes(data[26:28], "little") & 0x3FFF, int.from_bytes(data[28:30], "little") & 0x3FFF


def _chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    chunks, at = [], 12
    while at + 8 <= len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        chunks.append((data[at : at + 4], data[at + 8 : at + 8 + length]))
        at += 8 + length + length % 2
    return chunks
