import numpy as np
import pytest
from scipy.stats import norm

from ganline.metrics.mass_coverage import mass_coverage
from ganline.metrics.shares import standard_error


def features(n, d=2, seed=0, scale=1.0):
    return scale * np.random.default_rng(seed).normal(size=(n, d))


def test_equal_distributions_reach_the_mass():
    for d in (1, 16):
        found = mass_coverage(features(1500, d), features(1500, d, seed=1), 1)
        assert found.share == pytest.approx(0.95, abs=0.025)
        assert found.standard_error == np.hypot(standard_error(found.share, 1500), standard_error(0.95, 1500))


def test_wider_data_has_a_closed_form():
    found = mass_coverage(features(2000, 1), features(2000, 1, seed=1, scale=2.0), 1)
    assert found.share == pytest.approx(1 - 2 * norm.sf(norm.ppf(0.975) / 2), abs=0.04)


def test_a_model_that_spreads_too_widely_covers_all():
    assert mass_coverage(features(1000, 2, scale=5.0), features(1000, 2, seed=1), 1).share > 0.99


def test_missing_modes_are_missing_mass():
    def clusters(modes, seed):
        return 50.0 * (np.arange(1500) % modes)[:, None] + features(1500, 3, seed)

    shares = [mass_coverage(clusters(modes, 0), clusters(10, 1), 1).share for modes in (10, 7, 3, 1)]
    assert shares == pytest.approx([0.95, 0.95 * 0.7, 0.95 * 0.3, 0.95 * 0.1], abs=0.03)


def test_collapse_covers_nothing_and_scale_and_order_change_nothing():
    real = features(300, 4)
    assert mass_coverage(np.repeat(real[:1], 100, axis=0), real[1:], 1).share == 0.0
    fake = features(400, 4, seed=1) + [0.5, 0, 0, 0]
    share = mass_coverage(fake, real, 1).share
    assert mass_coverage(1e3 * fake, 1e3 * real, 1).share == share
    assert mass_coverage(fake[np.argsort(fake[:, 0])], real, 1).share == pytest.approx(share, abs=0.03)


def test_constant_columns_and_rank_1_are_no_trouble():
    line = features(600, 1) @ np.array([[1.0, 2.0, 0.0]]) + 7.0
    other = features(600, 1, seed=1) @ np.array([[1.0, 2.0, 0.0]]) + 7.0
    assert mass_coverage(line, other, 1).share == pytest.approx(0.95, abs=0.04)


def test_missing_classes_and_noise_show(digits):
    for kind in ("dropped", "noise"):
        shares = [
            mass_coverage(digits.corrupted(kind, degree).features, digits.real.features, 1).share
            for degree in (0, 0.3, 1)
        ]
        assert (np.diff(shares) < -0.1).all()


@pytest.mark.parametrize(
    ("fake", "real", "message"),
    [
        (features(19), features(50), "at least 20 fakes, got 19"),
        (features(50), np.ones((50, 2)), "real features are all equal"),
        (features(50), features(50, 3), "2 and 3 dimensions"),
        (features(50), np.full((5, 2), np.nan), "NaN"),
    ],
)
def test_refusals(fake, real, message):
    with pytest.raises(ValueError, match=f"mass coverage: .*{message}"):
        mass_coverage(fake, real, 1)
