import struct
import zlib

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
    TURNS,
    most_off,
    on_white,
    pillow,
    refused,
    tiff,
)  # fmt: skip
from PIL import Image, ImageCms

from ganline.datasets.decode import decode, read

RGBA = np.dstack([COLOURS, FADE])
PREMULTIPLIED = np.dstack([np.round(COLOURS * (FADE[..., None] / 255)).astype(np.uint8), FADE])
DEEP = COLOURS.astype(np.uint16) * 257
UNSUPPORTED = "unsupported format: TIFF with "


@pytest.mark.parametrize("order", "<>")
def test_grey_and_colours_of_8_and_16_bits(order: str) -> None:
    for pixels in (GREY, COLOURS, GREY.astype(np.uint16) * 257, DEEP):
        assert np.array_equal(decode(tiff(pixels, order=order)), GREY if pixels.ndim == 2 else COLOURS)


def test_white_may_be_zero() -> None:
    assert np.array_equal(decode(tiff(255 - GREY, t262=0)), GREY)
    assert np.array_equal(decode(tiff(65535 - GREY.astype(np.uint16) * 257, t262=0)), GREY)


def test_used_bits_are_left_to_the_whole_set() -> None:
    twelve = np.round(GREY / 255 * 4095).astype(np.uint16)
    assert np.array_equal(read(tiff(twelve)), twelve)
    assert np.array_equal(decode(tiff(GREY.astype(np.uint16)), white=255), GREY)


@pytest.mark.parametrize(("bits", "most"), [(1, 128), (2, 43), (4, 9), (12, 1)])
def test_other_depths_are_scaled_by_what_the_file_says(bits: int, most: int) -> None:
    values = np.round(GREY / 255 * (2**bits - 1)).astype(int)
    packed = np.packbits((values[..., None] >> np.arange(bits)[::-1] & 1).astype(np.uint8).reshape(90, -1), axis=1)
    got = decode(tiff(packed, t256=120, t258=bits))
    assert got.dtype == np.uint8 and np.array_equal(got, np.round(values / (2**bits - 1) * 255))
    assert most_off(got, GREY) <= most


@pytest.mark.parametrize("deep", [False, True])
def test_alpha_is_kept_multiplied_or_not(deep: bool) -> None:
    for pixels, kind in ((RGBA, 2), (PREMULTIPLIED, 1)):
        got = decode(tiff(pixels.astype(np.uint16) * 257 if deep else pixels, t338=kind))
        assert np.array_equal(got[..., 3], FADE)
        assert most_off(on_white(got), on_white(RGBA)) <= 1
    grey = decode(tiff(np.dstack([GREY, FADE]), t262=1, t338=2))
    assert np.array_equal(grey, np.dstack([GREY, GREY, GREY, FADE]))


def test_cielab_comes_in_the_right_colours() -> None:
    lab, rgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    data = pillow(ImageCms.profileToProfile(Image.fromarray(COLOURS), rgb, lab, outputMode="LAB"), "TIFF")
    assert np.abs(decode(data).astype(int) - COLOURS).mean() < 2


def test_cmyk_and_palettes_become_rgb() -> None:
    inks = Image.fromarray(COLOURS).convert("CMYK")
    opaque = np.dstack([COLOURS, np.full_like(GREY, 255)])
    assert most_off(decode(pillow(inks, "TIFF")), opaque) <= 1
    deep = np.asarray(inks).astype(np.uint16) * 257
    assert most_off(decode(tiff(deep, t262=5)), COLOURS) <= 1
    palette = Image.fromarray(COLOURS).quantize(16)
    assert np.array_equal(decode(pillow(palette, "TIFF")), np.asarray(palette.convert("RGB")))


@pytest.mark.parametrize("compression", ["raw", "tiff_adobe_deflate", "tiff_lzw", "packbits", "zstd", "lzma"])
def test_compressions(compression: str) -> None:
    assert np.array_equal(decode(pillow(COLOURS, "TIFF", compression=compression)), COLOURS)


def test_fax_and_jpeg_inside() -> None:
    for compression in ("group3", "group4"):
        two = decode(pillow(GREY > 127, "TIFF", compression=compression))
        assert np.array_equal(two, np.where(GREY > 127, 255, 0))
    assert np.abs(decode(pillow(COLOURS, "TIFF", compression="jpeg")).astype(int) - COLOURS).mean() < 6


def test_tiles_of_any_size() -> None:
    padded = np.pad(COLOURS, ((0, 6), (0, 8), (0, 0)))
    tiles = [padded[y : y + 16, x : x + 16] for y in range(0, 96, 16) for x in range(0, 128, 16)]
    places = [8 + tiles[0].nbytes * index for index in range(len(tiles))]
    lengths = [tiles[0].nbytes] * len(tiles)
    data = tiff(np.concatenate(tiles), t256=120, t257=90, t322=16, t323=16, t324=places, t325=lengths)
    assert np.array_equal(decode(data), COLOURS)


def test_a_deflated_tile_larger_than_the_picture() -> None:
    tile = np.random.default_rng(0).integers(0, 256, (1024, 1024, 3), np.uint8)
    length = len(zlib.compress(tile.tobytes()))
    found = decode(tiff(tile, t256=200, t257=200, t259=8, t322=1024, t323=1024, t324=8, t325=length))
    assert np.array_equal(found, tile[:200, :200])


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize(("orientation", "turned"), TURNED.items())
def test_orientation(orientation: int, turned: np.ndarray, deep: bool) -> None:
    assert np.array_equal(decode(tiff(DEEP if deep else COLOURS, t274=orientation)), turned)
    assert np.array_equal(decode(tiff(RGBA, t274=orientation, t338=2)), TURNS[orientation](RGBA))


def test_several_pages_are_refused_but_not_a_preview_beside_the_picture() -> None:
    assert refused(tiff(GREY, GREY)) == SEVERAL
    assert refused(pillow(COLOURS, "TIFF", save_all=True, append_images=[Image.fromarray(COLOURS)])) == SEVERAL
    small = tiff(COLOURS, COLOURS[::2, ::2])
    second = small.rindex(b"\x00\x01\x04\x00\x01\x00\x00\x00\x3c")  # its first tag, the width of 60, becomes subfile 1
    preview = small[:second] + b"\xfe\x00\x04\x00\x01\x00\x00\x00\x01" + small[second + 9 :]
    assert np.array_equal(decode(preview), COLOURS)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, np.int8, np.int16, np.int32])
def test_floating_and_signed_values_have_no_white(kind: type) -> None:
    assert refused(tiff((GREY / 2).astype(kind))) == NO_WHITE


def test_rare_kinds_are_called_by_their_name() -> None:
    assert refused(tiff(GREY.astype(np.uint32))) == UNSUPPORTED + "more than 16 bits"
    assert refused(tiff(COLOURS, t259=34712)) == UNSUPPORTED + "compression 34712"  # JPEG 2000: came as noise
    planes = tiff(DEEP, t284=2, t273=[8, 21608, 43208], t279=[21600] * 3)
    assert refused(planes) == UNSUPPORTED + "16 bits in separate planes"
    mixed = UNSUPPORTED + "16 bits with CIELAB, grey with alpha, or more than 4 channels"
    assert refused(tiff(DEEP, t262=8)) == mixed
    assert refused(tiff(np.dstack([DEEP[..., 0], DEEP[..., 0]]), t262=1, t338=2)) == mixed


def test_camera_raw_is_not_taken_for_its_preview() -> None:
    for tags in ({"t254": 1}, {"t50706": [1, 4, 0, 0]}, {"t262": 32803}):
        assert refused(tiff(COLOURS if "t262" not in tags else GREY, **tags)) == "unsupported format: camera raw"


def test_big_tiff() -> None:
    tags = {256: 120, 257: 90, 258: 8, 259: 1, 262: 1, 273: 16, 277: 1, 278: 90, 279: GREY.size}
    entries = b"".join(struct.pack("<HHQQ", tag, 16, 1, value) for tag, value in tags.items())
    head = b"II+\0\x08\0\0\0" + struct.pack("<Q", 16 + GREY.size)
    data = head + GREY.tobytes() + struct.pack("<Q", len(tags)) + entries + bytes(8)
    assert np.array_equal(decode(data), GREY)
    assert refused(head[:8] + b"\xff" * 8 + data[16:]) == DAMAGED


def test_size_is_looked_at_before_the_pixels() -> None:
    assert refused(tiff(COLOURS, t256=33_000, t257=33_000)) == "too large: more than 134,217,728 pixels"


def test_deflated_strips_have_a_checksum() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8)
    data = tiff(noise, t259=8)
    assert np.array_equal(decode(data), noise)
    middle = len(data) // 2
    assert refused(data[:middle] + bytes(512) + data[middle + 512 :]) == DAMAGED
    assert refused(data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]) == DAMAGED
