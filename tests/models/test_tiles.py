"""Tiles are put together so that nobody sees them."""

import cv2
import numpy as np
import pytest

from ganline.models.tiles import axis, translated


class Toy:
    """Makes of tiles (side, side, channels) what `function` makes of them, uint8 (N, H', W', C')."""

    def __init__(self, function, side=32, channels=3):
        self.function, self.input_shape = function, (side, side, channels)
        self.image_shape = self.translate(np.zeros((1, *self.input_shape), np.uint8)).shape[1:]
        self.tiles = 0

    def translate(self, images):
        assert images.dtype == np.uint8 and images.shape[1:] == self.input_shape
        self.tiles = getattr(self, "tiles", 0) + len(images)
        return self.function(images)


def noise(*shape):
    return np.random.default_rng(len(shape)).integers(0, 256, shape, np.uint8)


def sizes(least, most, count):
    """Return heights and widths, drawn by a fixed seed."""
    return np.random.default_rng(most).integers(least, most, (count, 2)).tolist()


def blurred(images):
    """Each pixel by those within two: what lies outside of the tile counts as black, as in a network."""
    return np.stack([cv2.blur(image, (5, 5), borderType=cv2.BORDER_CONSTANT) for image in images])


@pytest.mark.parametrize("side", [16, 32, 48])
def test_what_is_left_as_it_is_comes_out_as_it_went_in(side):
    for height, width in [(1, 1), (1, 99), (side, side + 1), *sizes(1, 150, 30)]:
        pixels = noise(height, width, 3)
        np.testing.assert_array_equal(translated(Toy(lambda images: images, side), pixels), pixels)


def test_a_local_translator_gives_no_seam():
    for height, width in sizes(33, 151, 20):
        pixels = noise(height, width, 3)
        np.testing.assert_array_equal(translated(Toy(blurred), pixels), blurred(pixels[None])[0])


def test_tiles_of_different_brightness_fade_into_each_other():
    random = np.random.default_rng(0)
    toy = Toy(lambda images: images + random.integers(0, 60, (len(images), 1, 1, 1), np.uint8), 64)
    for height, width in sizes(40, 300, 20):
        found = translated(toy, np.full((height, width, 3), 90, np.uint8)).astype(int)
        steps = [np.abs(np.diff(found, axis=direction)).max(initial=0) for direction in (0, 1)]
        assert max(steps) <= 59 / 8 + 1  # over the 8 pixels of a fade


def test_a_picture_of_the_translators_size_is_one_tile():
    """So that it becomes just what the model was judged by."""
    pixels = noise(32, 32, 3)
    toy = Toy(blurred)
    toy.tiles = 0
    np.testing.assert_array_equal(translated(toy, pixels), blurred(pixels[None])[0])
    assert toy.tiles == 1


@pytest.mark.parametrize("size", [(100, 70), (32, 32), (5, 200)])
@pytest.mark.parametrize(("made", "factor"), [(128, 4), (16, 0.5), (24, 0.75)])
def test_outputs_of_another_size(size, made, factor):
    def enlarged(images):
        return np.stack([cv2.resize(image, (made, made), interpolation=cv2.INTER_NEAREST) for image in images])

    found = translated(Toy(enlarged), np.full((*size, 3), 77, np.uint8))
    assert found.shape == (*(int(np.ceil(side * factor)) for side in size), 3) and (found == 77).all()


@pytest.mark.parametrize(("shape", "channels"), [((50, 40), 3), ((50, 40, 1), 1), ((50, 40, 3), 1), ((50, 40, 4), 3)])
def test_channels_are_those_that_the_translator_wants(shape, channels):
    pixels = noise(*shape)
    found = translated(Toy(lambda images: images, channels=channels), pixels)
    assert found.shape == (50, 40, channels)
    if shape == (50, 40):
        np.testing.assert_array_equal(found, np.repeat(pixels[..., None], 3, axis=2))
    if shape[2:] == (4,):  # alpha lies over white
        clear = np.dstack([pixels[..., :3], np.zeros((50, 40), np.uint8)])
        assert (translated(Toy(lambda images: images), clear) == 255).all()


def test_progress_is_told():
    told = []
    translated(Toy(lambda images: images), noise(90, 900, 3), lambda done, total: told.append((done, total)))
    assert told[-1] == (told[-1][1],) * 2 and [done for done, _ in told] == sorted({done for done, _ in told})


@pytest.mark.parametrize(("side", "made"), [(16, 16), (64, 256), (64, 48), (64, 16), (256, 256), (32, 33), (17, 50)])
def test_every_place_is_shared_out_whole(side, made):
    for length in [1, side - 1, side, side + 1, *np.random.default_rng(side).integers(1, 3000, 50).tolist()]:
        found = axis(length, side, made)
        total = np.zeros(found.places[-1] + made)
        for start, place, share in zip(found.starts, found.places, found.shares, strict=True):
            assert 0 <= start <= found.padded - side and 0 <= place - start * made / side <= 0.99 * (side in (17, 32))
            total[place : place + made] += share[:, 0]
        np.testing.assert_allclose(total, 1, atol=1e-6)
        assert len(total) >= found.length == -(-length * made // side)
