import cv2
import numpy as np
import pytest

from ganline.report.figures import GREY, GUTTER, beside, cut_grid, image_grid, png_bytes, write_png


def pictures(count, height=5, width=7, channels=1):
    values = np.arange(count * height * width * channels) % 100
    return values.reshape(count, height, width, channels).astype(np.uint8)


@pytest.mark.parametrize("channels", [1, 3])
def test_grid_geometry(channels):
    images = pictures(5, channels=channels)
    grid = image_grid(images, 3)
    assert grid.shape == (2 * 5 + 2, 3 * 7 + 4, channels)
    assert np.array_equal(grid[7:, 9:16], images[4])  # second row, second column
    gutters = [grid[5:7], grid[:, 7:9], grid[:, 16:18], grid[7:, 16:]]  # the last: the place left over
    assert all((gutter == GREY).all() for gutter in gutters)


def test_cut_grid_undoes_image_grid():
    images = pictures(6, channels=3)
    assert np.array_equal(cut_grid(image_grid(images, 2), 5, 7), images)
    with pytest.raises(ValueError, match="not made of images of 6 x 7"):
        cut_grid(image_grid(images, 2), 6, 7)


def test_beside_keeps_a_gap():
    first, second = image_grid(pictures(2), 1), image_grid(pictures(4), 2)
    both = beside([first, second])
    assert both.shape == (first.shape[0], first.shape[1] + 4 * GUTTER + second.shape[1], 1)
    assert np.array_equal(both[:, -second.shape[1] :], second)


@pytest.mark.parametrize(
    ("images", "columns"),
    [
        (pictures(2).astype(np.float32), 1),
        (pictures(2)[..., 0], 1),
        (pictures(2, channels=2), 1),
        (pictures(0), 1),
        (pictures(2), 0),
    ],
    ids=["float", "no channels", "two channels", "none", "no columns"],
)
def test_refusals(images, columns):
    with pytest.raises(ValueError):
        image_grid(images, columns)


@pytest.mark.parametrize("channels", [1, 3])
def test_png_keeps_pixels_and_colours_and_its_bytes(tmp_path, channels):
    image = pictures(1, channels=channels)[0]
    write_png(tmp_path / "image.png", image)
    read = cv2.imread(str(tmp_path / "image.png"), cv2.IMREAD_UNCHANGED)
    read = read[:, :, None] if channels == 1 else cv2.cvtColor(read, cv2.COLOR_BGR2RGB)
    assert np.array_equal(read, image)
    assert (tmp_path / "image.png").read_bytes() == png_bytes(image.copy())
