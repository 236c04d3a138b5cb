import cv2
import numpy as np
import pytest
from PIL import Image

from ganline.core.figures import (
    CELL,
    GREY,
    GUTTER,
    beside,
    cut_grid,
    image_grid,
    labelled_grid,
    png_bytes,
    write_gif,
    write_png,
)


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


@pytest.mark.parametrize("channels", [1, 3])
def test_a_gif_moves_and_has_the_same_bytes_again(tmp_path, channels):
    frames = np.stack([np.full((6, 8, channels), value, np.uint8) for value in (0, 120, 255)])
    write_gif(tmp_path / "a.gif", frames)
    with Image.open(tmp_path / "a.gif") as read:
        assert (read.n_frames, read.size, read.info["loop"]) == (3, (8, 6), 0)
        read.seek(1)
        assert abs(int(np.asarray(read.convert("L"))[0, 0]) - 120) <= 2
    first = (tmp_path / "a.gif").read_bytes()
    write_gif(tmp_path / "a.gif", frames)
    assert (tmp_path / "a.gif").read_bytes() == first


@pytest.mark.parametrize("channels", [1, 3])
def test_names_stand_beside_an_enlarged_grid(channels):
    images = pictures(6, channels=channels)
    scale = -(-CELL // images.shape[1])
    found = labelled_grid(images, ["first", "a longer name"], ["one", "two", "three of many words"])
    grid = image_grid(images.repeat(scale, axis=1).repeat(scale, axis=2), 3)
    top, left = found.shape[0] - grid.shape[0], found.shape[1] - grid.shape[1]
    assert np.array_equal(found[top:, left:], grid)
    assert found[top : top + grid.shape[0] // 2, :left].min() < 128  # ink beside each row and above each column
    assert found[top + grid.shape[0] // 2 :, :left].min() < 128 and found[:top, left:].min() < 128
    assert labelled_grid(images, ["a"]).shape[0] == scale * 5
    for rows, columns in ((["a", "b", "c", "d"], []), (["a"], ["b"]), ([], [])):
        with pytest.raises(ValueError, match="do not make"):
            labelled_grid(images, rows, columns)
