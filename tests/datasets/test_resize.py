from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from ganline.datasets.decode import decode
from ganline.datasets.resize import enlarged, fit, resize, to_channels

RANDOM = np.random.default_rng(0).integers(0, 256, (8, 8), np.uint8)


def test_an_image_that_fits_is_not_touched() -> None:
    for how in ("crop", "pad", "stretch"):
        assert np.array_equal(fit(RANDOM, 8, 1, how)[..., 0], RANDOM)


def test_shrinking_averages_areas() -> None:
    expected = RANDOM.reshape(2, 4, 2, 4).mean((1, 3))
    assert np.abs(fit(RANDOM, 2, 1, "crop")[..., 0] - expected).max() <= 0.5


def test_crop_keeps_the_middle() -> None:
    wide = np.zeros((4, 10), np.uint8)
    wide[:, 3:7] = 200
    assert (fit(wide, 4, 1, "crop") == 200).all()
    assert (fit(wide.T, 8, 3, "crop") == 200).all()


def test_pad_keeps_everything_between_white_borders() -> None:
    padded = fit(np.zeros((10, 20), np.uint8), 20, 1, "pad")[..., 0]
    assert (padded[5:15] == 0).all() and (padded[:5] == 255).all() and (padded[15:] == 255).all()
    assert fit(np.zeros((190, 10, 3), np.uint8), 8, 3, "pad").shape == (8, 8, 3)


def test_trim_brings_what_is_drawn_in_any_place_and_size_to_one_frame() -> None:
    def drawn(top: int, left: int, scale: int) -> np.ndarray:
        page = np.full((200, 300, 3), 255, np.uint8)
        page[top : top + 20 * scale, left : left + 10 * scale] = (200, 30, 30)
        page[0, 0] = 250  # a margin need not be quite white
        return page

    trimmed = [fit(drawn(*place), 64, 3, "trim") for place in ((10, 20, 1), (0, 200, 8), (90, 150, 5))]
    assert all(np.array_equal(trimmed[0], other) for other in trimmed[1:])
    inside = (trimmed[0] == (200, 30, 30)).all(axis=2)
    assert inside[4:60, 18:46].all() and inside.sum() == 56 * 28
    assert (fit(np.full((30, 20), 255, np.uint8), 8, 1, "trim") == 255).all()


def test_stretch_uses_everything() -> None:
    wide = np.repeat(np.array([[0, 255]], np.uint8), 20, axis=1).repeat(4, axis=0)
    stretched = fit(wide, 8, 1, "stretch")[..., 0]
    assert (stretched[:, :4] == 0).all() and (stretched[:, 4:] == 255).all()


@pytest.mark.parametrize("shape", [(3, 30), (30, 3), (3, 3), (30, 30)])
def test_any_mixture_of_shrinking_and_enlarging_keeps_a_constant(shape: tuple[int, int]) -> None:
    assert (resize(np.full((*shape, 3), 77, np.uint8), 10, 10) == 77).all()


def test_alpha_is_laid_over_white() -> None:
    pixels = np.array([[[0, 100, 255, 0], [0, 100, 255, 255], [0, 100, 255, 128]]], np.uint8)
    assert to_channels(pixels, 3).tolist() == [[[255, 255, 255], [0, 100, 255], [127, 177, 255]]]


def test_channels_are_converted_both_ways() -> None:
    colour = to_channels(RANDOM, 3)
    assert colour.shape == (8, 8, 3) and all(np.array_equal(colour[..., i], RANDOM) for i in range(3))
    assert np.array_equal(to_channels(colour, 1), RANDOM)
    assert to_channels(np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8), 1).tolist() == [[76, 150, 29]]


@pytest.mark.parametrize("shape", [(218, 178), (30, 41), (56, 56)])
def test_linear_is_what_opencv_does_when_not_told_otherwise(tmp_path: Path, shape: tuple[int, int]) -> None:
    colours = cv2.resize(RANDOM.reshape(4, 4, 4)[..., :3], shape[::-1], interpolation=cv2.INTER_CUBIC)
    file = tmp_path / "face.jpg"
    cv2.imwrite(str(file), colours)
    expected = cv2.resize(cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB), (56, 56))
    assert np.array_equal(fit(decode(file.read_bytes()), 56, 3, "stretch", "linear"), expected)


def test_linear_shrinking_skips_what_area_averages() -> None:
    lines = np.zeros((32, 32), np.uint8)
    lines[::4] = 255
    assert (fit(lines, 8, 1, "crop", "linear") == 0).all()
    assert (np.abs(fit(lines, 8, 1, "crop", "area").astype(int) - 64) <= 1).all()


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_enlarged_is_pillow_s_bicubic_inside_and_continued_by_a_mirror_image(scale):
    small = np.random.default_rng(0).integers(0, 256, (2, 9, 7, 3), np.uint8)
    found = enlarged(small, (9 * scale, 7 * scale))
    mirrored = np.pad(small, ((0, 0), (4, 4), (4, 4), (0, 0)), "symmetric")
    for image, made in zip(mirrored, found, strict=True):
        # Of floats, channel by channel: of 8 bits Pillow cuts off what overshoots between its two passes.
        planes = [Image.fromarray(image[..., i].astype(np.float32)) for i in range(3)]
        theirs = [plane.resize((15 * scale, 17 * scale), Image.Resampling.BICUBIC) for plane in planes]
        inner = np.stack(theirs, axis=2)[4 * scale : -4 * scale, 4 * scale : -4 * scale]
        np.testing.assert_allclose(made, inner.clip(0, 255), atol=0.51)
