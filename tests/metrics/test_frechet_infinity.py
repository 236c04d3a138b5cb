import numpy as np
import pytest

from ganline.metrics.frechet import frechet_distance
from ganline.metrics.frechet_infinity import extrapolated_frechet_distance


def features(n, d, seed, scale=1.0, shift=0.0):
    return scale * np.random.default_rng(seed).normal(size=(n, d)) + shift


@pytest.mark.parametrize("shift, scale", [(0.1, 1.1), (0.0, 1.0)])
def test_is_the_distance_of_endlessly_many_images(shift, scale):
    d, truth = 16, 16 * shift**2 + 16 * (scale - 1) ** 2
    pairs = [(features(600, d, seed), features(700, d, seed + 50, scale, shift)) for seed in range(20)]
    found = np.array([extrapolated_frechet_distance(*pair, seed=1).distance for pair in pairs])
    error = found.std(ddof=1) / np.sqrt(len(found))
    assert found.mean() == pytest.approx(truth, abs=3 * error) and error < 0.03
    assert np.mean([frechet_distance(*pair).distance for pair in pairs]) > truth + 10 * error


@pytest.mark.parametrize(("count", "shift"), [(27, 0.0), (27, 1.0), (150, 0.0), (150, 0.5)])
def test_equally_good_generators_are_tied_at_95_percent(count, shift):
    """Of three sizes too, whose points may lie on a line by luck."""
    pairs = [(features(count, 8, seed, shift=shift), features(count, 8, seed + 500)) for seed in range(60)]
    values, errors = map(np.array, zip(*(extrapolated_frechet_distance(*pair, seed=1) for pair in pairs), strict=True))
    ties = np.abs(values[::2] - values[1::2]) < 1.96 * np.hypot(errors[::2], errors[1::2])
    assert np.mean(ties) >= 0.83  # of 30 pairs: 0.95 less three standard errors of that
    assert 0.7 < errors.mean() / values.std(ddof=1) < 2


def test_is_a_function_of_the_seed():
    first, second = features(200, 8, 0), features(200, 8, 1)
    found = [extrapolated_frechet_distance(first, second, seed) for seed in (1, 1, 2)]
    assert found[0] == found[1] != found[2]


def test_degenerate_sets():
    first = features(100, 5, 0)
    constant = np.where(np.arange(5) == 3, 1.0, first)
    assert np.isfinite(extrapolated_frechet_distance(first, constant, 0)).all()
    same = extrapolated_frechet_distance(np.ones((50, 5)), np.full((50, 5), 3.0), 0)
    assert same == pytest.approx((20.0, 0.0), abs=1e-12)
    with pytest.raises(ValueError, match="5 dimensions need at least 18 images, got 17"):
        extrapolated_frechet_distance(first, first[:17], 0)


@pytest.mark.parametrize("kind", ["noise", "blur", "dropped"])
def test_grows_with_what_goes_wrong(digits, kind):
    samples = [digits.corrupted(kind, degree).features for degree in (0, 0.3, 1)]
    found = [extrapolated_frechet_distance(sample, digits.real.features, seed=0).distance for sample in samples]
    assert abs(found[0]) < 0.5 and found[0] + 3 < found[1] < found[2] / 4
