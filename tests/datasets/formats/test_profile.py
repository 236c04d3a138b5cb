import io
import struct

import numpy as np
import pytest
from picture_files import COLOURS, FADE, GREY, TURNS, encode, exif, most_off, pillow, tiff, with_chunk
from PIL import Image, ImageCms

from ganline.datasets.decode import decode

GAMMA = 2.2
P3 = np.array([[0.5151, 0.2920, 0.1571], [0.2412, 0.6922, 0.0666], [-0.0011, 0.0419, 0.7841]])
SRGB = np.array([[0.4361, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7141]])
"""Linear RGB to XYZ at D50: columns are the colorants of the two profiles, as printed in them."""
SMOOTH = (64 + COLOURS // 2).astype(np.uint8)


def profile(colorants: np.ndarray = P3) -> bytes:
    """Return a small ICC profile: three colorants and a gamma of 2.2 (563 / 256)."""

    def fixed(*values: float) -> bytes:
        return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))

    xyz = [b"XYZ " + bytes(4) + fixed(*column) for column in [*colorants.T, (0.9642, 1.0, 0.8249)]]
    curve = b"curv" + bytes(4) + struct.pack(">IHH", 1, round(GAMMA * 256), 0)
    blocks = [*xyz, curve, curve, curve]
    names = (b"rXYZ", b"gXYZ", b"bXYZ", b"wtpt", b"rTRC", b"gTRC", b"bTRC")
    at, table, body = 128 + 4 + 12 * len(blocks), struct.pack(">I", len(blocks)), b""
    for name, block in zip(names, blocks, strict=True):
        table += name + struct.pack(">II", at + len(body), len(block))
        body += block
    head = (
        struct.pack(">I4sI4s4s4s", at + len(body), bytes(4), 0x02100000, b"mntr", b"RGB ", b"XYZ ")
        + bytes(12)
        + b"acsp"
    )
    head = head + bytes(28) + fixed(0.9642, 1.0, 0.8249)
    return head + bytes(128 - len(head)) + table + body


FOR_CMYK = profile().replace(b"RGB XYZ", b"CMYKXYZ")


def in_srgb(pixels: np.ndarray) -> np.ndarray:
    """Return what pixels of that profile are in sRGB."""
    linear = np.clip((pixels / 255) ** GAMMA @ (np.linalg.inv(SRGB) @ P3).T, 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055) * 255


EXACT = {
    "PNG": {},
    "WEBP": {"lossless": True, "exact": True},
    "AVIF": {"quality": 100, "subsampling": "4:4:4"},
    "TIFF": {},
    "JPEG": {"quality": 100, "subsampling": 0},
}


@pytest.mark.parametrize("form", EXACT)
def test_a_wider_gamut_becomes_srgb(form: str) -> None:
    plain = decode(pillow(SMOOTH, form, **EXACT[form]))
    expected = in_srgb(plain)
    assert most_off(expected, plain) > 20
    assert most_off(decode(pillow(SMOOTH, form, icc_profile=profile(), **EXACT[form])), expected) <= 2


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_alpha_and_orientation_stay(form: str) -> None:
    pixels = np.dstack([SMOOTH, FADE])
    got = decode(pillow(pixels, form, icc_profile=profile(), exif=exif(6), **EXACT[form]))
    assert np.array_equal(got[..., 3], TURNS[6](FADE))
    assert most_off(got[..., :3], TURNS[6](in_srgb(SMOOTH))) <= 2


@pytest.mark.parametrize("form", EXACT)
def test_profiles_that_mean_srgb_are_damaged_or_for_other_colours_change_no_bit(form: str) -> None:
    plain = decode(pillow(COLOURS, form, **EXACT[form]))
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for bad in (srgb, profile()[:200], b"no profile", FOR_CMYK):
        assert np.array_equal(decode(pillow(COLOURS, form, icc_profile=bad, **EXACT[form])), plain)


def test_grey_cmyk_and_sixteen_bits_keep_their_values() -> None:
    assert np.array_equal(decode(pillow(GREY, "PNG", icc_profile=profile())), GREY)
    cmyk = Image.fromarray(COLOURS).convert("CMYK")
    for form in ("TIFF", "JPEG"):
        assert np.array_equal(decode(pillow(cmyk, form, icc_profile=FOR_CMYK)), decode(pillow(cmyk, form)))
    deep = SMOOTH.astype(np.uint16) * 257
    assert np.array_equal(decode(tiff(deep, t34675=list(profile()))), SMOOTH)
    assert np.array_equal(decode(with_chunk(encode(".png"), b"iCCP", b"name\0\0no deflate")), COLOURS)


def test_a_profile_in_several_segments_is_put_together() -> None:
    padded = profile() + bytes(70_000)
    padded = struct.pack(">I", len(padded)) + padded[4:]
    out = io.BytesIO()
    Image.fromarray(SMOOTH).save(out, "JPEG", quality=100, subsampling=0, icc_profile=padded)
    assert out.getvalue().count(b"ICC_PROFILE\0") == 2
    plain = decode(pillow(SMOOTH, "JPEG", quality=100, subsampling=0))
    assert most_off(decode(out.getvalue()), in_srgb(plain)) <= 2
