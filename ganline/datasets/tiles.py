"""Two large pictures of the same ground, cut into pairs of tiles."""

from pathlib import Path

import cv2
import numpy as np

from ganline.core.progress import track
from ganline.datasets import decode
from ganline.datasets.damage import reading
from ganline.datasets.fetchers import SourceError
from ganline.datasets.resize import resize


def write(pictures: dict[str, Path], side: int, least_deviation: float, folder: Path) -> None:
    """Write tiles of side x side pixels as NAME/r00-c00.png, numbered from the top left.

    The larger picture is shrunk to the smaller one's size before. Tiles do not overlap; what is left over at the right
    and below is not used. Left out are the places that are nearly of one colour in either picture, such as open sea:
    a translator would learn little else.

    Args:
        pictures: the two files, by the folders that their tiles get.
        side: of the tiles, pixels.
        least_deviation: grey levels; the mean over channels of the standard deviation over pixels that a tile has.
        folder: where to write.

    Raises:
        SourceError: no tile is left.
    """
    layers = _aligned({name: _read(path) for name, path in pictures.items()})
    for name in layers:
        (folder / name).mkdir()
    height, width = next(iter(layers.values())).shape[:2]
    places = [(row, column) for row in range(height // side) for column in range(width // side)]
    written = 0
    for row, column in track(places, "cut tiles", len(places), "places"):
        here = np.s_[row * side : (row + 1) * side, column * side : (column + 1) * side]
        tiles = {name: layer[here] for name, layer in layers.items()}
        if min(tile.std((0, 1)).mean() for tile in tiles.values()) >= least_deviation:
            written += 1
            for name, tile in tiles.items():
                _write_png(folder / name / f"r{row:02}-c{column:02}.png", tile)
    if not written:
        raise SourceError(f"no tile of {side} x {side} pixels has a standard deviation of {least_deviation} or more")


def _read(path: Path) -> np.ndarray:
    with reading(path):
        return decode.decode(path.read_bytes())


def _aligned(layers: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    height, width = (min(layer.shape[axis] for layer in layers.values()) for axis in (0, 1))
    return {name: resize(layer, height, width) for name, layer in layers.items()}


def _write_png(path: Path, tile: np.ndarray) -> None:
    path.write_bytes(cv2.imencode(".png", np.ascontiguousarray(tile[..., ::-1]))[1].tobytes())
