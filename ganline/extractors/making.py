"""The extractor of a prepared dataset: made, held against the held-out images, and run over all images."""

import importlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ganline.core.files import whole_folder, write_arrays
from ganline.datasets.prepared import read_facts, read_split
from ganline.extractors import judge
from ganline.extractors.classifier import train_classifier
from ganline.extractors.network import Extractor, Features
from ganline.extractors.rotation import rotation_accuracy, train_rotation
from ganline.settings import paths
from ganline.settings.networks import TRAINED_HERE, Kind
from ganline.settings.schema import Extractor as Settings


class Quality(NamedTuple):
    """How well an extractor knows the images."""

    numbers: dict[str, float]
    """The accuracy on held-out images, 0 to 1, by its name; empty for one that was trained elsewhere."""
    doubts: list[str]
    """Why its features say little; empty where they do not."""


def make(data: Path, settings: Settings, seed: int, target: Path) -> Quality:
    """Fill the folder `target`: weights.npz, extractor.json, train_features.npz, test_features.npz.

    Args:
        data: the folder of the prepared data.
        settings: the section `extractor`.
        seed: of all that is random.
        target: it is written whole or not at all.

    Raises:
        UserError: the data has not what this kind of extractor learns from, or its weights cannot be had.
    """
    extractor = _made(data, settings, seed)
    with whole_folder(target) as folder:
        for split in ("train", "test"):
            images, labels = read_split(data, split)
            features = extractor.extract(images)
            write_arrays(folder / f"{split}_features.npz", features._asdict())
        # `images`, `labels` and `features` are now those of the test split.
        quality = _quality(extractor, images, labels, features, data)
        extractor.save(folder, **quality.numbers, doubts=quality.doubts)
    return quality


def _made(data: Path, settings: Settings, seed: int) -> Extractor:
    facts = read_facts(data)
    if settings.kind not in TRAINED_HERE:
        networks = importlib.import_module("ganline.extractors.networks")  # by name: code of those alone that need it
        found: Extractor = networks.pretrained(settings.kind, facts["image_shape"], settings.weights, paths.MANUAL)
        return found
    images, labels = read_split(data, "train")
    if settings.kind == "rotation":
        return train_rotation(images, settings, seed)
    return train_classifier(images, labels, facts["classes"], settings, seed)


def _quality(
    extractor: Extractor, images: np.ndarray, labels: np.ndarray | None, features: Features, data: Path
) -> Quality:
    kind: Kind = extractor.facts["kind"]
    if kind == "classifier":
        likeliest = features.probabilities.argmax(axis=1)
        doubts = judge.doubts(kind, judge.balanced_accuracy(likeliest, np.asarray(labels)), _class_sizes(data))
        return Quality({"test_accuracy": float(np.mean(likeliest == labels))}, doubts)
    if kind == "rotation":
        accuracy = rotation_accuracy(extractor, images)
        counts = read_facts(data)["counts"]
        return Quality({"rotation_accuracy": accuracy}, judge.doubts(kind, accuracy, [sum(counts.values())] * 4))
    return Quality({}, [])


def _class_sizes(data: Path) -> list[int]:
    """Return how many images each class has, in both splits together."""
    labels = np.concatenate([np.asarray(read_split(data, split)[1]) for split in ("train", "test")])
    return np.bincount(labels, minlength=len(read_facts(data)["classes"])).tolist()
