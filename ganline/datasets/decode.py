"""From the bytes of a picture file to pixels."""

from collections.abc import Callable

import numpy as np

from ganline.datasets.depth import WHITE, to_eight
from ganline.datasets.formats import bitmap, jpeg, jpeg2000, pillow, png, pnm, signatures, tiff, webp
from ganline.datasets.unusable import NO_WHITE, UnusableError

SMALLEST_SIDE, EXTREME_RATIO = 4, 20

READERS: dict[str, Callable[[bytes], np.ndarray]] = {
    "PNG": png.read,
    "JPEG": jpeg.read,
    "WebP": webp.read,
    "BMP": bitmap.read_bmp,
    "TIFF": tiff.read,
    "JPEG 2000": jpeg2000.read,
    "PNM": pnm.read,
    "Sun raster": bitmap.read_sun,
    "GIF": lambda data: pillow.read(data, "GIF"),
    "AVIF": lambda data: pillow.read(data, "AVIF"),
    "ICO": lambda data: pillow.read(data, "ICO"),
    "TGA": lambda data: pillow.read(data, "TGA"),
}
FLOATING = ("PFM", "Radiance HDR", "OpenEXR")


def read(data: bytes) -> np.ndarray:
    """Return a picture as uint8 or uint16 (H, W) grey, (H, W, 3) RGB or (H, W, 4) RGBA.

    uint16 means that nothing in the file says how many of its 16 bits are used: that takes a look at the whole set.
    Palettes are resolved, EXIF orientation is applied. docs/pictures.md tells what becomes of each format.

    Raises:
        UnusableError: "empty file", "not an image", "unsupported format: ..." or a reason of
            `ganline.datasets.unusable`.
    """
    if not data:
        raise UnusableError("empty file")
    name = signatures.name(data)
    if name in FLOATING:
        raise UnusableError(NO_WHITE)
    if name not in READERS:
        raise UnusableError(f"unsupported format: {name}" if name else "not an image")
    return READERS[name](data)


def decode(data: bytes, white: int = WHITE) -> np.ndarray:
    """Return a picture as `read` does, but always uint8; `white` is the white of undeclared 16 bits.

    Raises:
        UnusableError: as `read`.
    """
    pixels = read(data)
    return pixels if pixels.dtype == np.uint8 else to_eight(pixels, white)


def check_shape(height: int, width: int) -> None:
    """Refuse pictures that would not survive resizing.

    Raises:
        UnusableError: a side has fewer than 4 pixels, or is 20 times the other.
    """
    short, long = sorted((height, width))
    if short < SMALLEST_SIDE:
        raise UnusableError(f"wrong shape: a side under {SMALLEST_SIDE} pixels")
    if long >= EXTREME_RATIO * short:
        raise UnusableError(f"wrong shape: one side {EXTREME_RATIO} times the other or more")
