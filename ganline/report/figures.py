"""Pictures of many images, and the files they are kept in."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from ganline.files import whole_file

GUTTER = 2
GREY = 128


def image_grid(images: np.ndarray, columns: int) -> np.ndarray:
    """Lay images out row by row with a mid-grey gutter between them.

    Args:
        images: uint8, (N, H, W, C) with C = 1 or 3 and N >= 1.
        columns: images in a row, >= 1. Places left over in the last row stay grey.

    Returns:
        uint8, (rows * (H + 2) - 2, columns * (W + 2) - 2, C).

    Raises:
        ValueError: wrong dtype, shape or number of columns.
    """
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] not in (1, 3) or len(images) == 0:
        raise ValueError(f"expected uint8 images (N >= 1, H, W, 1 or 3), found {images.dtype} {images.shape}")
    if columns < 1:
        raise ValueError(f"columns = {columns}: allowed is 1 or more")
    count, height, width, channels = images.shape
    rows = -(-count // columns)
    cells = np.full((rows * columns, height + GUTTER, width + GUTTER, channels), GREY, np.uint8)
    cells[:count, :height, :width] = images
    grid = cells.reshape(rows, columns, *cells.shape[1:]).swapaxes(1, 2)
    return grid.reshape(rows * cells.shape[1], columns * cells.shape[2], channels)[:-GUTTER, :-GUTTER]


def cut_grid(grid: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return the images that `image_grid` laid out, uint8 (places, height, width, C), grey ones of empty places too.

    Raises:
        ValueError: a grid that images of this size cannot have made.
    """
    rows, high = divmod(grid.shape[0] + GUTTER, height + GUTTER)
    columns, wide = divmod(grid.shape[1] + GUTTER, width + GUTTER)
    if high or wide:
        raise ValueError(f"a grid of shape {grid.shape} is not made of images of {height} x {width}")
    cells = np.pad(grid, ((0, GUTTER), (0, GUTTER), (0, 0)))
    cells = cells.reshape(rows, height + GUTTER, columns, width + GUTTER, -1).swapaxes(1, 2)
    return cells.reshape(rows * columns, height + GUTTER, width + GUTTER, -1)[:, :height, :width]


def beside(grids: Sequence[np.ndarray], gap: int = 4 * GUTTER) -> np.ndarray:
    """Put grids of one height, uint8 (h, w, C), next to each other with `gap` mid-grey pixels between them."""
    height, _, channels = grids[0].shape
    strip = np.full((height, gap, channels), GREY, np.uint8)
    return np.concatenate([part for grid in grids for part in (strip, grid)][1:], axis=1)


def png_bytes(image: np.ndarray) -> bytes:
    """Encode one image, uint8 (H, W, 1) or RGB (H, W, 3), as PNG; equal images give equal bytes."""
    ordered = cv2.cvtColor(image, cv2.COLOR_RGB2BGR) if image.shape[2] == 3 else image
    done, encoded = cv2.imencode(".png", np.ascontiguousarray(ordered), [cv2.IMWRITE_PNG_COMPRESSION, 9])
    if not done:
        raise ValueError(f"cannot encode an image of shape {image.shape} as PNG")
    return encoded.tobytes()


def write_png(path: Path, image: np.ndarray) -> None:
    """Write one image, uint8 (H, W, 1) or RGB (H, W, 3), as a PNG file, whole or not at all."""
    data = png_bytes(image)
    with whole_file(path) as temporary:
        temporary.write_bytes(data)


def write_gif(path: Path, frames: np.ndarray, milliseconds: int = 80) -> None:
    """Write frames, uint8 (F, H, W, 1) or RGB (F, H, W, 3), as a GIF that loops for ever, whole or not at all."""
    pictures = [Image.fromarray(frame[:, :, 0] if frame.shape[2] == 1 else frame) for frame in frames]
    with whole_file(path) as temporary:
        pictures[0].save(temporary, save_all=True, append_images=pictures[1:], duration=milliseconds, loop=0)
