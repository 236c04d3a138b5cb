"""From the bytes of a picture file to pixels."""

import cv2
import numpy as np

DECODABLE = (b"\xff\xd8\xff", b"\x89PNG", b"BM", b"RIFF", b"II*\0", b"MM\0*", b"\0\0\0\x0cjP  ", b"P5", b"P6")
"""How files begin that OpenCV reads (JPEG, PNG, BMP, WebP, TIFF, JPEG 2000, PNM)."""
UNSUPPORTED = (b"GIF8", b"ftypavif", b"ftyphei", b"ftypmif1")
"""How picture files begin (AVIF and HEIC: from their fifth byte) that it does not."""
SMALLEST_SIDE, EXTREME_RATIO = 4, 20
ORIENTED = cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH
"""Turns the picture as its EXIF data says, but loses alpha; IMREAD_UNCHANGED does the opposite."""


class UnusableError(Exception):
    """A source image that is left out; the message is the reason in the manifest."""


def decode(data: bytes) -> np.ndarray:
    """Return a picture as uint8 (H, W) grey, (H, W, 3) RGB or (H, W, 4) RGBA.

    16 bits are rounded to 8, palettes resolved, EXIF orientation applied (in JPEG, PNG and TIFF).

    Raises:
        UnusableError: "empty file", "not an image", "unsupported format", "truncated or damaged", "not 8 or 16 bits".
    """
    if not data:
        raise UnusableError("empty file")
    pixels = _pixels(data)
    if pixels is None:
        raise UnusableError(_why_not(data))
    if pixels.dtype == np.uint16:
        pixels = cv2.convertScaleAbs(pixels, alpha=1 / 257)
    if pixels.dtype != np.uint8:
        raise UnusableError("not 8 or 16 bits")
    if pixels.ndim == 2:
        return pixels
    return cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA if pixels.shape[2] == 4 else cv2.COLOR_BGR2RGB)


def _pixels(data: bytes) -> np.ndarray | None:
    if data.startswith(b"\xff\xd8"):
        # A file whose tail was never written (zeros) decodes to a half grey picture: only its end marker is missing.
        # Thumbnails have one too, but lie before the last scan; inside a scan the two bytes cannot occur.
        return _imdecode(data, ORIENTED) if data.rfind(b"\xff\xd9") > data.rfind(b"\xff\xda") else None
    pixels = _imdecode(data, cv2.IMREAD_UNCHANGED)
    if pixels is not None and pixels.shape[2:] != (4,) and data.startswith(b"\x89PNG") and b"eXIf" in data:
        return _imdecode(data, ORIENTED)
    return pixels


def _imdecode(data: bytes, flags: int) -> np.ndarray | None:
    try:
        # From memory OpenCV refuses files that are cut off; cv2.imread would fill the rest with grey.
        return cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:
        return None


def _why_not(data: bytes) -> str:
    if data.startswith(UNSUPPORTED) or data[4:].startswith(UNSUPPORTED):
        return "unsupported format"
    return "truncated or damaged" if data.startswith(DECODABLE) else "not an image"


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
