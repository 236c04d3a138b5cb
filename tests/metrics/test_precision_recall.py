import numpy as np
import pytest

from ganline.metrics import precision_recall as module
from ganline.metrics.precision_recall import precision_recall


def features(n, d=6, seed=0, scale=1.0):
    return scale * np.random.default_rng(seed).normal(size=(n, d))


def brute_force(real, fake, k):
    def covered(points, manifold):
        distances = np.linalg.norm(manifold[:, None] - manifold[None], axis=2)
        radii = np.sort(distances, axis=1)[:, k]  # column 0 is the point itself
        return np.mean([(np.linalg.norm(manifold - point, axis=1) <= radii).any() for point in points])

    return covered(fake, real), covered(real, fake)


@pytest.mark.parametrize("block", [1, 1000, 2**20])
def test_agrees_with_brute_force_whatever_the_block(monkeypatch, block):
    monkeypatch.setattr(module, "_BLOCK", block)
    real, fake = features(60, seed=1), features(45, seed=2, scale=1.3) + 0.5
    assert precision_recall(real, fake, neighbours=3) == pytest.approx(brute_force(real, fake, 3))


def test_collapse_shows_as_high_precision_and_low_recall():
    wide, tight = features(500, d=2), features(500, d=2, seed=1, scale=0.05)
    found = precision_recall(wide, tight, neighbours=3)
    assert found.precision > 0.8
    assert found.recall < 0.3
    assert precision_recall(tight, wide, neighbours=3) == (found.recall, found.precision)


def test_equal_sets_and_duplicates_cover_each_other():
    real = np.repeat(features(50), 5, axis=0) + 100.0  # more copies than neighbours: every ball has radius 0
    assert precision_recall(real, real[::-1], neighbours=3) == (1.0, 1.0)


def test_sets_far_apart_cover_nothing():
    assert precision_recall(features(50), features(50, seed=1) + 100.0, neighbours=3) == (0.0, 0.0)


@pytest.mark.parametrize("neighbours", [0, 20])
def test_refusals(neighbours):
    with pytest.raises(ValueError, match=f"neighbours is {neighbours}: allowed is 1 to 19"):
        precision_recall(features(30), features(20), neighbours)
