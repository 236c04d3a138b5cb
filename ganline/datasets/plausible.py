"""A look at the prepared pictures as a whole: is there anything to see?"""

from pathlib import Path

import numpy as np

from ganline.core.errors import UserError

LOOKED_AT = 1000
NOTHING, LITTLE = 16, 64
"""Grey levels, of 256, between the darkest and the brightest value: fewer are refused, or told."""
ODD_ONES = 5
"""Percent of the pictures whose extremes do not count, at either end."""
PLAIN_SHARE = 0.1


def look(pixels: np.ndarray, rows: np.ndarray, raw: Path) -> list[str]:
    """Return sentences about what is odd in the prepared pictures `rows` of `pixels`, uint8 (N, H, W, C).

    Raises:
        UserError: (nearly) all of them are (nearly) black, white or of one grey.
    """
    chosen = rows[np.linspace(0, len(rows) - 1, min(len(rows), LOOKED_AT)).astype(int)] if len(rows) else rows
    if not len(chosen):
        return []
    darkest, brightest = _extremes(pixels[chosen])
    low = int(np.percentile(darkest.min(1), ODD_ONES, method="lower"))
    high = int(np.percentile(brightest.max(1), 100 - ODD_ONES, method="higher"))
    if high - low < NOTHING:
        raise UserError(_nothing(raw, low, high))
    said = []
    if high - low < LITTLE:
        said.append(f"the pictures use a small part of the range alone: {low} to {high} of 0 to 255")
    plain = int((darkest == brightest).all(1).sum())
    if plain > PLAIN_SHARE * len(chosen):
        said.append(f"{plain} of {len(chosen)} pictures looked at are of one plain colour")
    return said


def _extremes(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the darkest and the brightest value of each channel of each picture, (N, C)."""
    count, height, width, channels = pixels.shape
    rows = pixels.reshape(count, height, width * channels)  # one long axis: NumPy is slow where the last one is short
    dark, bright = rows.min(1).reshape(count, width, channels), rows.max(1).reshape(count, width, channels)
    return dark.min(1), bright.max(1)


def _nothing(raw: Path, low: int, high: int) -> str:
    shade = "black" if high < 2 * NOTHING else "white" if low >= 256 - 2 * NOTHING else "of one grey"
    return (
        f"{raw}: the pictures are all but {shade}: in 95 % of them all values lie between {low} and {high} of 0 to 255."
        " Allowed are pictures that use more of the range. Usual causes: numbers of classes or depths stored as grey "
        "levels, files of 16 bits of which a few use the whole range and most do not, or white drawings on a "
        "transparent ground (transparent becomes white). Stretch the values to 0 to 255 before."
    )
