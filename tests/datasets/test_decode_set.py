import contextlib
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from picture_files import COLOURS, DAMAGED, GREY, encode, pillow

from ganline.datasets.complaints import Complaints
from ganline.datasets.decode import decode, read
from ganline.datasets.decode_set import decode_set
from ganline.datasets.pictures import PictureFolder
from ganline.datasets.unusable import UnusableError
from ganline.settings.schema import Prepare

SETTINGS = Prepare(size=60, channels=1, fit="stretch", interpolation="area", test_fraction=0.25, max_dropped=0.5)
TWELVE = np.round(GREY / 255 * 4095).astype(np.uint16)
NOISE = np.random.default_rng(1).integers(-12, 13, (360, 480, 3))
DETAILED = np.clip(cv2.resize(COLOURS, (480, 360)).astype(int) + NOISE, 0, 255).astype(np.uint8)


def decoded(folder: Path, files: dict[str, bytes]) -> tuple[np.ndarray, list[str], list[str]]:
    """Return the pixels, each file's status, and the sentences."""
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    images = PictureFolder(folder)
    pixels = np.zeros((len(files), SETTINGS.size, SETTINGS.size, SETTINGS.channels), np.uint8)
    records, said = decode_set(images, SETTINGS, pixels)
    assert images.files == sorted(files)
    return pixels, [record.status for record in records], said


@pytest.mark.parametrize(("bits", "form"), [(8, ".tiff"), (10, ".png"), (12, ".png"), (12, ".tiff"), (14, ".png")])
def test_used_bits_are_found_in_the_whole_set(tmp_path: Path, bits: int, form: str) -> None:
    white = 2**bits - 1
    bright = np.round(GREY / GREY.max() * white).astype(np.uint16)
    files = {f"{i:02}{form}": encode(form, bright // (i + 1)) for i in range(40)} | {"99.png": encode(".png", GREY)}
    pixels, status, said = decoded(tmp_path / "some", files)
    assert set(status) == {"kept"}
    assert said == [f"none of the 40 pictures of 16 bits uses more than {bits}: {white} was read as white"]
    eight = {
        f"{i:02}.png": encode(".png", cv2.convertScaleAbs(bright // (i + 1), alpha=255 / white)) for i in range(40)
    }
    expected, _, nothing = decoded(tmp_path / "eight", eight | {"99.png": encode(".png", GREY)})
    assert np.array_equal(pixels, expected) and not nothing


def test_one_picture_of_sixteen_bits_keeps_the_others_dark(tmp_path: Path) -> None:
    files = {"dark.png": encode(".png", TWELVE), "full.png": encode(".png", GREY.astype(np.uint16) * 257)}
    pixels, _, said = decoded(tmp_path / "raw", files)
    assert not said and pixels[0].max() == round(TWELVE.max() / 257) and pixels[1].max() > 200


def test_pictures_far_smaller_than_what_they_become_are_told(tmp_path: Path) -> None:
    small = {f"{side}.png": encode(".png", cv2.resize(COLOURS, (side + 9, side))) for side in (4, 29, 30)}
    _, status, said = decoded(tmp_path / "raw", small | {"broken.png": b"no picture"})
    assert status.count("kept") == 3
    assert said == [
        "2 of 3 pictures have sides of less than half of prepare.size = 60 (the smallest is 13 x 4): enlarged, they "
        "show no more detail than before"
    ]


def zeroed(data: bytes, at: float, length: int = 512) -> bytes:
    """Return the file with zeros from a part of its length on."""
    start = int(len(data) * at)
    return data[:start] + bytes(length) + data[start + length :]


RESTARTS = (cv2.IMWRITE_JPEG_RST_INTERVAL, 10)
CHECKED: dict[str, Callable[[], bytes]] = {
    "baseline.jpg": lambda: encode(".jpg", DETAILED),
    "optimised.jpg": lambda: pillow(DETAILED, "JPEG", optimize=True),
    "restarts.jpg": lambda: encode(".jpg", DETAILED, *RESTARTS),
    "grey.jpg": lambda: encode(".jpg", DETAILED[..., 0]),
    "png.png": lambda: encode(".png", DETAILED),
    "lzw.tif": lambda: pillow(DETAILED, "TIFF", compression="tiff_lzw"),
    "deflate.tif": lambda: pillow(DETAILED, "TIFF", compression="tiff_adobe_deflate"),
    "jpeg.tif": lambda: pillow(DETAILED, "TIFF", compression="jpeg"),
    "gif.gif": lambda: pillow(DETAILED, "GIF"),
}


def test_pictures_with_a_block_of_zeros_are_dropped_and_no_others(tmp_path: Path) -> None:
    files = {}
    for name, make in CHECKED.items():
        good = make()
        files |= {f"good {name}": good} | {f"{at} {name}": zeroed(good, at) for at in (0.3, 0.5, 0.7)}
    _, status, _ = decoded(tmp_path / "raw", files)
    kept = [name for name, what in zip(sorted(files), status, strict=True) if what == "kept"]
    assert kept == sorted(f"good {name}" for name in CHECKED)
    assert set(status) == {"kept", f"dropped: {DAMAGED}"}


def test_progressive_jpegs_with_a_block_of_zeros_are_mostly_dropped(tmp_path: Path) -> None:
    data = pillow(DETAILED, "JPEG", progressive=True)
    files = {f"{i:02}.jpg": zeroed(data, at) for i, at in enumerate(np.linspace(0.2, 0.9, 30))} | {"good.jpg": data}
    _, status, _ = decoded(tmp_path / "raw", files)
    assert status[-1] == "kept" and status.count(f"dropped: {DAMAGED}") >= 20


def test_nothing_of_it_is_printed_and_what_python_prints_goes_on(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    decoded(tmp_path / "raw", {"a.jpg": zeroed(encode(".jpg", DETAILED), 0.5), "b.jpg": encode(".jpg")})
    assert capfd.readouterr().err == ""
    real = os.fdopen(os.dup(2), "w")
    with contextlib.redirect_stderr(open(2, "w", closefd=False)):  # as outside of pytest
        with Complaints() as complaints:
            os.write(2, b"Corrupt JPEG data: said a library\n")
            print("said by Python", file=sys.stderr)
            assert complaints.damage_since(0) and not complaints.damage_since(complaints.mark())
        print("afterwards", file=sys.stderr, flush=True)
    real.close()
    assert capfd.readouterr().err == "said by Python\nafterwards\n"
    with contextlib.redirect_stderr(io.StringIO()) as kept, Complaints():
        print("a stream in memory", file=sys.stderr)
    assert kept.getvalue() == "a stream in memory\n"


def intact() -> list[bytes]:
    """Return a file of every format that is read."""
    return [
        *(encode(form) for form in (".png", ".jpg", ".bmp", ".webp", ".tiff", ".jp2", ".ppm", ".ras")),
        *(pillow(COLOURS, form) for form in ("GIF", "AVIF", "ICO", "TGA", "MPO")),
        *(pillow(COLOURS, "TIFF", compression=way) for way in ("tiff_lzw", "tiff_adobe_deflate", "jpeg")),
        encode(".png", TWELVE),
        pillow(COLOURS, "JPEG", progressive=True),
        b"P3\n2 2\n255\n" + b"7 " * 12,
    ]


def garbled(data: bytes, other: bytes, random: np.random.Generator) -> bytes:
    """Return a file cut off, with wrong bytes anywhere or in its beginning, or going on as another."""
    content = bytearray(data)
    how, start = random.integers(4), int(random.integers(min(len(data), 300)))
    if how == 0:
        return data[: int(random.integers(len(data)))]
    if how == 3:
        return data[:start] + other[start:]
    reach = len(data) if how == 1 else min(len(data), 200)
    for place in random.integers(reach, size=random.integers(1, 8)):
        content[place] = random.integers(256)
    return bytes(content)


def read_garbled(seed: int, tries: int) -> int:
    """Return how many of the garbled files were refused; anything but a picture or a reason fails."""
    random, files, refused = np.random.default_rng(seed), intact(), 0
    for _ in range(tries):
        data = garbled(*(files[int(random.integers(len(files)))] for _ in range(2)), random)
        try:
            pixels = read(data)
        except UnusableError:
            refused += 1
        else:
            assert pixels.dtype in (np.uint8, np.uint16) and pixels.shape[2:] in ((), (3,), (4,))
    return refused


def test_garbled_pictures_are_read_or_refused_with_a_reason() -> None:
    assert all(decode(data).dtype == np.uint8 for data in intact())
    assert 200 < read_garbled(0, 500) < 480


@pytest.mark.slow
def test_twenty_thousand_garbled_pictures() -> None:
    assert read_garbled(1, 20_000) > 8_000
