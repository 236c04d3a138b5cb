import numpy as np
import pytest

from ganline.metrics.shares import standard_error


def test_it_is_the_binomial_one_of_four_images_more():
    assert standard_error(0.5, 96) == 0.05
    assert standard_error(0.3, 10_000) == pytest.approx(np.sqrt(0.3 * 0.7 / 10_000), rel=1e-3)


@pytest.mark.parametrize("chance", [0.01, 0.02, 0.1, 0.9, 0.98])
@pytest.mark.parametrize("count", [20, 35, 300])
def test_equal_shares_are_tied_at_95_percent_however_few_the_images(count, chance):
    drawn = np.random.default_rng(1).binomial(count, chance, (2, 4000)) / count
    errors = np.array([[standard_error(share, count) for share in side] for side in drawn])
    assert np.mean(np.abs(drawn[0] - drawn[1]) < 1.96 * np.hypot(*errors)) > 0.945


def test_never_seen_is_not_never():
    assert standard_error(1.0, 20) == pytest.approx(standard_error(0.0, 20))
    assert standard_error(0.0, 20) > 0.05
