"""Pictures of any size through a translator of one size: tile by tile, without seams.

Tiles overlap by a quarter. Of what overlaps, the outer quarter of each tile is left out, where a network lacks half of
what it looks at, and between them one tile fades into the next. So a translator that looks no further than a sixteenth
of its side makes of tiles what it would make of the whole; others change smoothly from tile to tile. A picture of just
the translator's size is one tile.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple, Protocol, cast

import numpy as np

from ganline.datasets.resize import to_channels
from ganline.models.holes import Fills, filled

RGBA = 4
"""Channels of what translators take that fill holes: alpha says where these are."""
AT_ONCE = 16
"""Tiles translated at a time."""
OVERLAP = 4
"""Tiles overlap by at least this part of their side."""


class Translates(Protocol):
    """What makes images of images of one size."""

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(H, W, C) of what it takes."""

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(H', W', C') of what it makes."""

    def translate(self, images: np.ndarray) -> np.ndarray:
        """Return what images uint8 (N, H, W, C) become, uint8 (N, H', W', C')."""


class Axis(NamedTuple):
    """How one side of a picture is cut into tiles, and how these are put together."""

    side: int
    """Of a tile that is put in."""
    padded: int
    """Length of the picture with what is added at its end, so that tiles fit."""
    starts: list[int]
    length: int
    """Of the picture that comes out."""
    places: list[int]
    """Where each tile's output begins in it."""
    shares: list[np.ndarray]
    """float32 (side of an output, 1): what each tile counts for, 0 to 1. At every place they sum to 1."""


def translated(
    translator: Translates, pixels: np.ndarray, progress: Callable[[int, int], Any] | None = None
) -> np.ndarray:
    """Return what a picture uint8 (h, w), (h, w, 1), RGB (h, w, 3) or RGBA (h, w, 4) becomes, uint8 (h', w', C').

    It is turned grey or RGB as the translator wants, alpha laid over white. h' is h times H' / H, and w' likewise,
    rounded up. Pictures smaller than a tile are continued by their mirror image. Of a translator that fills holes see
    ganline.models.holes.filled: only what is transparent is changed.

    Args:
        translator: see Translates.
        pixels: the picture.
        progress: is told of how many tiles of how many are done.

    Raises:
        UnusableError: the translator fills holes, and the picture has none, or one that is too large.
    """
    if translator.input_shape[2] == RGBA:
        return filled(cast(Fills, translator), pixels, progress)
    flat = pixels[..., 0] if pixels.shape[2:] == (1,) else pixels
    image = to_channels(flat, translator.input_shape[2]).reshape(*flat.shape[:2], -1)
    rows, columns = (
        axis(length, side, made)
        for length, side, made in zip(image.shape, translator.input_shape[:2], translator.image_shape[:2], strict=False)
    )
    short = [(0, each.padded - length) for each, length in zip((rows, columns), image.shape, strict=False)]
    image = np.pad(image, (*short, (0, 0)), "symmetric")
    total, done = len(rows.starts) * len(columns.starts), 0
    high, wide = translator.image_shape[0], columns.places[-1] + translator.image_shape[1]
    found = np.empty((rows.places[-1] + high, wide, translator.image_shape[2]), np.uint8)
    band = np.zeros((high, *found.shape[1:]), np.float32)
    for i, start in enumerate(rows.starts):
        for first in range(0, len(columns.starts), AT_ONCE):
            some = columns.starts[first : first + AT_ONCE]
            tiles = np.stack([image[start : start + rows.side, left : left + columns.side] for left in some])
            for j, made in enumerate(translator.translate(tiles), first):
                left = columns.places[j]
                band[:, left : left + made.shape[1]] += made * (rows.shares[i][:, None] * columns.shares[j])
            done += len(some)
            if progress:
                progress(done, total)
        # What no later tile reaches is finished.
        ready = rows.places[i + 1] - rows.places[i] if i + 1 < len(rows.starts) else high
        found[rows.places[i] : rows.places[i] + ready] = np.rint(band[:ready])
        band = np.concatenate([band[ready:], np.zeros_like(band[:ready])])
    return found[: rows.length, : columns.length]


def axis(length: int, side: int, made: int) -> Axis:
    """Return how a picture `length` pixels long is cut into tiles of `side`, each of which becomes `made` pixels."""
    scale = Fraction(made, side)
    # Tiles begin where their outputs begin at a whole pixel; of odd scales less than one after it.
    unit = scale.denominator if scale.denominator <= side // OVERLAP else 1
    padded = max(side, -(-length // unit) * unit)
    overlap = -(-side // OVERLAP // unit) * unit
    gaps = -(-(padded - side) // (side - overlap))
    starts = [(padded - side) // unit * i // gaps * unit for i in range(gaps + 1)] if gaps else [0]
    places = [-(-start * made // side) for start in starts]
    fades = [_fade(made, int(overlap * scale), i > 0, i < gaps) for i in range(gaps + 1)]
    total = np.zeros(places[-1] + made, np.float32)
    for place, fade in zip(places, fades, strict=True):
        total[place : place + made] += fade
    shares = [(fade / total[place : place + made])[:, None] for place, fade in zip(places, fades, strict=True)]
    return Axis(side, padded, starts, -(-length * made // side), places, shares)


def _fade(made: int, overlap: int, before: bool, after: bool) -> np.ndarray:
    """Return what a tile counts for along an axis before that is shared out, float32 (made,): 0 at its edge to 1."""
    edge = overlap // OVERLAP
    rise = np.clip((np.arange(made, dtype=np.float32) - edge + 0.5) / max(1, overlap - 2 * edge), 0, 1)
    return (rise if before else np.ones_like(rise)) * (rise[::-1] if after else np.ones_like(rise))
