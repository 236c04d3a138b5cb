"""The format of prepared data: a folder that every later stage reads.

train_images.npy, test_images.npy   uint8 (N, H, W, C), the order of the manifest's kept rows of that split
train_labels.npy, test_labels.npy   int32 (N,), only where labelled
train_partners.npy, ...             uint8 (N, H', W', C'), of pairs: the second view, the i-th is the i-th image's;
                                    of unpaired data uint8 (M, H', W', C'): none belongs to an image
dataset.json                        what `read_facts` returns
manifest.csv                        one row a source image, and one a file that is no picture; `read_manifest` reads it
"""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ganline.core.errors import UserError
from ganline.core.files import sha256
from ganline.datasets.damage import reading

if TYPE_CHECKING:
    import pandas as pd

SPLITS = ("train", "test")
FACTS = "dataset.json"
MANIFEST = "manifest.csv"


def images_file(folder: Path, split: str) -> Path:
    """Return where the images of "train" or "test" lie."""
    return folder / f"{split}_images.npy"


def labels_file(folder: Path, split: str) -> Path:
    """Return where the labels of "train" or "test" lie."""
    return folder / f"{split}_labels.npy"


def partners_file(folder: Path, split: str) -> Path:
    """Return where the partners of the images of "train" or "test" lie."""
    return folder / f"{split}_partners.npy"


def read_facts(folder: Path) -> dict[str, Any]:
    """Return dataset.json: dataset, image_shape [H, W, C], classes (names; empty where unlabelled), counts, ....

    Of two views also partner_shape [H', W', C'] and `paired`; of unpaired ones partner_counts, as the images' counts.

    Raises:
        UserError: the folder holds no prepared data, or it is damaged.
    """
    with _prepared(folder / FACTS, "data"):
        return json.loads((folder / FACTS).read_text())


def read_split(folder: Path, split: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the images, uint8 (N, H, W, C), and labels, int32 (N,) or None, of "train" or "test", memory-mapped.

    Raises:
        UserError: the folder holds no such split, or it is damaged.
    """
    images, labels = images_file(folder, split), labels_file(folder, split)
    with _prepared(images, f"split {split!r}"):
        array = np.load(images, mmap_mode="r")
    with reading(labels):
        return array, np.load(labels, mmap_mode="r") if labels.exists() else None


def read_partners(folder: Path, split: str) -> np.ndarray:
    """Return the partners of the images of "train" or "test", uint8 (N, H', W', C'), memory-mapped.

    Of unpaired data they are the other side of the translation, (M, H', W', C').

    Raises:
        UserError: the prepared data has one view, or is damaged.
    """
    partners = partners_file(folder, split)
    if not partners.exists() and images_file(folder, split).exists():
        raise UserError(f"{folder} holds no pairs: its images have no partners")
    with _prepared(partners, f"split {split!r}"):
        return np.load(partners, mmap_mode="r")


def read_manifest(folder: Path) -> "pd.DataFrame":
    """Return manifest.csv, all columns as text: a class named NA or None is a name, and what is not known is "".

    Raises:
        UserError: the folder holds no prepared data, or it is damaged.
    """
    import pandas as pd  # slow to import, and most stages have no use for it

    with _prepared(folder / MANIFEST, "data"):
        return pd.read_csv(folder / MANIFEST, keep_default_na=False, dtype=str)


@contextmanager
def _prepared(path: Path, what: str) -> Iterator[None]:
    """Turn what reading a file of prepared data may raise into a UserError."""
    if not path.exists():
        raise UserError(f"{path.parent} holds no prepared {what}: run `dvc repro prepare`")
    with reading(path):
        yield


def new_array(path: Path, shape: tuple[int, ...]) -> np.memmap:
    """Return a new .npy of uint8 zeros to write to, memory-mapped, with its room on the disk taken.

    Raises:
        OSError: the disk is full. Found out later, by writing, that would kill the process with SIGBUS.
    """
    array = np.lib.format.open_memmap(path, "w+", np.uint8, shape)
    with path.open("r+b") as file:
        os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return array


def digest(folder: Path) -> str:
    """Return one sha256 for all arrays: that of their files' sha256s, in the order of their names."""
    return hashlib.sha256("".join(sha256(path) for path in sorted(folder.glob("*.npy"))).encode()).hexdigest()
