"""Quick, Draw! (Ha and Eck 2018) as bitmaps: one .npy a category, uint8 (N, 784), 28x28 drawings on background 0."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ganline.core.errors import UserError
from ganline.datasets.damage import UnreadableError, reading
from ganline.datasets.kinds import named_picture

SIDE = 28
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 -]*")


class QuickdrawImages:
    """The drawings of a folder with one <category>.npy, memory-mapped and unlabelled.

    Attributes: `files` names an image (apple.npy#17), `labels` are "" for all, `splits` is None, `classes` is empty.
    Other files are `ignored`; nothing is `said`.

    Raises:
        UserError: the file is no such array.
    """

    splits = None
    said: Sequence[str] = ()

    def __init__(self, folder: Path) -> None:
        (path,) = _arrays(folder)
        self._array = read(path)
        self.ignored = {other.name: "not the array" for other in sorted(_visible(folder)) if other != path}
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
    """Return whether the folder holds one .npy, no picture and no folder (among pictures an array is a stray file)."""
    others = [path for path in _visible(folder) if path.is_dir() or named_picture(path.name)]
    return len(_arrays(folder)) == 1 and not others


def _arrays(folder: Path) -> list[Path]:
    return [path for path in _visible(folder) if path.suffix == ".npy"]


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
