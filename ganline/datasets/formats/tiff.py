"""TIFF: which of its many kinds are read by whom."""

import zlib

import numpy as np

from ganline.datasets.depth import WHITE, to_eight
from ganline.datasets.formats import opencv, pillow
from ganline.datasets.formats.profile import to_srgb
from ganline.datasets.formats.tiff_tags import Tags, directories
from ganline.datasets.unusable import DAMAGED, NO_WHITE, SEVERAL, UnusableError, check_pixels

WHITE_IS_ZERO, RGB, CMYK, LAB = 0, 2, 5, 8
READ_BY_OPENCV = (0, 1, 2, 3, 5, 6)
"""Grey, RGB, palette, CMYK, YCbCr (TIFF 6.0's PhotometricInterpretation)."""
CAMERA = (32803, 34892)
DEFLATE = (8, 32946)
BY_LIBTIFF = (1, 2, 3, 4, 5, 7, *DEFLATE, 32773)
"""Compressions (none, fax, LZW, JPEG, deflate, PackBits) that OpenCV's libtiff has."""
BY_PILLOWS = (34925, 50000)
"""LZMA and Zstandard, which Pillow's has besides."""
LARGEST_TILE = 1 << 26
"""Bytes: a tile may be larger than the picture, of which there is then one."""
REDUCED_OR_MASK = 1 | 4
PREMULTIPLIED, ALPHA = 1, (1, 2)


def read(data: bytes) -> np.ndarray:
    """Return the pixels, uint8, or uint16 where nothing says how many of 16 bits are used.

    Raises:
        UnusableError: it is damaged, too large, has several pages, or is of a kind that nobody here reads right.
    """
    pages = directories(data)
    first = pages[0]
    check_pixels(first.number("width", 0), first.number("height", 0))
    if first.number("dng", 0) or first.number("photometric", 1) in CAMERA or first.number("subfile", 0) & 1:
        raise UnusableError("unsupported format: camera raw")
    if sum(not page.number("subfile", 0) & REDUCED_OR_MASK for page in pages) > 1:
        raise UnusableError(SEVERAL)
    if set(first["format"] or (1,)) & {2, 3, 5, 6}:
        raise UnusableError(NO_WHITE)
    _check_kind(first)
    if first.number("compression", 1) in DEFLATE:
        _check_deflate(data, first)
    return _by_pillow(data) if _needs_pillow(first) else _by_opencv(data, first)


def _check_kind(tags: Tags) -> None:
    """Refuse what both readers refuse or get wrong."""
    bits, samples = max(tags["bits"] or (1,)), tags.number("samples", 1)
    compression, photometric = tags.number("compression", 1), tags.number("photometric", 1)
    rare = None
    if bits > 16:
        rare = "more than 16 bits"
    if compression not in BY_LIBTIFF + BY_PILLOWS:
        rare = f"compression {compression}"
    if photometric not in (*READ_BY_OPENCV, LAB):
        rare = f"photometric {photometric}"
    if bits > 8 and samples > 1 and tags.number("planar", 1) == 2:
        rare = "16 bits in separate planes"
    if bits > 8 and (photometric == LAB or samples == 2 and photometric != RGB or samples > 4):
        rare = "16 bits with CIELAB, grey with alpha, or more than 4 channels"
    if rare:
        raise UnusableError(f"unsupported format: TIFF with {rare}")


def _needs_pillow(tags: Tags) -> bool:
    """Whether OpenCV (4.11, libtiff 4.6) refuses it or gets its colours wrong."""
    bits, samples = max(tags["bits"] or (1,)), tags.number("samples", 1)
    photometric, extra = tags.number("photometric", 1), tags.number("extra", 0)
    return (
        photometric not in READ_BY_OPENCV
        or tags.number("compression", 1) not in BY_LIBTIFF
        or bits in (2, 4)
        or (bits > 8 and photometric == CMYK)
        or samples > 4
        # OpenCV multiplies colours by alpha, or leaves them multiplied; of grey with alpha it drops the alpha.
        or (extra in ALPHA and (bits <= 8 or extra == PREMULTIPLIED))
    )


def _by_opencv(data: bytes, tags: Tags) -> np.ndarray:
    try:
        pixels = opencv.read(data)
    except UnusableError:
        if "tile" in tags:  # some sizes of 8-bit tiles are too much for OpenCV 4.11
            return _by_pillow(data)
        raise
    bits = max(tags["bits"] or (1,))
    if bits > 8 and tags.number("photometric", 1) == WHITE_IS_ZERO:
        pixels = WHITE - pixels  # OpenCV does it for 8 bits alone
    if 8 < bits < 16:
        pixels = to_eight(pixels)  # it has brought 10, 12 and 14 bits to 16
    return to_srgb(pixels, bytes(tags["profile"])) if tags.number("photometric", 1) == RGB else pixels


def _by_pillow(data: bytes) -> np.ndarray:
    return pillow.read(data, "TIFF", one_picture=False)


def _check_deflate(data: bytes, tags: Tags) -> None:
    """Check the checksum at the end of each strip or tile, which libtiff seldom reads."""
    whole = tags.number("width", 0) * tags.number("height", 0) * max(1, tags.number("samples", 1)) * 2
    for start, length in zip(tags["offsets"], tags["lengths"], strict=False):
        stream = zlib.decompressobj()
        try:
            stream.decompress(data[start : start + length], max(whole, LARGEST_TILE))
        except zlib.error:
            raise UnusableError(DAMAGED) from None
        if not stream.eof:
            raise UnusableError(DAMAGED)
