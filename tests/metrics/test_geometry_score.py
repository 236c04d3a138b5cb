import numpy as np
import pytest

from ganline.metrics.geometry_score import MOST_HOLES, geometry_score, relative_living_times


def ring(n, seed=0, filled=0.0):
    """Points on a ring, but for the share that lie anywhere in the disc."""
    random = np.random.default_rng(seed)
    angles, inner = random.uniform(0, 2 * np.pi, n), np.where(np.arange(n) < filled * n, 0.0, 0.8)
    radius = np.sqrt(random.uniform(inner**2, 1))
    return np.stack([radius * np.cos(angles), radius * np.sin(angles)], axis=1)


def test_relative_living_times_by_hand():
    """Three holes to 1, two to 2, then one that never dies; and the paper's case of none."""
    found = relative_living_times(np.array([[0, 1], [0, 2], [0, np.inf]]), end=4.0)
    assert found.shape == (MOST_HOLES,)
    assert found[:5].tolist() == [0, 0.5, 0.25, 0.25, 0]
    assert relative_living_times(np.empty((0, 2)), end=4.0)[:2].tolist() == [1, 0]


def test_sees_a_hole_fill_up_and_not_where_or_how_large_the_ring_is():
    real = ring(1500)
    scores = [geometry_score(real, ring(1500, 1, filled), repeats=15, seed=1) for filled in (0, 0.02, 0.1)]
    assert scores[0].score < scores[1].score < scores[2].score
    assert scores[2].score > scores[0].score + 4 * scores[2].standard_error
    moved = geometry_score(real, 7.0 * ring(1500, 1) + 5.0, repeats=15, seed=1)
    assert moved == pytest.approx(scores[0])


def test_sees_repetition(digits):
    real = digits.real.features
    scores = [
        geometry_score(real, digits.corrupted("repeated", degree).features[: len(real)], repeats=10, seed=1).score
        for degree in (0, 1)
    ]
    assert scores[1] > 2 * scores[0]


def test_one_point_has_no_hole():
    assert geometry_score(np.ones((64, 3)), np.zeros((64, 3)), repeats=2, seed=1) == (0, 0)


def test_refusals():
    with pytest.raises(ValueError, match="needs at least 64 images, got 63"):
        geometry_score(ring(63), ring(63), repeats=5, seed=1)
    with pytest.raises(ValueError, match="as many of both are needed"):
        geometry_score(ring(70), ring(80), repeats=5, seed=1)
    with pytest.raises(ValueError, match="repeats is 1"):
        geometry_score(ring(70), ring(70), repeats=1, seed=1)
