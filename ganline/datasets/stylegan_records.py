"""The datasets of PGGAN and StyleGAN before 2020: TFRecords, a file a resolution (Karras et al., dataset_tool.py).

NAME-r02.tfrecords holds the pictures at 4x4 pixels, NAME-r10.tfrecords those at 1024x1024; each record has the features
"shape" (C, H, W) and "data", the pixels in that order. NAME-rxx.labels is a .npy of one-hot rows, where there are
classes. The pictures of one resolution are read: the smallest that need not be enlarged.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ganline.core.errors import UserError
from ganline.core.words import listed
from ganline.datasets import listing, tfrecords
from ganline.datasets.damage import UnreadableError, reading
from ganline.datasets.kinds import named_picture
from ganline.datasets.unusable import DAMAGED, UnusableError, check_pixels

NAME = re.compile(r"(.+)-r(\d\d)\.tfrecords")
LABELS = "-rxx.labels"
NO_IMAGE = "a record without the features shape and data of StyleGAN's dataset_tool"


class RecordImages:
    """The pictures of a folder with TFRecords of StyleGAN.

    Attributes: `files` names a picture (faces-r06.tfrecords#17), `labels` its class ("" for all where unlabelled),
    `splits` is None, `classes` lists the classes in the order of their numbers. `ignored` are other files and why,
    `said` says which resolution was taken.

    Raises:
        UserError: there are pictures beside them, the records are of several datasets, cut off or damaged where their
            lengths are, or the labels are not one for each.
    """

    splits = None

    def __init__(self, folder: Path, size: int) -> None:
        """Open those that are to become pictures of `size` pixels."""
        found = listing.files(folder)
        if pictures := list(filter(named_picture, found.files)):
            records = next(filter(NAME.fullmatch, found.files))
            raise UserError(
                f"{folder}: records of StyleGAN, such as {records}, and pictures, such as {pictures[0]}; allowed are "
                "either alone"
            )
        name, resolutions = _resolutions(folder, found.files)
        side = _chosen(resolutions, size)
        self._path = folder / resolutions[side]
        with reading(self._path):
            self._places = tfrecords.places(self._path)
            self._bytes = np.memmap(self._path, np.uint8, "r")
        self.files = [f"{resolutions[side]}#{index}" for index in range(len(self._places))]
        used = {*resolutions.values(), name + LABELS}
        self.ignored = {file: "not a picture" for file in found.files if file not in used} | found.ignored
        self.said = [
            f"of the records of {listed([f'{each} pixels' for each in resolutions], 10)} those of {side} are read"
        ]
        self.labels, self.classes = [""] * len(self.files), list[str]()
        if name + LABELS in found.files:
            self.labels, self.classes = _labels(folder / (name + LABELS), len(self.files))

    def read(self, index: int) -> bytes:
        """Return the bytes of one record, with its checksum."""
        start, length = self._places[index]
        return self._bytes[start : start + length + tfrecords.TAIL.size].tobytes()

    def decode(self, data: bytes) -> np.ndarray:
        """Return what `read` gave as uint8 (H, W) grey, (H, W, 3) RGB or (H, W, 4) RGBA.

        Raises:
            UnusableError: it is damaged, or no picture of StyleGAN's.
        """
        try:
            features = tfrecords.features(tfrecords.checked(data))
        except ValueError:
            raise UnusableError(DAMAGED) from None
        match features:
            case {"shape": [int(channels), int(height), int(width)], "data": [bytes(pixels)]} if channels in (
                1,
                3,
                4,
            ) and channels * height * width == len(pixels):
                check_pixels(width, height)
                image = np.frombuffer(pixels, np.uint8).reshape(channels, height, width)
                return np.ascontiguousarray(np.moveaxis(image, 0, -1) if channels > 1 else image[0])
        raise UnusableError(NO_IMAGE)


def present(folder: Path) -> bool:
    """Return whether the folder holds such records, none of them hidden."""
    found = (path.relative_to(folder) for path in folder.rglob("*.tfrecords") if path.is_file())
    return any(NAME.fullmatch(path.name) and not any(map(listing.hidden, path.parts)) for path in found)


def _resolutions(folder: Path, files: Sequence[str]) -> tuple[str, dict[int, str]]:
    """Return the name of the dataset, and its files by the side of their pictures, the smallest first."""
    named = [match for match in map(NAME.fullmatch, files) if match]
    if len(names := {match[1] for match in named}) > 1:
        raise UserError(f"{folder}: records of several datasets, {listed(sorted(names), 5)}; allowed are those of one")
    return named[0][1], {2 ** int(match[2]): match[0] for match in sorted(named, key=lambda match: match[2])}


def _chosen(resolutions: Mapping[int, str], size: int) -> int:
    return min((side for side in resolutions if side >= size), default=max(resolutions))


def _labels(path: Path, count: int) -> tuple[list[str], list[str]]:
    """Return the class of each picture and all classes, as `ganline.datasets.dataset_json.labels` does.

    Raises:
        UserError: not as many rows as pictures, each with a single 1 among zeros.
    """
    instead = "; to train without classes take the file away"
    with reading(path):
        rows = np.load(path, allow_pickle=False)
    if rows.ndim != 2 or len(rows) != count or rows.shape[1] == 0:
        expected = f"expected one-hot rows ({count}, classes), one for each picture"
        raise UnreadableError(f"{path}: {expected}, found {rows.shape}{instead}")
    one_hot = ((rows == 0) | (rows == 1)).all(axis=1) & (rows.sum(axis=1) == 1)
    if wrong := np.flatnonzero(~one_hot).tolist():
        raise UserError(f"{path}: {len(wrong):,} rows are not one-hot, such as row {wrong[0]:,}{instead}")
    numbers = rows.argmax(axis=1)
    return [str(number) for number in numbers], [str(number) for number in np.unique(numbers)]
