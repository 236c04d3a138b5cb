import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from picture_files import (
    COLOURS,
    DAMAGED,
    FADE,
    GREY,
    SEVERAL,
    TURNED,
    animation,
    chunk,
    encode,
    exif,
    pillow,
    png_header,
    refused,
    with_chunk,
    with_exif,
)  # fmt: skip

from ganline.datasets.decode import decode, read

TWELVE = np.round(GREY / 255 * 4095).astype(np.uint16)
WIDE = 33_000


def test_twelve_bits_are_scaled_by_what_sbit_says() -> None:
    below = with_chunk(encode(".png", TWELVE), b"sBIT", b"\x0c")
    assert np.array_equal(decode(below), GREY)
    colours = np.round(COLOURS / 255 * 4095).astype(np.uint16)
    assert np.array_equal(decode(with_chunk(encode(".png", colours), b"sBIT", b"\x0c\x0c\x0c")), COLOURS)


@pytest.mark.parametrize("brightness", [1, 16])
def test_twelve_bits_in_the_upper_places_as_the_standard_wants_are_left_there(brightness: int) -> None:
    above = (TWELVE // brightness) << 4
    told = decode(with_chunk(encode(".png", above), b"sBIT", b"\x0c"))
    assert np.array_equal(told, np.round(above / 257).astype(np.uint8))


def test_sixteen_bits_are_handed_on_where_nothing_says_how_many_are_used() -> None:
    deep = encode(".png", TWELVE)
    assert np.array_equal(read(deep), TWELVE)
    assert np.array_equal(decode(deep, white=4095), GREY)


def test_orientation_and_alpha_go_together() -> None:
    pixels = np.dstack([COLOURS, FADE])
    for orientation, turned in TURNED.items():
        got = decode(with_exif(encode(".png", pixels), orientation))
        assert np.array_equal(got[..., :3], turned)
    assert np.array_equal(decode(with_exif(encode(".png", pixels), 6)), np.rot90(pixels, -1))


def test_orientation_may_stand_after_the_pixels_and_may_be_damaged() -> None:
    data = encode(".png")
    assert np.array_equal(decode(data[:-12] + chunk(b"eXIf", exif(8)) + data[-12:]), TURNED[8])
    for block in (b"", b"MM\0*", exif(9), exif(6)[:14], b"garbage" * 9):
        assert np.array_equal(decode(with_chunk(data, b"eXIf", block)), COLOURS)


@pytest.mark.parametrize(("depth", "key", "levels"), [(8, 7, 256), (4, 3, 16), (2, 1, 4), (1, 0, 2)])
def test_a_transparent_grey_becomes_alpha(depth: int, key: int, levels: int) -> None:
    values = np.arange(64).reshape(8, 8) % levels
    rows = [np.packbits(((row[:, None] >> np.arange(depth)[::-1]) & 1).astype(np.uint8).ravel()) for row in values]
    pixels = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    data = png_header(8, 8, depth, 0) + chunk(b"tRNS", struct.pack(">H", key))
    got = decode(data + chunk(b"IDAT", pixels) + chunk(b"IEND", b""))
    assert np.array_equal(got[..., 3], np.where(values == key, 0, 255))
    assert np.array_equal(got[..., 0], values * 255 // (levels - 1))


@pytest.mark.parametrize("place", [0, 4], ids=["below", "above"])
def test_a_transparent_grey_stays_so_where_sbit_says_how_many_bits_count(place: int) -> None:
    stored = TWELVE << place
    key = chunk(b"tRNS", struct.pack(">H", int(stored[3, 4])))
    data = with_chunk(encode(".png", stored), b"sBIT", b"\x0c")
    at = data.index(b"IDAT") - 4
    got = decode(data[:at] + key + data[at:])
    assert np.array_equal(got[..., 3], np.where(stored == stored[3, 4], 0, 255))
    assert np.array_equal(got[..., 0], decode(data))


def test_and_so_does_a_transparent_colour() -> None:
    stored = np.round(COLOURS / 255 * 4095).astype(np.uint16)
    data = with_chunk(encode(".png", stored), b"sBIT", b"\x0c\x0c\x0c")
    at = data.index(b"IDAT") - 4
    got = decode(data[:at] + chunk(b"tRNS", struct.pack(">HHH", *map(int, stored[3, 4]))) + data[at:])
    assert np.array_equal(got[..., :3], COLOURS) and np.array_equal(got[..., 3] == 0, (stored == stored[3, 4]).all(2))


def test_interlaced() -> None:
    square = GREY[:8, :8]
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    rows = b"".join(b"\0" + row.tobytes() for y, x, down, right in passes for row in square[y::down, x::right])
    header = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 1))
    assert np.array_equal(decode(header + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")), square)


def test_one_bit_is_black_and_white() -> None:
    assert np.array_equal(decode(pillow(GREY > 127, "PNG")), np.where(GREY > 127, 255, 0))


def test_animations_are_refused() -> None:
    assert refused(animation("PNG")) == SEVERAL


@pytest.mark.parametrize(("side", "reason"), [(WIDE, "too large: more than 134,217,728 pixels"), (11_000, DAMAGED)])
def test_size_is_looked_at_before_the_pixels(side: int, reason: str) -> None:
    rows = zlib.compress(bytes(1000))
    assert refused(png_header(side, side, 1, 0) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")) == reason


@pytest.mark.slow
def test_an_intact_picture_of_a_billion_pixels_is_called_too_large() -> None:
    rows = zlib.compress(bytes((WIDE // 8 + 1) * WIDE))
    data = png_header(WIDE, WIDE, 1, 0) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    tracemalloc.start()
    assert refused(data) == "too large: more than 134,217,728 pixels"
    assert tracemalloc.get_traced_memory()[1] < 1 << 20


def test_a_wrong_length_takes_no_memory() -> None:
    data = encode(".png")
    assert refused(data[:33] + b"\x7f\xff\xff\xff" + data[37:]) == DAMAGED
