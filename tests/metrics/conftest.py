"""Real images, an extractor that knows them, and what can go wrong with a generator, in degrees."""

import cv2
import numpy as np
import pytest
from sklearn.datasets import load_digits

from ganline.catalogue.presets import compose_params
from ganline.extractors.classifier import train_classifier
from ganline.metrics.record import Sample

SIDE = 28


class Digits:
    """scikit-learn's 1,797 digits as 28x28 images in two halves, and a classifier of them."""

    def __init__(self):
        bunch = load_digits()
        order = np.random.default_rng(0).permutation(len(bunch.target))
        small = (bunch.images[order] * (255 / 16)).astype(np.uint8)
        images = np.stack([cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC) for image in small])
        images, labels = images[..., None], bunch.target[order].astype(np.int32)
        settings = compose_params("gan-mnist", ["extractor.epochs=1", "extractor.batch_size=32"]).extractor
        names = [str(digit) for digit in range(10)]
        self.extractor = train_classifier(images[:900], labels[:900], names, settings, 1)
        self.train = self.sample(images[:900], labels[:900])
        self.real = self.sample(images[900:], labels[900:])

    def sample(self, images, labels):
        """Return a Sample of uint8 images (N, 28, 28, 1)."""
        return Sample(images, *self.extractor.extract(images), labels)

    def corrupted(self, kind, degree):
        """Return training images as an ever worse generator would make them; degree 0 leaves them, 1 is very bad.

        noise: Gaussian, up to a deviation of 128. blur: Gaussian, up to 3 pixels. dropped: up to 9 of 10 classes never
        come. repeated: down to 9 different images. memorised: up to all images are ones it was trained on, the rest
        held-out ones (the one kind that starts from held-out images). mislabelled: up to all labels are another class.
        """
        random = np.random.default_rng(1)
        images, labels = self.train.images, self.train.labels
        if degree == 0 and kind != "memorised":
            return self.train
        if kind == "noise":
            noisy = images + random.normal(0, 128 * degree, images.shape)
            return self.sample(np.clip(noisy.round(), 0, 255).astype(np.uint8), labels)
        if kind == "blur":
            soft = [cv2.GaussianBlur(image[..., 0], (0, 0), 3 * degree) for image in images]
            return self.sample(np.stack(soft)[..., None], labels)
        if kind == "dropped":
            kept = np.flatnonzero(labels < 10 - round(9 * degree))
            return self._chosen(self.train, np.resize(kept, len(labels)))
        if kind == "repeated":
            return self._chosen(self.train, np.arange(len(labels)) % max(9, round(len(labels) * (1 - degree))))
        if kind == "mislabelled":
            wrong = random.random(len(labels)) < degree
            return Sample(*self._arrays(self.train), np.where(wrong, (labels + 1) % 10, labels))
        assert kind == "memorised"
        count = round(len(self.real) * degree)
        parts = zip(self._arrays(self.train, count), self._arrays(self.real), strict=True)
        joined = [np.concatenate([copied, held_out[count:]]) for copied, held_out in parts]
        return Sample(*joined, np.concatenate([labels[:count], self.real.labels[count:]]))

    @staticmethod
    def _arrays(sample, count=None):
        return [array[:count] for array in (sample.images, sample.features, sample.probabilities)]

    @staticmethod
    def _chosen(sample, rows):
        arrays = (sample.images, sample.features, sample.probabilities, sample.labels)
        return Sample(*(array[rows] for array in arrays))


@pytest.fixture(scope="session")
def digits():
    return Digits()
