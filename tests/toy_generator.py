"""A generator in NumPy whose factors are known: each picture is one slanted bar."""

from types import SimpleNamespace
from typing import NamedTuple

import numpy as np

from ganline.latent.attributes import measurements
from ganline.models.makers import Sampler

SIDE, DIM = 20, 12
FACTORS = ("slant", "brightness", "width")


def bars(factors):
    """Pictures uint8 (N, 20, 20, 1) of factors (N, 3), each about N(0, 1): slant, brightness, width."""
    slant, brightness, width = np.clip(factors, -2.5, 2.5).T[..., None, None]
    rows, columns = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    across = columns + 0.4 * slant * rows
    edges = np.clip(2.2 + 0.6 * width - np.abs(across) + 0.5, 0, 1) * (np.abs(rows) < 7)
    return np.rint(255 * edges * (0.6 + 0.14 * brightness)).astype(np.uint8)[..., None]


class Toy:
    """Stands in for ganline.models.makers.Sampler; the factors are three known directions of N(0, I)."""

    name, abilities = "toy.Toy", frozenset({"latents", "fast to draw"})
    latent_dim, prior, image_shape, conditions = DIM, "normal", (SIDE, SIDE, 1), 0

    def __init__(self, mixing=None):
        self.mixing = np.eye(DIM)[:3] if mixing is None else mixing

    def latents(self, count, seed, purpose):
        draw = np.random.default_rng([seed, len(purpose)])
        return draw.standard_normal((count, DIM)).astype(np.float32)

    def labels(self, count, seed, purpose):
        return np.zeros(count, np.int32)

    def images(self, latents, labels=None):
        return bars(latents @ self.mixing.T)

    redraws, truncate, condition_names = False, Sampler.truncate, Sampler.condition_names


class Said(NamedTuple):
    """What Eye says of images."""

    features: np.ndarray
    probabilities: np.ndarray


class Eye:
    """Stands in for an extractor: features are a blurred picture, the classes are dark and bright."""

    batch_size = 500
    facts = {"kind": "classifier", "classes": ["dark", "bright"], "feature_dim": 100}
    abilities = frozenset({"classes"})

    def describe(self, images):
        features = images.reshape(len(images), 10, 2, 10, 2).mean(axis=(2, 4)).reshape(len(images), 100)
        bright = 1 / (1 + np.exp(-(images.max(axis=(1, 2, 3)) - 153.5) / 20))
        return Said(features.astype(np.float32), np.stack([1 - bright, bright], axis=1))


class Looked(SimpleNamespace):
    """Images and what Eye says of them, as ganline.latent.attributes takes it."""


def look(images):
    said = Eye().describe(images)
    return Looked(
        images=images, measured=measurements(images), features=said.features, probabilities=said.probabilities
    )


def rotation(seed=0):
    """Three orthogonal directions that are no coordinate axes."""
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((DIM, DIM)))[0][:3]
