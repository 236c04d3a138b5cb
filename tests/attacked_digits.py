"""One small victim for all tests of attacks and defences: scikit-learn's digits, 8x8, in a black frame of 2 pixels."""

from functools import cache
from typing import NamedTuple

import numpy as np
import pytest
from sklearn.datasets import load_digits

from ganline.models.victims import Plan, Victim, as_floats, train_victim


class Ground(NamedTuple):
    """A victim and images that it has not seen."""

    victim: Victim
    images: np.ndarray
    """float32 (N, 12, 12, 1) in 0 to 1."""
    labels: np.ndarray
    train_images: np.ndarray
    """uint8 (M, 12, 12, 1)."""
    train_labels: np.ndarray


@pytest.fixture(scope="session")
def ground() -> Ground:
    return _trained()


@cache
def _trained() -> Ground:
    images, labels = load_digits(return_X_y=True)
    whole = np.zeros((len(images), 12, 12, 1), np.uint8)
    whole[:, 2:10, 2:10, 0] = (images.reshape(-1, 8, 8) * 255 / 16).astype(np.uint8)
    victim = train_victim("pooled", whole[:1400], labels[:1400], 10, seed=1, plan=Plan(steps=150, batch_size=64))
    return Ground(victim, as_floats(whole[1400:]), labels[1400:], whole[:1400], labels[:1400])
