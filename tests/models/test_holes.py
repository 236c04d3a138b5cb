"""Transparent parts of pictures of any size, through a toy that fills a hole with what is left of it."""

import numpy as np
import pytest

from ganline.datasets.unusable import UnusableError
from ganline.models.tiles import translated

SIDE, WINDOW = 8, 32


class Toy:
    """Fills the hole of each image with the colour of the pixel that is left of the hole's top left corner."""

    input_shape, image_shape, hole_size = (WINDOW, WINDOW, 4), (WINDOW, WINDOW, 3), SIDE

    def __init__(self):
        self.given = []

    def translate(self, images):
        self.given.append(images)
        made = images[..., :3].copy()
        for image, out in zip(images, made, strict=True):
            rows, columns = np.nonzero(image[..., 3] == 0)
            assert len(rows) == SIDE * SIDE and np.ptp(rows) == np.ptp(columns) == SIDE - 1
            assert set(np.unique(image[..., 3])) == {0, 255}
            out[rows, columns] = image[rows.min(), columns.min() - 1, :3]
        return made


def picture(height, width, *holes):
    """A picture whose colour is that of its column, transparent in `holes` (row, column, height, width)."""
    image = np.full((height, width, 4), 255, np.uint8)
    image[..., :3] = np.arange(width)[:, None]
    for row, column, high, wide in holes:
        image[row : row + high, column : column + wide] = (1, 2, 3, 0)
    return image


@pytest.mark.parametrize("size", [(32, 32), (50, 90), (20, 70)])
def test_what_is_transparent_is_filled_and_nothing_else_is_changed(size):
    given, told = picture(*size, (9, 12, 6, 4), (2, 21, 1, 1)), []
    found = translated(Toy(), given, lambda done, total: told.append((done, total)))
    seen = given[..., 3] == 255
    assert found.shape == (*size, 3) and told == [(1, 2), (2, 2)]
    np.testing.assert_array_equal(found[seen], given[seen][:, :3])
    # The square of 8 lies over the hole: it begins two columns left of one that is four wide.
    assert (found[9:15, 12:16] == 9).all() and (found[2, 21] == 16).all()


def test_the_window_lies_round_the_hole_and_in_the_picture():
    toy = Toy()
    translated(toy, picture(100, 100, (50, 60, 8, 8), (96, 97, 4, 3)))
    middle, corner = (images[0] for images in toy.given)
    assert (middle[12:20, 12:20, 3] == 0).all() and middle[0, 0, 0] == 60 - 12
    assert (corner[24:, 24:, 3] == 0).all() and corner[0, 0, 0] == 100 - 32


def test_what_is_half_transparent_shows_half_of_what_is_filled_in():
    given = picture(40, 40, (10, 10, 4, 4))
    given[10, 10] = (200, 200, 200, 51)
    found = translated(Toy(), given)
    assert (found[10, 10] == round(0.2 * 200 + 0.8 * 7)).all() and (found[11, 11] == 7).all()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (picture(40, 40), "nothing of it is transparent: erase what is to be filled"),
        (picture(40, 40)[..., :3], "nothing of it is transparent"),
        (picture(40, 40)[..., 0], "nothing of it is transparent"),
        (picture(40, 40, (4, 6, 9, 2)), "part of 2 x 9 pixels at column 6, row 4 is larger than the 8 x 8"),
    ],
)
def test_what_cannot_be_filled_is_told(given, words):
    with pytest.raises(UnusableError, match=words):
        translated(Toy(), given)
