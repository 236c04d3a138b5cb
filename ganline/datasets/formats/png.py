"""PNG: what OpenCV leaves out of its chunks."""

import struct
import zlib

import numpy as np

from ganline.datasets.depth import WHITE, to_eight
from ganline.datasets.formats import opencv
from ganline.datasets.formats.orientation import upright
from ganline.datasets.formats.profile import to_srgb
from ganline.datasets.unusable import DAMAGED, SEVERAL, UnusableError, check_pixels

SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEADER = 33
"""Bytes before the second chunk."""
GREY = 0
LARGEST_PROFILE = 1 << 22


def read(data: bytes) -> np.ndarray:
    """Return the pixels, uint8, or uint16 where nothing says how many of 16 bits are used.

    Raises:
        UnusableError: it is damaged (each chunk has a checksum), too large or an animation.
    """
    if len(data) < HEADER:
        raise UnusableError(DAMAGED)
    width, height, depth, colour = struct.unpack_from(">IIBB", data, 16)
    check_pixels(width, height)
    chunks = _chunks(data)
    if b"acTL" in chunks and _content(data, chunks[b"acTL"])[:4] > b"\0\0\0\1":
        raise UnusableError(SEVERAL)
    pixels = opencv.read(data)
    key = _content(data, chunks[b"tRNS"]) if colour == GREY and b"tRNS" in chunks else b""
    clear = _clear(pixels, depth, key)  # among the values as they are stored
    if depth == 16 and b"sBIT" in chunks:
        pixels = _declared(pixels, _content(data, chunks[b"sBIT"]))
    if clear is not None:
        alpha = np.where(clear, 0, np.iinfo(pixels.dtype).max).astype(pixels.dtype)
        pixels = np.dstack([pixels, pixels, pixels, alpha])
    if b"iCCP" in chunks:
        pixels = to_srgb(pixels, _profile(_content(data, chunks[b"iCCP"])))
    return upright(pixels, _content(data, chunks[b"eXIf"])) if b"eXIf" in chunks else pixels


def _chunks(data: bytes) -> dict[bytes, tuple[int, int]]:
    """Return where the content of the first chunk of each name begins and ends.

    One that ends beyond the file is damage: OpenCV 4.11 would take its memory first, gigabytes for a wrong byte.
    """
    chunks: dict[bytes, tuple[int, int]] = {}
    at = len(SIGNATURE)
    while b"IEND" not in chunks:
        following = at + 8 + int.from_bytes(data[at : at + 4], "big")
        chunks.setdefault(data[at + 4 : at + 8], (at + 8, following))
        at = following + 4  # a checksum
        if at > len(data):
            raise UnusableError(DAMAGED)
    return chunks


def _content(data: bytes, place: tuple[int, int]) -> bytes:
    return data[place[0] : place[1]]


def _profile(chunk: bytes) -> bytes:
    """Return the profile of an iCCP chunk (a name, a method, the profile deflated), b"" where it is damaged."""
    try:
        return zlib.decompressobj().decompress(chunk[chunk.index(b"\0") + 2 :], LARGEST_PROFILE)
    except (ValueError, zlib.error):
        return b""


def _declared(pixels: np.ndarray, significant: bytes) -> np.ndarray:
    """Return 8 bits where sBIT says how many of the 16 count.

    By the standard they are the upper ones. Many programs leave them below: then nothing is above them.
    """
    bits = max(significant, default=16)
    if not 1 <= bits < 16:
        return pixels
    if pixels.ndim == 3 and pixels.shape[2] == 4:  # of tRNS comes an alpha of 16 bits, whatever the colours have
        return np.dstack([_declared(part, significant) for part in (pixels[..., :3], pixels[..., 3])])
    below = pixels.max() < 1 << bits and bool((pixels & ((1 << 16 - bits) - 1)).any())
    return to_eight(pixels, (1 << bits) - 1 if below else WHITE)


def _clear(pixels: np.ndarray, depth: int, key: bytes) -> np.ndarray | None:
    """Return which grey pixels have the one grey that tRNS calls transparent, or None where it calls none so."""
    if len(key) != 2 or pixels.ndim != 2:
        return None
    return pixels == int.from_bytes(key, "big") * (255 // (2**depth - 1) if depth < 8 else 1)
