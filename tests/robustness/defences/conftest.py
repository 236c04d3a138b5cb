"""What all defences of the small victim are made of, and a generator that draws what its training images span."""

import numpy as np
import pytest
import tensorflow as tf

from ganline.robustness.attacks import attack
from ganline.robustness.attacks.base import attacked
from ganline.robustness.defences.base import Lesson
from ganline.settings.attacks import Pgd

EPSILON = 0.2


class Plane:
    """Stands in for ganline.models.makers.Sampler: images of a plane through the training images, by 12 numbers."""

    name, abilities, prior, conditions = "plane.Plane", frozenset({"latents", "fast to draw"}), "normal", 0
    latent_dim = 12

    def __init__(self, images):
        self.image_shape = images.shape[1:]
        flat = images.reshape(len(images), -1).astype(np.float32)
        self.mean = flat.mean(axis=0)
        _, sizes, axes = np.linalg.svd(flat - self.mean, full_matrices=False)
        self.axes = axes[:12] * sizes[:12, None] / np.sqrt(len(flat))

    def latents(self, count, seed, purpose):
        return np.random.default_rng([seed, len(purpose)]).standard_normal((count, 12)).astype(np.float32)

    def labels(self, count, seed, purpose):
        return np.zeros(count, np.int32)

    def unrounded(self, latents, labels):
        return tf.reshape(latents @ tf.constant(self.axes) + self.mean, (-1, *self.image_shape))

    def images(self, latents, labels=None):
        return np.clip(np.rint(self.unrounded(latents, labels)), 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def plane(ground):
    return Plane(ground.train_images)


@pytest.fixture(scope="session")
def lesson(ground, plane):
    seen, labels = ground.train_images[:1200], ground.train_labels[:1200]
    return Lesson(ground.victim, "pooled", seen, labels, ground.train_images[1200:] / np.float32(255), 1, plane)


@pytest.fixture(scope="session")
def deceiving(ground):
    """PGD's images of the first 150 held-out ones."""
    some = ground.images[:150], ground.labels[:150]
    return attacked(attack("pgd"), ground.victim, *some, Pgd(epsilon=EPSILON, step=0.05, iterations=10)).images
