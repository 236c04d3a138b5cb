"""Quick, Draw! (Ha and Eck 2018) as bitmaps: one .npy a category, uint8 (N, 784), 28x28 drawings on background 0."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ganline.datasets.damage import UnreadableError, reading
from ganline.errors import UserError

SIDE = 28
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 -]*")


class QuickdrawImages:
    """The drawings of a folder with one <category>.npy, memory-mapped and unlabelled.

    Attributes: `files` names an image (apple.npy#17), `labels` are "" for all, `splits` is None, `classes` is empty.
    Nothing is `ignored` or `said`.

    Raises:
        UserError: the file is no such array.
    """

    splits = None
    ignored: Mapping[str, str] = {}
    said: Sequence[str] = ()

    def __init__(self, folder: Path) -> None:
        (path,) = _visible(folder)
        self._array = read(path)
        self.files = [f"{path.name}#{index}" for index in range(len(self._array))]
        self.labels = [""] * len(self._array)
        self.classes: list[str] = []

    def read(self, index: int) -> bytes:
        """Return the bytes of one image."""
        return self._array[index].tobytes()

    def decode(self, data: bytes) -> np.ndarray:
        """Return what `read` gave as uint8 (28, 28)."""
        return np.frombuffer(data, np.uint8).reshape(SIDE, SIDE)


def present(folder: Path) -> bool:
    """Return whether the folder holds one .npy and nothing else (an array among pictures is a stray file)."""
    return [path.suffix for path in _visible(folder)] == [".npy"]


def _visible(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if not path.name.startswith(".")]


def read(path: Path) -> np.ndarray:
    """Return a .npy of drawings as a memory-mapped uint8 array (N, 784).

    Raises:
        UserError: it is no .npy, is cut off, or its array is of another type or shape, or holds under 2 images.
    """
    with reading(path):
        array = np.lib.format.open_memmap(path, mode="r")
    if array.dtype != np.uint8 or array.ndim != 2 or array.shape[1] != SIDE**2:
        raise UnreadableError(f"{path}: expected an array of uint8 (N, {SIDE**2}), found {array.dtype} {array.shape}")
    if array.offset + array.nbytes != path.stat().st_size:
        raise UnreadableError(f"{path}: the file is longer than its {len(array)} drawings")
    if len(array) < 2:
        raise UnreadableError(f"{path}: {len(array)} drawing(s): at least 2 are needed")
    return array


def check_category(category: str | None) -> str:
    """Return the category.

    Raises:
        UserError: it is null, or cannot be one.
    """
    if category is None or not NAME.fullmatch(category):
        raise UserError(
            f"download.category = {'null' if category is None else repr(category)}: say what is drawn, as in "
            "download.category=apple; the 345 categories are those of "
            "https://github.com/googlecreativelab/quickdraw-dataset/blob/master/categories.txt"
        )
    return category
