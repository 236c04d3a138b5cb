"""Pictures of many images, and the files they are kept in."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ganline.core.files import whole_file

GUTTER = 2
GREY = 128
CELL = 64
"""Images beside names are enlarged to at least this height, pixels."""
TEXT, LINE = 14, 18
"""Height of a letter and of a line of text, pixels."""


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


def labelled_grid(images: np.ndarray, rows: Sequence[str], columns: Sequence[str] = ()) -> np.ndarray:
    """Lay images out with a name beside each row and above each column; small ones are enlarged without blur.

    Args:
        images: uint8, (rows * columns, H, W, C) with C = 1 or 3, row by row.
        rows: a name a row, one or more.
        columns: a name a column, or none.

    Returns:
        uint8, (h, w, C), on white.

    Raises:
        ValueError: as `image_grid`, or images that do not fill the rows or do not suit the columns' names.
    """
    across, left_over = divmod(len(images), max(1, len(rows)))
    if not rows or left_over or (columns and len(columns) != across):
        raise ValueError(f"{len(images)} images do not make {len(rows)} rows of {len(columns) or 'any'} columns")
    scale = max(1, -(-CELL // images.shape[1]))
    grid = image_grid(images.repeat(scale, axis=1).repeat(scale, axis=2), across)
    high, wide = (scale * side + GUTTER for side in images.shape[1:3])
    left = max(_text_width(name) for name in rows) + 3 * GUTTER
    heads = [_wrapped(name, wide) for name in columns]
    top = max((head.count("\n") + 1 for head in heads), default=0) * LINE
    page = Image.new("L" if images.shape[3] == 1 else "RGB", (left + grid.shape[1], top + grid.shape[0]), "white")
    page.paste(Image.fromarray(grid[:, :, 0] if images.shape[3] == 1 else grid), (left, top))
    pen = ImageDraw.Draw(page)
    for i, name in enumerate(rows):
        pen.text((left - 2 * GUTTER, top + (i + 0.5) * high), name, "black", _font(), anchor="rm")
    for i, head in enumerate(heads):
        pen.multiline_text((left + (i + 0.5) * wide, top), head, "black", _font(), "md", spacing=2, align="center")
    return np.atleast_3d(np.asarray(page))


@cache
def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(TEXT)


def _text_width(text: str) -> int:
    return int(_font().getlength(text)) + 1


def _wrapped(text: str, width: int) -> str:
    """Return the text with line breaks between words, so that lines are no wider than `width` pixels where they can."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and _text_width(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return "\n".join(lines)
