import struct

import cv2
import numpy as np
import pytest
from picture_files import COLOURS, DAMAGED, NO_WHITE, TURNS, encode, pillow, refused, with_exif
from PIL import Image

from ganline.datasets.decode import UnusableError, check_shape, decode


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


@pytest.mark.parametrize("extension", [".png", ".jpg"])
@pytest.mark.parametrize("orientation", TURNS)
def test_exif_orientation_is_applied(orientation: int, extension: str) -> None:
    data = encode(extension)
    assert np.array_equal(decode(with_exif(data, orientation)), TURNS[orientation](decode(data)))


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
    assert {refused(data[:cut]) for cut in cuts} == {DAMAGED}


def test_jpeg_whose_tail_was_never_written_is_refused_even_with_a_thumbnail() -> None:
    data, thumbnail = encode(".jpg"), encode(".jpg", COLOURS[:16, :16])
    data = data[:2] + b"\xff\xe1" + struct.pack(">H", len(thumbnail) + 2) + thumbnail + data[2:]
    assert decode(data).shape == COLOURS.shape
    for appended in (b"appended", b"\xff\xda", b"\xff\xd8\xff\xda\0\0"):  # the last ones look like a scan begun
        assert np.array_equal(decode(data + appended), decode(data))
    assert refused(data[: len(data) * 3 // 4] + bytes(9 * len(data))) == DAMAGED


def test_damaged_png_is_refused() -> None:
    data = bytearray(encode(".png"))
    data[len(data) // 2] ^= 255
    assert refused(bytes(data)) == DAMAGED


def test_other_unusable_files_have_their_reason() -> None:
    assert refused(b"") == "empty file"
    assert refused(b"file,label\n1.png,shoe\n") == "not an image"
    assert refused(bytes(1000)) == "not an image"


FOREIGN = {
    "HEIC": [b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic"],
    "JPEG XL": [b"\xff\x0a\0", b"\0\0\0\x0cJXL \r\n\x87\n"],
    "JPEG XR": [b"II\xbc\1\x08\0\0\0"],
    "SVG": [b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', b"\xef\xbb\xbf<svg></svg>"],
    "PDF": [b"%PDF-1.7"],
    "PostScript": [b"%!PS-Adobe-3.0 EPSF-3.0", b"\xc5\xd0\xd3\xc6"],
    "Photoshop": [b"8BPS\0\1"],
    "GIMP": [b"gimp xcf v011"],
    "camera raw": [
        b"II*\0\x10\0\0\0CR\2\0", b"\0\0\0\x18ftypcrx \0\0\0\1", b"FUJIFILMCCD-RAW 0201", b"IIRO\x08\0", b"IIU\0\x18\0",
    ],
    "DICOM": [bytes(128) + b"DICM"],
    "FITS": [b"SIMPLE  =                    T"],
    "DDS": [b"DDS |\0\0\0"],
    "QOI": [b"qoif\0\0\0\1"],
    "DjVu": [b"AT&TFORM\0\0"],
    "ICNS": [b"icns\0\0"],
    "PAM": [b"P7\nWIDTH 1\n"],
    "video": [b"\0\0\0\x18ftypmp42\0\0\0\0", b"\0\0\0\x18ftypisom\0\0\0\0", b"RIFF\0\0\0\0AVI LIST"],
}  # fmt: skip


@pytest.mark.parametrize("name", FOREIGN)
def test_pictures_that_nobody_here_reads_are_called_by_their_name(name: str) -> None:
    assert {refused(data + bytes(200)) for data in FOREIGN[name]} == {f"unsupported format: {name}"}


@pytest.mark.parametrize("extension", [".hdr", ".pfm"])
def test_floating_point_has_no_white(extension: str) -> None:
    assert refused(encode(extension, COLOURS.astype(np.float32))) == NO_WHITE
    assert refused(b"\x76\x2f\x31\x01" + bytes(100)) == NO_WHITE  # OpenEXR


@pytest.mark.parametrize(("height", "width", "usable"), [(4, 4, True), (3, 9, False), (5, 99, True), (100, 5, False)])
def test_extreme_shapes_are_refused(height: int, width: int, usable: bool) -> None:
    if usable:
        check_shape(height, width)
    else:
        with pytest.raises(UnusableError, match="wrong shape"):
            check_shape(height, width)
