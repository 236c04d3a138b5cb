import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from ganline.datasets.decode import UnusableError, check_shape, decode

COLOURS = cv2.resize(
    np.random.default_rng(0).integers(0, 256, (9, 12, 3), np.uint8), (120, 90), interpolation=cv2.INTER_CUBIC
)


def encode(extension: str, pixels: np.ndarray = COLOURS, *options: int) -> bytes:
    """Encode RGB(A) or grey pixels."""
    order = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}
    bgr = cv2.cvtColor(pixels, order[pixels.shape[2]]) if pixels.ndim == 3 else pixels
    return cv2.imencode(extension, bgr, list(options))[1].tobytes()


def pillow(image: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def exif(orientation: int) -> bytes:
    return b"MM\0*" + struct.pack(">IHHHIII", 8, 1, 0x0112, 3, 1, orientation << 16, 0)


def with_exif(data: bytes, orientation: int) -> bytes:
    """Insert an orientation into a JPEG or PNG."""
    block = exif(orientation)
    if data.startswith(b"\x89PNG"):
        checksum = struct.pack(">I", zlib.crc32(b"eXIf" + block))
        return data[:33] + struct.pack(">I", len(block)) + b"eXIf" + block + checksum + data[33:]
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 8) + b"Exif\0\0" + block + data[2:]


@pytest.mark.parametrize("extension", [".png", ".bmp", ".tiff", ".ppm"])
def test_colours_come_back_exactly_in_rgb_order(extension: str) -> None:
    assert np.array_equal(decode(encode(extension)), COLOURS)


@pytest.mark.parametrize("extension", [".jpg", ".webp"])
def test_lossy_colours_come_back_nearly(extension: str) -> None:
    assert np.abs(decode(encode(extension)).astype(int) - COLOURS).mean() < 6


def test_grey_stays_grey() -> None:
    grey = COLOURS[..., 0]
    assert np.array_equal(decode(encode(".png", grey)), grey)
    assert decode(encode(".jpg", grey)).shape == grey.shape


def test_sixteen_bits_are_rounded_to_eight() -> None:
    deep = np.array([[0, 257 * 7, 257 * 7 + 128, 257 * 7 + 129, 65535]], np.uint16)
    assert decode(encode(".png", deep)).tolist() == [[0, 7, 7, 8, 255]]
    assert np.array_equal(decode(encode(".png", COLOURS.astype(np.uint16) * 257)), COLOURS)


def test_palettes_are_resolved_with_and_without_transparency() -> None:
    picture = Image.fromarray(COLOURS).quantize(16)
    expected = np.asarray(picture.convert("RGB"))
    assert np.array_equal(decode(pillow(picture, "PNG")), expected)
    transparent = decode(pillow(picture, "PNG", transparency=3))
    assert np.array_equal(transparent[..., 3] == 0, np.asarray(picture) == 3)
    assert np.array_equal(transparent[..., :3][transparent[..., 3] > 0], expected[transparent[..., 3] > 0])


def test_alpha_is_kept() -> None:
    pixels = np.dstack([COLOURS, COLOURS[..., 1]])
    assert np.array_equal(decode(encode(".png", pixels)), pixels)
    grey_and_alpha = pillow(Image.fromarray(COLOURS).convert("LA"), "PNG")
    assert decode(grey_and_alpha).shape == (90, 120, 4)


@pytest.mark.parametrize(("orientation", "turned"), [(3, np.rot90(COLOURS, 2)), (6, np.rot90(COLOURS, -1))])
def test_exif_orientation_is_applied(orientation: int, turned: np.ndarray) -> None:
    assert np.array_equal(decode(with_exif(encode(".png"), orientation)), turned)
    jpeg = encode(".jpg")
    assert np.array_equal(decode(with_exif(jpeg, orientation)), np.rot90(decode(jpeg), {3: 2, 6: -1}[orientation]))


def refused(data: bytes) -> str:
    with pytest.raises(UnusableError) as reason:
        decode(data)
    return str(reason.value)


@pytest.mark.parametrize(
    ("extension", "options"),
    [
        (".jpg", []),
        (".jpg", [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]),
        (".jpg", [cv2.IMWRITE_JPEG_RST_INTERVAL, 2]),
        (".png", []),
        (".webp", []),
        (".bmp", []),
        (".tiff", []),
        (".jp2", []),
    ],
)
def test_a_file_cut_off_anywhere_is_refused(extension: str, options: list[int]) -> None:
    data = encode(extension, COLOURS, *options)
    decode(data)
    cuts = [*np.linspace(20, len(data) - 20, 15).astype(int), len(data) - 8, len(data) - 2, len(data) - 1]
    assert {refused(data[:cut]) for cut in cuts} == {"truncated or damaged"}


def test_jpeg_whose_tail_was_never_written_is_refused_even_with_a_thumbnail() -> None:
    data, thumbnail = encode(".jpg"), encode(".jpg", COLOURS[:16, :16])
    data = data[:2] + b"\xff\xe1" + struct.pack(">H", len(thumbnail) + 2) + thumbnail + data[2:]
    assert decode(data).shape == COLOURS.shape
    assert decode(data + b"appended").shape == COLOURS.shape
    assert refused(data[: len(data) * 3 // 4] + bytes(9 * len(data))) == "truncated or damaged"


def test_damaged_png_is_refused() -> None:
    data = bytearray(encode(".png"))
    data[len(data) // 2] ^= 255
    assert refused(bytes(data)) == "truncated or damaged"


def test_other_unusable_files_have_their_reason() -> None:
    assert refused(b"") == "empty file"
    assert refused(b"file,label\n1.png,shoe\n") == "not an image"
    assert refused(bytes(1000)) == "not an image"
    assert refused(pillow(Image.fromarray(COLOURS).quantize(16), "GIF")) == "unsupported format"
    assert refused(b"\0\0\0\x18ftypheic\0\0\0\0") == "unsupported format"
    assert refused(encode(".hdr", COLOURS.astype(np.float32))) == "not 8 or 16 bits"


@pytest.mark.parametrize(("height", "width", "usable"), [(4, 4, True), (3, 9, False), (5, 99, True), (100, 5, False)])
def test_extreme_shapes_are_refused(height: int, width: int, usable: bool) -> None:
    if usable:
        check_shape(height, width)
    else:
        with pytest.raises(UnusableError, match="wrong shape"):
            check_shape(height, width)
