"""Make the feature extractor of a dataset, and the features of all its real images.

Writes models/extractor/<dataset>/: weights.npz, extractor.json, train_features.npz, test_features.npz.
"""

from typing import TYPE_CHECKING

import numpy as np

from ganline.core.files import whole_folder, write_arrays
from ganline.datasets.prepared import read_facts, read_split
from ganline.extractors import judge
from ganline.settings import paths
from ganline.settings.schema import Params
from ganline.tracking.tracker import Tracker
from stages import runner

if TYPE_CHECKING:
    from ganline.extractors.network import Extractor


def run(params: Params, tracker: Tracker) -> None:
    """Train the classifier, or fetch InceptionV3, and run the prepared images through it."""
    data, kind = paths.prepared(params), params.extractor.kind
    extractor = _make(params)
    quality: dict[str, float] = {}
    doubts: list[str] = []
    with whole_folder(paths.extractor(params)) as folder:
        for split in ("train", "test"):
            images, labels = read_split(data, split)
            features = extractor.extract(images)
            write_arrays(folder / f"{split}_features.npz", features._asdict())
        # `images`, `labels` and `features` are now those of the test split.
        if kind == "classifier":
            likeliest = features.probabilities.argmax(axis=1)
            quality["test_accuracy"] = float(np.mean(likeliest == labels))
            doubts = judge.doubts(kind, judge.balanced_accuracy(likeliest, np.asarray(labels)), _class_sizes(params))
        elif kind == "rotation":
            quality["rotation_accuracy"] = accuracy = _rotation_accuracy(extractor, images)
            doubts = judge.doubts(kind, accuracy, [sum(read_facts(data)["counts"].values())] * 4)
        extractor.save(folder, **quality, doubts=doubts)
    for name, value in quality.items():
        print(f"extractor: {name} {value:.4f}")
    for doubt in doubts:
        print(f"extractor: {doubt}")
    tracker.metrics({f"extractor_{name}": value for name, value in quality.items()})


def _make(params: Params) -> "Extractor":
    from ganline.extractors import network as extractors  # TensorFlow loads here, not when the stage is imported

    data = paths.prepared(params)
    facts = read_facts(data)
    if params.extractor.kind == "inception":
        return extractors.inception(facts["image_shape"], params.extractor.weights)
    images, labels = read_split(data, "train")
    if params.extractor.kind == "rotation":
        return extractors.train_rotation(images, params.extractor, params.data_seed)
    return extractors.train_classifier(images, labels, facts["classes"], params.extractor, params.data_seed)


def _class_sizes(params: Params) -> list[int]:
    """Return how many images each class has, in both splits together."""
    data = paths.prepared(params)
    labels = np.concatenate([np.asarray(read_split(data, split)[1]) for split in ("train", "test")])
    return np.bincount(labels, minlength=len(read_facts(data)["classes"])).tolist()


def _rotation_accuracy(extractor: "Extractor", images: np.ndarray) -> float:
    from ganline.extractors.network import rotation_accuracy

    return rotation_accuracy(extractor, images)


if __name__ == "__main__":
    runner.main("extractor", run)
