"""Picture files for tests: what encoders write, and what none of ours would."""

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from ganline.datasets.decode import decode
from ganline.datasets.unusable import UnusableError

COLOURS = cv2.resize(
    np.random.default_rng(0).integers(0, 256, (9, 12, 3), np.uint8), (120, 90), interpolation=cv2.INTER_CUBIC
)
GREY = COLOURS[..., 1].copy()
FADE = np.tile(np.linspace(0, 255, 120).astype(np.uint8), (90, 1))
"""An alpha channel."""
TURNS: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda pixels: pixels,
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: np.rot90(pixels, 2),
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: np.rot90(pixels, 2).swapaxes(0, 1),
    8: lambda pixels: np.rot90(pixels),
}
"""From what is stored to what is to be seen, by EXIF orientation."""
TURNED = {orientation: turn(COLOURS) for orientation, turn in TURNS.items()}
DAMAGED = "truncated or damaged"
SEVERAL = "several pictures in one file (frames or pages)"
NO_WHITE = "floating-point or signed values: which one is white is not said"


def refused(data: bytes) -> str:
    """Return the reason why `data` is not read."""
    with pytest.raises(UnusableError) as reason:
        decode(data)
    return str(reason.value)


def encode(extension: str, pixels: np.ndarray = COLOURS, *options: int) -> bytes:
    """Encode RGB(A) or grey pixels with OpenCV."""
    order = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}
    bgr = cv2.cvtColor(pixels, order[pixels.shape[2]]) if pixels.ndim == 3 else pixels
    return cv2.imencode(extension, bgr, list(options))[1].tobytes()


def pillow(image: Image.Image | np.ndarray, form: str, **options: Any) -> bytes:
    """Encode with Pillow."""
    out = io.BytesIO()
    (Image.fromarray(image) if isinstance(image, np.ndarray) else image).save(out, form, **options)
    return out.getvalue()


def animation(form: str) -> bytes:
    """Encode two frames."""
    return pillow(COLOURS, form, save_all=True, append_images=[Image.fromarray(255 - COLOURS)])


def exif(orientation: int) -> bytes:
    """Return an EXIF block."""
    return b"MM\0*" + struct.pack(">IHHHIII", 8, 1, 0x0112, 3, 1, orientation << 16, 0)


def with_exif(data: bytes, orientation: int) -> bytes:
    """Insert an orientation into a JPEG or PNG."""
    block = exif(orientation)
    if data.startswith(b"\x89PNG"):
        return with_chunk(data, b"eXIf", block)
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 8) + b"Exif\0\0" + block + data[2:]


def with_chunk(data: bytes, name: bytes, content: bytes) -> bytes:
    """Insert a chunk after a PNG's header."""
    return data[:33] + chunk(name, content) + data[33:]


def chunk(name: bytes, content: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png_header(width: int, height: int, depth: int = 8, colour: int = 2) -> bytes:
    """Return the beginning of a PNG."""
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))


def tiff(pixels: np.ndarray, *pages: np.ndarray, order: str = "<", **tags: int | list[int]) -> bytes:
    """Write a TIFF, each page in one strip or in tiles; `tags` are more tags than the usual ones, or others: t277=3."""
    numbers = {int(name[1:]): value if isinstance(value, list) else [value] for name, value in tags.items()}
    data, link = {"<": b"II*\0", ">": b"MM\0*"}[order] + bytes(4), 4
    for page in (pixels, *pages):
        samples = page.shape[2] if page.ndim == 3 else 1
        strip = page.astype(page.dtype.newbyteorder(order)).tobytes() if 258 not in numbers else page.tobytes()
        strip = zlib.compress(strip) if numbers.get(259) == [8] else strip
        usual = {
            256: [page.shape[1]], 257: [page.shape[0]], 258: [page.itemsize * 8] * samples, 259: [1],
            262: [2 if samples > 2 else 1], 273: [len(data)], 277: [samples], 278: [page.shape[0]], 279: [len(strip)],
            284: [1], 339: [{"u": 1, "i": 2, "f": 3}[page.dtype.kind]],
        }  # fmt: skip
        data += strip + bytes(len(strip) % 2)
        if 324 in numbers:
            del usual[273], usual[278], usual[279]
        entries, more = b"", b""
        everything = sorted((usual | numbers).items())
        after = len(data) + 2 + 12 * len(everything) + 4
        for tag, values in everything:
            content = struct.pack(f"{order}{len(values)}I", *values)
            if len(content) > 4:
                content, more = struct.pack(f"{order}I", after + len(more)), more + content
            entries += struct.pack(f"{order}HHI", tag, 4, len(values)) + content
        data = data[:link] + struct.pack(f"{order}I", len(data)) + data[link + 4 :]
        link = len(data) + 2 + len(entries)
        data += struct.pack(f"{order}H", len(everything)) + entries + bytes(4) + more
    return data


def on_white(pixels: np.ndarray) -> np.ndarray:
    """Lay RGBA over white."""
    colour, alpha = pixels[..., :3].astype(int), pixels[..., 3:].astype(int)
    return (colour * alpha + 255 * (255 - alpha) + 127) // 255


def most_off(one: np.ndarray, other: np.ndarray) -> int:
    """Return the largest difference of two pictures of one shape."""
    assert one.shape == other.shape
    return int(np.abs(one.astype(int) - other.astype(int)).max())
