import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from ganline.metrics.c2st_linear import linear_test
from ganline.metrics.c2st_nn import nearest_neighbour_test
from ganline.metrics.shares import standard_error


def features(n, d=6, seed=0, scale=1.0):
    return scale * np.random.default_rng(seed).normal(size=(n, d))


def test_nearest_neighbour_agrees_with_scikit_learn():
    real, fake = features(60, seed=1), features(60, seed=2, scale=1.5)
    others = NearestNeighbors(n_neighbors=1).fit(np.concatenate([real, fake])).kneighbors(return_distance=False)[:, 0]
    told = (others < 60) == (np.arange(120) < 60)
    assert nearest_neighbour_test(real, fake) == (told.mean(), told[:60].mean(), told[60:].mean())


def test_equal_distributions_cannot_be_told():
    real, fake = features(2000, 16), features(2000, 16, seed=1)
    assert nearest_neighbour_test(real, fake).accuracy == pytest.approx(0.5, abs=0.03)
    assert linear_test(real, fake, seed=1).accuracy == pytest.approx(0.5, abs=0.03)


def test_sets_far_apart_are_always_told():
    assert nearest_neighbour_test(features(50), features(50) + 100) == (1, 1, 1)
    assert linear_test(features(50), features(50) + 100, seed=1) == (1, standard_error(1, 100))


def test_a_shift_is_told_as_often_as_theory_says():
    """Two Gaussians that lie 2 deviations apart: the best classifier is right with probability Phi(1) = 0.841."""
    found = linear_test(features(4000, 4), features(4000, 4, seed=1) + 1.0, seed=1)
    assert found.accuracy == pytest.approx(0.8413, abs=0.02)
    assert found.standard_error < 0.01


def test_the_halves_tell_crowded_fakes_from_scattered_ones():
    real = features(1000, 16)
    crowded = nearest_neighbour_test(real, features(1000, 16, seed=1, scale=0.8))
    scattered = nearest_neighbour_test(real, features(1000, 16, seed=1, scale=1.25))
    assert crowded.fake > crowded.real + 0.3
    assert scattered.real > scattered.fake + 0.3


def test_copies_and_collapse():
    real = features(100)
    assert nearest_neighbour_test(real, real) == (0, 0, 0)  # each image's twin is of the other set
    assert nearest_neighbour_test(real, np.ones((100, 6))).fake == 1.0
    assert linear_test(np.ones((10, 2)), np.ones((10, 2)), seed=1).accuracy == 0.5


def test_both_see_every_corruption(digits):
    real = digits.real.features
    for kind in ("noise", "blur", "dropped", "repeated"):
        fakes = [digits.corrupted(kind, degree).features[: len(real)] for degree in (0, 0.3, 1)]
        near = [nearest_neighbour_test(real, fake).accuracy for fake in fakes]
        linear = [linear_test(real, fake, seed=1).accuracy for fake in fakes]
        assert abs(near[0] - 0.5) < 0.05 > abs(linear[0] - 0.5)
        assert near[0] < near[1] < near[2], kind
        assert linear[0] < linear[1] < linear[2], kind


def test_nearest_neighbour_does_not_see_copies_of_training_images(digits):
    held_out = digits.real.features
    copied = digits.corrupted("memorised", 1).features
    assert nearest_neighbour_test(held_out, copied).accuracy == pytest.approx(0.5, abs=0.05)


def test_refusals():
    for test in (nearest_neighbour_test, lambda real, fake: linear_test(real, fake, seed=1)):
        with pytest.raises(ValueError, match="30 real images and 20 fakes; as many of both are needed"):
            test(features(30), features(20))
    with pytest.raises(ValueError, match="needs at least 5 images, got 4"):
        linear_test(features(4), features(4), seed=1)


@pytest.mark.parametrize("count", [10, 60])
def test_equally_good_generators_are_tied_at_95_percent(count):
    """However few images a fold has."""
    pairs = [(features(count, seed=seed), features(count, seed=seed + 500)) for seed in range(60)]
    values, errors = map(np.array, zip(*(linear_test(*pair, seed=1) for pair in pairs), strict=True))
    ties = np.abs(values[::2] - values[1::2]) < 1.96 * np.hypot(errors[::2], errors[1::2])
    assert np.mean(ties) >= 0.83  # of 30 pairs: 0.95 less three standard errors of that
    assert 0.8 < errors.mean() / values.std(ddof=1) < 2
