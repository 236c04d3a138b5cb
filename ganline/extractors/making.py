"""The extractor of a prepared dataset: made, held against the held-out images, and run over all images."""

import importlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ganline.core.abilities import lacking
from ganline.core.errors import UserError
from ganline.core.files import whole_folder, write_arrays
from ganline.core.random import generator
from ganline.datasets.prepared import read_facts, read_split
from ganline.extractors import judge
from ganline.extractors.classifier import train_classifier, train_stacked
from ganline.extractors.network import Extractor, Features
from ganline.extractors.rotation import rotation_accuracy, train_rotation
from ganline.settings import paths
from ganline.settings.networks import NETWORKS, TRAINED_HERE, Kind
from ganline.settings.schema import Extractor as Settings

BESIDE_IMAGES = 500
"""Of each split, and of the fakes, that a network looks at which takes long and stands beside the judge: some 20 s."""


class Quality(NamedTuple):
    """How well an extractor knows the images."""

    numbers: dict[str, float]
    """The accuracy on held-out images, 0 to 1, by its name; empty for one that was trained elsewhere."""
    doubts: list[str]
    """Why its features say little; empty where they do not."""


def make(data: Path, settings: Settings, seed: int, target: Path) -> Quality:
    """Fill the folder `target`: weights.npz, extractor.json, train_features.npz, test_features.npz.

    The network beside the judge, where there is one, has the same files in a folder of its own within. If it takes long
    to look it sees only BESIDE_IMAGES of each split, and the arrays `rows`, int64, say which.

    Args:
        data: the folder of the prepared data.
        settings: the section `extractor`.
        seed: of all that is random.
        target: it is written whole or not at all.

    Raises:
        UserError: the data has not what a kind of extractor learns from, or its weights cannot be had.
    """
    # What is only fetched comes first: nobody waits for a training to hear that it cannot be had.
    order = sorted(settings.kinds, key=lambda kind: kind in TRAINED_HERE)
    made = {kind: _made(data, kind, settings, seed) for kind in order}
    with whole_folder(target) as folder:
        quality = _fill(folder, made[settings.kind], data)
        for kind in settings.kinds[1:]:
            (folder / paths.BESIDE).mkdir()
            fast = not lacking(("fast to look",), made[kind].abilities)
            beside = _fill(folder / paths.BESIDE, made[kind], data, None if fast else seed, beside=True)
            quality = Quality(quality.numbers | beside.numbers, quality.doubts + beside.doubts)
    return quality


def _fill(folder: Path, extractor: Extractor, data: Path, part: int | None = None, beside: bool = False) -> Quality:
    """Write an extractor and what it says of the real images, or of part of them, drawn by that seed."""
    for split in ("train", "test"):
        images, labels = read_split(data, split)
        chosen = {} if part is None else {"rows": _part(len(images), part, split)}
        features = extractor.extract(images[chosen["rows"]] if chosen else images)
        write_arrays(folder / f"{split}_features.npz", features._asdict() | chosen)
    # `images`, `labels` and `features` are now those of the test split.
    quality = _quality(extractor, images, labels, features, data, beside)
    extractor.save(folder, **quality.numbers, doubts=quality.doubts)
    return quality


def _part(count: int, seed: int, split: str) -> np.ndarray:
    return np.sort(generator(seed, f"extractor/beside/{split}").permutation(count)[:BESIDE_IMAGES])


def _made(data: Path, kind: Kind, settings: Settings, seed: int) -> Extractor:
    try:
        return _of_kind(data, kind, settings, seed)
    except UserError as error:
        if kind == settings.kind:
            raise
        raise UserError(
            f"the second judge, extractor.beside={kind}: {str(error).replace('extractor.kind', 'extractor.beside')}\n"
            f"Or set extractor.beside=null, and {settings.kind} judges alone"
        ) from None


def _of_kind(data: Path, kind: Kind, settings: Settings, seed: int) -> Extractor:
    facts = read_facts(data)
    if kind not in TRAINED_HERE:
        networks = importlib.import_module("ganline.extractors.networks")  # by name: code of those alone that need it
        own = None if NETWORKS[kind].own_file == "none" else settings.weights
        told = settings.model_dump(include={"preprocessing"}) if kind == "file" else {}
        found: Extractor = networks.pretrained(kind, facts["image_shape"], own, paths.MANUAL, **told)
        return found
    images, labels = read_split(data, "train")
    if kind == "rotation":
        return train_rotation(images, settings, seed)
    if stacked := facts.get("stacked"):
        return train_stacked(images, np.asarray(labels), facts["classes"], stacked, settings, seed)
    return train_classifier(images, labels, facts["classes"], settings, seed)


def _quality(
    extractor: Extractor, images: np.ndarray, labels: np.ndarray | None, features: Features, data: Path, beside: bool
) -> Quality:
    kind: Kind = extractor.facts["kind"]
    if kind == "classifier":
        likeliest = features.probabilities.argmax(axis=1)
        accuracy = judge.balanced_accuracy(likeliest, np.asarray(labels))
        doubts = judge.doubts(kind, accuracy, _class_sizes(data), beside)
        numbers = {"test_accuracy": float(np.mean(likeliest == labels))}
        if stacked := read_facts(data).get("stacked"):
            numbers["channel_accuracy"] = _channel_accuracy(
                likeliest, np.asarray(labels), len(stacked), images.shape[3]
            )
        return Quality(numbers, doubts)
    if kind == "rotation":
        accuracy = rotation_accuracy(extractor, images)
        counts = read_facts(data)["counts"]
        doubts = judge.doubts(kind, accuracy, [sum(counts.values())] * 4, beside)
        return Quality({"rotation_accuracy": accuracy}, doubts)
    return Quality({}, [])


def _channel_accuracy(likeliest: np.ndarray, labels: np.ndarray, classes: int, channels: int) -> float:
    """Return the share of channels whose class is found, where the class of an image, int (N,), is one of each."""
    found, true = (np.stack(np.unravel_index(each, (classes,) * channels)) for each in (likeliest, labels))
    return float(np.mean(found == true))


def _class_sizes(data: Path) -> list[int]:
    """Return how many images each class has, in both splits together."""
    labels = np.concatenate([np.asarray(read_split(data, split)[1]) for split in ("train", "test")])
    return np.bincount(labels, minlength=len(read_facts(data)["classes"])).tolist()
