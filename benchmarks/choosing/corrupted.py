"""Real images as ever worse generators would make them, and what an extractor says of them."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ganline.catalogue.check import load as load_params
from ganline.core.random import generator
from ganline.evaluation.images import real_images
from ganline.extractors.loading import load
from ganline.extractors.network import Extractor
from ganline.metrics.record import Case, Sample
from ganline.settings import paths
from ganline.settings.schema import Params

DATASET, JUDGE = "fashion_mnist", "classifier"
"""What all that is kept was measured on; numbers of others must not be mixed with them."""
KINDS = {
    "noise": "Gaussian, up to a deviation of 128",
    "blur": "Gaussian, up to a ninth of the side",
    "dropped": "all but one class are missing in the end",
    "repeated": "down to one image in a hundred, over and over",
    "memorised": "more and more are training images",
    "mislabelled": "more and more are of another class than the one asked for",
}
TRAIN_TIMES = 4
"""Training images for each image judged."""
AGAIN, DRAWS = "again", 3
"""The kind that is no corruption: other images as they are, which show the luck of the draw; how many more, at most."""


@dataclass
class Ground:
    """Real images by which others are judged, more that nobody was trained on, and their extractor."""

    params: Params
    extractor: Extractor
    train: Sample
    new: Sample
    real: Sample

    def case(self, kind: str, degree: float, count: int, paired: bool) -> Case:
        """Return what measures look at, of `count` images that are corrupted by a degree from 0, not at all, to 1.

        Of kind AGAIN the degree says which other images are taken. Where outputs are `paired`, what each was before is
        its partner.
        """
        train = rows(self.train, np.arange(TRAIN_TIMES * count))
        new = rows(self.new, np.arange(count) + (int(degree) * count if kind == AGAIN else 0))
        sample = new if kind == AGAIN else corrupted(new, train, kind, degree, self.extractor)
        real = new if paired else rows(self.real, np.arange(count))
        has = frozenset({"classes", "labels", "probabilities", "places", "own file"} | ({"pairs"} if paired else set()))
        size = min(self.params.evaluate.kid_subset_size, count // 2)
        settings = self.params.evaluate.model_copy(update={"kid_subset_size": size, "samples": count})
        return Case(sample, real, train, settings, self.params.seed, self.extractor, abilities=has)


def ground(most: int) -> Ground:
    """Return the ground for up to `most` images, of the data and the extractor that this project has made.

    Raises:
        SystemExit: they are not DATASET and JUDGE, or there are too few images.
    """
    params = load_params(Path("params.yaml"))
    if (found := (params.download.dataset, params.extractor.kind)) != (DATASET, JUDGE):
        raise SystemExit(f"params.yaml has {' and '.join(found)}; measured.csv is of {DATASET} and {JUDGE}")
    train, real = (real_images(params, split) for split in ("train", "test"))
    order = generator(0, "choosing").permutation(len(train))
    needed = (TRAIN_TIMES + 1) * most
    if len(train) < needed or len(real) < most:
        raise SystemExit(f"{len(train)} training and {len(real)} test images: {needed} and {most} are needed")
    new = np.concatenate([order[:most], order[needed : needed + DRAWS * most]])
    extractor = load(paths.extractor(params))
    return Ground(params, extractor, rows(train, order[most:needed]), rows(train, new), real)


def corrupted(new: Sample, train: Sample, kind: str, degree: float, extractor: Extractor) -> Sample:
    """Return as many images as `new` has, corrupted by a degree from 0 to 1."""
    random, count = generator(0, f"choosing/{kind}"), len(new)
    if degree == 0:
        return new
    if kind == "noise":
        return seen(new, new.images + random.normal(0, 128 * degree, new.images.shape), extractor)
    if kind == "blur":
        radius = degree * new.images.shape[1] / 9
        soft = np.stack([cv2.GaussianBlur(image, (0, 0), radius) for image in new.images])
        return seen(new, soft.reshape(new.images.shape), extractor)
    assert new.labels is not None
    if kind == "dropped":
        classes = int(new.labels.max()) + 1
        kept = np.flatnonzero(new.labels < classes - round((classes - 1) * degree))
        return rows(new, np.resize(kept, count))
    if kind == "repeated":
        return rows(new, np.arange(count) % max(count // 100, round(count * (1 - degree))))
    if kind == "memorised":
        copied = rows(train, np.arange(round(count * degree)))
        return joined(copied, rows(new, np.arange(len(copied), count)))
    wrong = random.random(count) < degree
    others = (new.labels + 1) % (new.labels.max() + 1)
    return Sample(new.images, new.features, new.probabilities, np.where(wrong, others, new.labels))


def seen(sample: Sample, images: np.ndarray, extractor: Extractor) -> Sample:
    """Return other images in the place of those of a sample, with what the extractor says of them."""
    rounded = np.clip(np.rint(images), 0, 255).astype(np.uint8)
    return Sample(rounded, *extractor.extract(rounded), sample.labels)


def rows(sample: Sample, chosen: np.ndarray) -> Sample:
    """Return some of a sample."""
    labels = None if sample.labels is None else sample.labels[chosen]
    return Sample(sample.images[chosen], sample.features[chosen], sample.probabilities[chosen], labels)


def joined(one: Sample, other: Sample) -> Sample:
    """Return two samples as one."""
    images, features, probabilities = (
        np.concatenate([getattr(one, name), getattr(other, name)]) for name in ("images", "features", "probabilities")
    )
    labels = None if one.labels is None or other.labels is None else np.concatenate([one.labels, other.labels])
    return Sample(images, features, probabilities, labels)
