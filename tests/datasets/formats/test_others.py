"""JPEG, WebP, JPEG 2000, PNM, BMP and what Pillow reads."""

import base64
import struct

import numpy as np
import pytest
from picture_files import (
    COLOURS,
    DAMAGED,
    FADE,
    GREY,
    NO_WHITE,
    SEVERAL,
    TURNED,
    animation,
    encode,
    exif,
    most_off,
    on_white,
    pillow,
    refused,
)  # fmt: skip
from PIL import Image

from ganline.datasets.decode import decode, read

RGBA = np.dstack([COLOURS, FADE])
TOO_LARGE = "too large: more than 134,217,728 pixels"
RAMP = np.arange(64, dtype=np.uint8).reshape(8, 8) * 4


def test_jpeg_in_cmyk_becomes_rgb() -> None:
    data = pillow(Image.fromarray(COLOURS).convert("CMYK"), "JPEG", quality=100, subsampling=0)
    assert np.abs(decode(data).astype(int) - COLOURS).mean() < 2


def test_of_a_jpeg_with_more_pictures_the_first_is_the_one_to_show() -> None:
    options = {"quality": 100, "subsampling": 0}
    several = pillow(COLOURS, "MPO", save_all=True, append_images=[Image.fromarray(255 - COLOURS)], **options)
    assert np.array_equal(decode(several), decode(pillow(COLOURS, "JPEG", **options)))


def test_rare_and_too_large_jpegs_have_their_reason() -> None:
    data = encode(".jpg")
    frame = data.index(b"\xff\xc0")
    rare = "unsupported format: a rare kind of JPEG (12 bits, JPEG-LS, ...)"
    assert refused(data[: frame + 4] + b"\x0c" + data[frame + 5 :]) == rare
    assert refused(data[: frame + 1] + b"\xf7" + data[frame + 2 :]) == rare
    assert refused(data[: frame + 5] + struct.pack(">HH", 60_000, 60_000) + data[frame + 9 :]) == TOO_LARGE


LOSSLESS_JPEG = base64.b64decode(
    "/9j/xAAXAAEBAQEAAAAAAAAAAAAAAAAFBgMI/8MACwgACAAIAQARAP/aAAgBAAAGAADn/TTTTTTSgQQQQQQQoEEEEEEEKBBBBBBBCgQQQQQQQoEE"
    "EEEEEKBBBBBBBCgQQQQQQQD/2Q=="
)
AVIF_OF_10_BITS = base64.b64decode(
    "AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUEAAADrbWV0YQAAAAAAAAAhaGRscgAAAAAAAAAAcGljdAAAAAAAAAAAAAAAAAAAAAAOcGl0"
    "bQAAAAAAAQAAAB5pbG9jAAAAAEQAAAEAAQAAAAEAAAETAAAAYQAAAChpaW5mAAAAAAABAAAAGmluZmUCAAAAAAEAAGF2MDFDb2xvcgAAAABqaXBy"
    "cAAAAEtpcGNvAAAAFGlzcGUAAAAAAAAACAAAAAgAAAAQcGl4aQAAAAADCgoKAAAADGF2MUOBIEAAAAAAE2NvbHJuY2x4AAIAAgAAgAAAABdpcG1h"
    "AAAAAAAAAAEAAQQBAoMEAAAAaW1kYXQSAAoIOAi/5wICAJAyUxAAAPYAxJMbQeq1P4reE7QZ4heWW9fsn0bo2xtN10Avrf7EBDUSpHK+I6zKq5+C"
    "VYLZJM0qnOHOrNCzaQrD/YQpICRsTEZvSZK1jx9AktdklYUg"
)
"""RAMP and RAMP * 4 in grey RGB, written by imagecodecs 2026.3.6."""


def test_lossless_jpeg_and_avif_of_10_bits() -> None:
    assert np.array_equal(decode(LOSSLESS_JPEG), RAMP)
    assert most_off(decode(AVIF_OF_10_BITS), np.dstack([np.round(RAMP * (4 / 1023 * 255))] * 3)) <= 1


@pytest.mark.parametrize("pixels", [COLOURS, RGBA], ids=["RGB", "RGBA"])
@pytest.mark.parametrize("orientation", TURNED)
def test_webp_is_turned(pixels: np.ndarray, orientation: int) -> None:
    data = pillow(pixels, "WEBP", lossless=True, exact=True, exif=exif(orientation))
    got = decode(data)
    assert np.array_equal(got[..., :3], TURNED[orientation]) and got.shape[2] == pixels.shape[2]


def test_webp_of_several_frames_or_too_many_pixels_is_refused() -> None:
    assert refused(animation("WEBP")) == SEVERAL
    data = bytearray(pillow(COLOURS, "WEBP", exif=exif(1)))
    data[24:30] = b"\xff\x3f\0\xff\x3f\0"  # the canvas: 16,384 by 16,384
    assert refused(bytes(data)) == TOO_LARGE


TWELVE_BITS = base64.b64decode(
    "AAAADGpQICANCocKAAAAFGZ0eXBqcDIgAAAAAGpwMiAAAAAtanAyaAAAABZpaGRyAAAACAAAAAgAAQsHAAAAAAAPY29scgEAAAAA"
    "ABEAAACvanAyY/9P/1EAKQAAAAAACAAAAAgAAAAAAAAAAAAAAAgAAAAIAAAAAAAAAAAAAQsBAf9SAAwAAAABAAAEBAAB/1wABEBg"
    "/2QAJQABQ3JlYXRlZCBieSBPcGVuSlBFRyB2ZXJzaW9uIDIuNS40/5AACgAAAAAAPQAB/5Pf4LASKwMLCxPkuS+FPzhQgqEU/1Zx"
    "w3N9JM4wvb1yYz7qxGrzTDo5fYsu9lehv//Z"
)
"""RAMP * 16 as a lossless JPEG 2000 file of 12 bits, written by imagecodecs 2026.3.6."""


def test_jpeg_2000_is_scaled_by_the_bits_that_it_says() -> None:
    twelve = np.round(RAMP.astype(int) * 16 / 4095 * 255)
    assert np.array_equal(decode(TWELVE_BITS), twelve)
    sixteen = encode(".jp2", COLOURS.astype(np.uint16) * 257, 272, 1000)
    assert read(sixteen).dtype == np.uint16 and most_off(decode(sixteen), COLOURS) <= 1
    assert most_off(decode(encode(".jp2", COLOURS, 272, 1000)), COLOURS) <= 1
    start = TWELVE_BITS.index(b"\xff\x4f\xff\x51")
    assert np.array_equal(decode(TWELVE_BITS[start:]), twelve)


def test_jpeg_2000_of_colours_that_opencv_does_not_read_is_read() -> None:
    soft = np.repeat(np.repeat(RAMP, 8, 0), 8, 1)
    grey = Image.fromarray(np.dstack([soft, 255 - soft]), "LA")
    assert np.array_equal(decode(pillow(grey, "JPEG2000")), np.dstack([soft] * 3 + [255 - soft]))
    for mode in ("YCbCr", "CMYK"):
        data = pillow(Image.fromarray(COLOURS).convert(mode), "JPEG2000")
        assert most_off(decode(data), COLOURS) <= 3
    deeper, start = bytearray(data), data.index(b"\xff\x4f\xff\x51")
    for channel in range(4):
        deeper[start + 42 + 3 * channel] = 11
    assert refused(bytes(deeper)) == "unsupported format: JPEG 2000 in CMYK of 12 bits"


def test_jpeg_2000_of_other_kinds_is_refused() -> None:
    start = TWELVE_BITS.index(b"\xff\x4f\xff\x51")

    def changed(at: int, value: bytes) -> bytes:
        return TWELVE_BITS[: start + at] + value + TWELVE_BITS[start + at + len(value) :]

    assert refused(changed(42, b"\x8b")) == NO_WHITE
    assert refused(changed(43, b"\2")) == "unsupported format: JPEG 2000 with channels of several sizes or depths"
    assert refused(changed(40, b"\0\0")) == DAMAGED  # OpenCV alone ends the process
    assert refused(changed(8, b"\0\1\0\0\0\1\0\0")) == TOO_LARGE


@pytest.mark.parametrize("white", [1, 15, 100, 255, 1023, 4095, 65535])
def test_pnm_is_scaled_by_its_own_white(white: int) -> None:
    for pixels, raw, text in ((GREY, b"P5", b"P2"), (COLOURS, b"P6", b"P3")):
        values = np.round(pixels / 255 * white).astype(int)
        header = b"\n# a comment\n120 90\n%d\n" % white
        stored = values.astype(">u2" if white > 255 else np.uint8).tobytes()
        right = np.round(values / white * 255)
        assert most_off(decode(raw + header + stored), right) == 0
        assert most_off(decode(text + header + " ".join(map(str, values.ravel())).encode()), right) <= 1


def test_pbm_is_black_on_white() -> None:
    black = GREY < 128
    right = np.where(black, 0, 255)
    assert np.array_equal(decode(b"P4\n120 90\n" + np.packbits(black, axis=1).tobytes()), right)
    assert np.array_equal(decode(b"P1\n120 90\n" + " ".join(map(str, black.ravel().astype(int))).encode()), right)
    assert refused(b"P5\n99999 99999\n255\n") == TOO_LARGE
    assert refused(b"P5\nno numbers") == DAMAGED


def bmp(bits: int, compression: int, height: int, body: bytes, between: bytes = b"", width: int = 120) -> bytes:
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, len(body), 0, 0, 0, 0)
    at = 14 + len(info) + len(between)
    return b"BM" + struct.pack("<IHHI", at + len(body), 0, 0, at) + info + between + body


GREYS = b"".join(bytes([level, level, level, 0]) for level in range(256))


def test_bmp_of_any_row_order_and_run_lengths() -> None:
    assert np.array_equal(decode(bmp(24, 0, 90, COLOURS[::-1, :, ::-1].tobytes())), COLOURS)
    assert np.array_equal(decode(bmp(24, 0, -90, COLOURS[:, :, ::-1].tobytes())), COLOURS)
    runs = b"".join(b"".join(bytes([1, value]) for value in row) + b"\0\0" for row in GREY[::-1])
    assert np.array_equal(decode(bmp(8, 1, 90, runs[:-2] + b"\0\1", GREYS)), GREY)
    assert np.array_equal(decode(pillow(GREY > 127, "BMP")), np.where(GREY > 127, 255, 0))
    assert refused(bmp(24, 0, 60_000, b"", width=60_000)) == TOO_LARGE


def test_sun_raster() -> None:
    assert np.array_equal(decode(encode(".ras")), COLOURS)
    assert refused(b"\x59\xa6\x6a\x95" + struct.pack(">II", 60_000, 60_000) + bytes(100)) == TOO_LARGE


def test_gif() -> None:
    palette = Image.fromarray(COLOURS).quantize(64)
    assert np.array_equal(decode(pillow(palette, "GIF")), np.asarray(palette.convert("RGB")))
    seen = decode(pillow(palette, "GIF", transparency=5))
    assert np.array_equal(seen[..., 3] == 0, np.asarray(palette) == 5)
    assert refused(animation("GIF")) == SEVERAL


def test_avif() -> None:
    exact = {"quality": 100, "subsampling": "4:4:4"}
    assert most_off(decode(pillow(COLOURS, "AVIF", **exact)), COLOURS) <= 6
    assert most_off(on_white(decode(pillow(RGBA, "AVIF", **exact))), on_white(RGBA)) <= 12
    turned = decode(pillow(COLOURS, "AVIF", exif=exif(6), **exact))
    assert most_off(turned, TURNED[6]) <= 6
    assert refused(animation("AVIF")) == SEVERAL


def test_ico_gives_its_largest_picture() -> None:
    icon = Image.fromarray(np.ascontiguousarray(RGBA[:64, :64]))
    assert np.array_equal(decode(pillow(icon, "ICO", sizes=[(16, 16), (64, 64)])), RGBA[:64, :64])


def test_tga() -> None:
    for pixels in (COLOURS, RGBA, GREY):
        assert np.array_equal(decode(pillow(pixels, "TGA")), pixels)


@pytest.mark.parametrize("form", ["GIF", "AVIF", "ICO"])
def test_what_pillow_reads_is_refused_when_cut_off(form: str) -> None:
    data = pillow(COLOURS[:64, :64], form)
    assert {refused(data[:cut]) for cut in np.linspace(20, len(data) - 60, 9).astype(int)} == {DAMAGED}
