"""The format of prepared data: a folder that every later stage reads.

train_images.npy, test_images.npy   uint8 (N, H, W, C), the order of the manifest's kept rows of that split
train_labels.npy, test_labels.npy   int32 (N,), only where labelled
dataset.json                        what `read_facts` returns
manifest.csv                        one row a source image, and one a file that is no picture; `read_manifest` reads it
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ganline.errors import UserError
from ganline.files import sha256

SPLITS = ("train", "test")
FACTS = "dataset.json"
MANIFEST = "manifest.csv"


def images_file(folder: Path, split: str) -> Path:
    """Return where the images of "train" or "test" lie."""
    return folder / f"{split}_images.npy"


def labels_file(folder: Path, split: str) -> Path:
    """Return where the labels of "train" or "test" lie."""
    return folder / f"{split}_labels.npy"


def read_facts(folder: Path) -> dict[str, Any]:
    """Return dataset.json: dataset, image_shape [H, W, C], classes (names; empty where unlabelled), counts, ....

    Raises:
        UserError: the folder holds no prepared data.
    """
    try:
        return json.loads((folder / FACTS).read_text())
    except FileNotFoundError:
        raise UserError(f"{folder} holds no prepared data: run `dvc repro prepare`") from None


def read_split(folder: Path, split: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the images, uint8 (N, H, W, C), and labels, int32 (N,) or None, of "train" or "test", memory-mapped.

    Raises:
        UserError: the folder holds no such split.
    """
    try:
        images = np.load(images_file(folder, split), mmap_mode="r")
        labels = labels_file(folder, split)
        return images, np.load(labels, mmap_mode="r") if labels.exists() else None
    except FileNotFoundError:
        raise UserError(f"{folder} holds no prepared split {split!r}: run `dvc repro prepare`") from None


def read_manifest(folder: Path) -> pd.DataFrame:
    """Return manifest.csv, all columns as text: a class named NA or None is a name, and what is not known is "".

    Raises:
        UserError: the folder holds no prepared data.
    """
    try:
        return pd.read_csv(folder / MANIFEST, keep_default_na=False, dtype=str)
    except FileNotFoundError:
        raise UserError(f"{folder} holds no prepared data: run `dvc repro prepare`") from None


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
