"""The idx format of MNIST (LeCun et al. 1998): a big-endian header (magic number, sizes), then plain bytes."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ganline.core.errors import UserError
from ganline.datasets.damage import reading

IMAGES, LABELS = "-images-idx3-ubyte", "-labels-idx1-ubyte"
CLASSES = "classes.txt"
OWN_SPLITS = {"train": "train", "t10k": "test"}


class IdxImages:
    """The images of a folder with pairs of files NAME-images-idx3-ubyte and NAME-labels-idx1-ubyte.

    The pairs train and t10k are the dataset's own splits; a single pair has none. classes.txt (one name a line) names
    the classes; without it they are named by their numbers.

    Attributes: `files` names an image (train-images-idx3-ubyte#17), `labels` its class, `splits` its own split (or
    None for all), `classes` lists the classes in the order of their numbers. Nothing is `ignored` or `said`.

    Raises:
        UserError: a file is no idx file, a pair is incomplete or of unequal length, or a label has no class.
    """

    ignored: Mapping[str, str] = {}
    said: Sequence[str] = ()

    def __init__(self, folder: Path) -> None:
        pairs = _pairs(folder)
        self._arrays = [read_images(folder / f"{pair}{IMAGES}") for pair in pairs]
        numbers = [_labels_of(folder, pair, len(array)) for pair, array in zip(pairs, self._arrays, strict=True)]
        self.classes = _classes(folder, int(max(part.max(initial=0) for part in numbers)))
        self.files = [
            f"{pair}{IMAGES}#{i}" for pair, part in zip(pairs, numbers, strict=True) for i in range(len(part))
        ]
        self.labels = [self.classes[number] for part in numbers for number in part]
        self.splits = None
        if len(pairs) == 2:
            self.splits = [OWN_SPLITS[pair] for pair, part in zip(pairs, numbers, strict=True) for _ in part]
        shapes = {array.shape[1:] for array in self._arrays}
        if len(shapes) > 1:
            raise UserError(f"{folder}: train and t10k images differ in size: {shapes}")
        self._starts = np.cumsum([0] + [len(part) for part in numbers])
        self._shape = shapes.pop()

    def read(self, index: int) -> bytes:
        """Return the bytes of one image."""
        part = int(np.searchsorted(self._starts, index, side="right")) - 1
        return self._arrays[part][index - self._starts[part]].tobytes()

    def decode(self, data: bytes) -> np.ndarray:
        """Return what `read` gave as uint8 (H, W)."""
        return np.frombuffer(data, np.uint8).reshape(self._shape)


def present(folder: Path) -> bool:
    """Return whether the folder holds idx images (rather than pictures)."""
    return any(folder.glob(f"*{IMAGES}"))


def _pairs(folder: Path) -> list[str]:
    names = {path.name.removesuffix(IMAGES) for path in folder.glob(f"*{IMAGES}")}
    if names == set(OWN_SPLITS):
        return list(OWN_SPLITS)
    if len(names) == 1:
        return list(names)
    raise UserError(
        f"{folder}: idx images of the sets {', '.join(sorted(names))}; allowed are a single set, or train and t10k"
    )


def _labels_of(folder: Path, pair: str, count: int) -> np.ndarray:
    path = folder / f"{pair}{LABELS}"
    if not path.exists():
        raise UserError(f"{path} is missing: every images file needs its labels")
    labels = read_labels(path)
    if len(labels) != count:
        raise UserError(f"{path}: {len(labels)} labels for {count} images")
    return labels


def _classes(folder: Path, highest: int) -> list[str]:
    path = folder / CLASSES
    if not path.exists():
        return [str(number) for number in range(highest + 1)]
    classes = read_classes(path)
    if highest >= len(classes):
        raise UserError(f"{path} names {len(classes)} classes, but there is a label {highest}")
    return classes


def read_classes(path: Path) -> list[str]:
    """Return the names of a file with one class a line, in the order of their numbers.

    Raises:
        UserError: it is not UTF-8, has an empty line, or a name twice.
    """
    with reading(path):
        classes = path.read_text("utf-8-sig").rstrip().split("\n")
    for number, name in enumerate(classes):
        if not name.strip() or name in classes[:number]:
            raise UserError(f"{path}: line {number + 1} is {name!r}; allowed are names, each once")
    return classes


def read_images(path: Path) -> np.ndarray:
    """Return an images file as a memory-mapped uint8 array (N, H, W).

    Raises:
        UserError: the header is not that of idx images, or the file is shorter or longer than it says.
    """
    return _read(path, 3)


def read_labels(path: Path) -> np.ndarray:
    """Return a labels file as a memory-mapped uint8 array (N,).

    Raises:
        UserError: the header is not that of idx labels, or the file is shorter or longer than it says.
    """
    return _read(path, 1)


def _read(path: Path, dimensions: int) -> np.ndarray:
    start = 4 + 4 * dimensions
    with reading(path), path.open("rb") as source:
        size = path.stat().st_size
        header = np.frombuffer(source.read(start), ">u4") if size >= start else np.zeros(1)
    magic = 0x0800 + dimensions
    if header[0] != magic:
        raise UserError(f"{path}: not an idx file of unsigned bytes in {dimensions} dimension(s) (magic {magic:#010x})")
    shape = tuple(int(length) for length in header[1:])
    expected = start + int(np.prod(shape, dtype=object))
    if size != expected:
        raise UserError(f"{path}: the header {shape} asks for {expected} bytes, the file has {size}")
    if 0 in shape:
        raise UserError(f"{path}: holds nothing (shape {shape})")
    with reading(path):
        return np.memmap(path, np.uint8, "r", offset=start, shape=shape)


def write(path: Path, array: np.ndarray) -> None:
    """Write a uint8 array as an idx file of as many dimensions."""
    header = np.array([0x0800 + array.ndim, *array.shape], ">u4")
    path.write_bytes(header.tobytes() + array.astype(np.uint8, casting="safe").tobytes())
