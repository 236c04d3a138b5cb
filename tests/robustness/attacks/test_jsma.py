import numpy as np
import pytest

from ganline.robustness.attacks import attack
from ganline.robustness.attacks.base import attacked
from ganline.robustness.attacks.jsma import best_pairs
from ganline.robustness.outcome import outcome
from ganline.settings.attacks import Jsma


@pytest.mark.parametrize("correlated", [-0.9, 0.0, 0.9])
def test_the_best_pair_of_all_is_found(correlated):
    random = np.random.default_rng(0)
    a = random.normal(size=(40, 30)).astype(np.float32)
    c = (correlated * a + random.normal(size=a.shape) * 0.5 - 0.5).astype(np.float32)
    a[:5] = np.round(a[:5])  # ties
    places, products = best_pairs(a, c)
    for row in range(len(a)):
        sums = [each[row][:, None] + each[row][None] for each in (a, c)]
        fits = (sums[0] > 0) & (sums[1] > 0) & ~np.eye(30, dtype=bool)
        assert products[row] == pytest.approx(np.where(fits, sums[0] * sums[1], 0).max())
        if products[row]:
            p, q = places[row]
            assert p != q and sums[0][p, q] * sums[1][p, q] == products[row]


def test_no_pair_that_helps_is_none():
    a = np.array([[-1, -2, -3]], np.float32)
    assert best_pairs(a, -a)[1] == 0
    assert best_pairs(a[:0], a[:0])[0].shape == (0, 2)


def run(ground, settings=None, count=40, **options):
    images, labels = ground.images[:count], ground.labels[:count]
    found = attacked(attack("jsma"), ground.victim, images, labels, settings, **options)
    return found, outcome(ground.victim, images, found.images, labels, options.get("targets"))


@pytest.mark.parametrize("theta", [1.0, -1.0])
def test_few_pixels_are_changed_in_one_direction(ground, theta):
    found, told = run(ground, Jsma(theta=theta, gamma=0.2))
    change = found.images - ground.images[:40]
    assert told.success_rate > 0.5 and (change * theta >= 0).all()
    assert told.distances.l0.max() <= 0.2 * 144
    assert set(np.unique(found.images[change != 0])) == {float(theta > 0)}


def test_targets_are_reached_and_what_succeeds_stops(ground):
    found, told = run(ground, Jsma(gamma=0.4), targets=(ground.labels[:40] + 1) % 10)
    assert told.success_rate > 0.8
    np.testing.assert_array_equal(found.queries, 2 * (told.distances.l0 // 2 + 1))  # all that was changed was needed


def test_small_steps_change_pixels_more_than_once_within_the_share(ground):
    _, told = run(ground, Jsma(theta=0.3, gamma=0.1))
    assert told.distances.l0.max() <= 14


@pytest.mark.parametrize("theta", [0.0, 1e-9, 1.5])
def test_theta_that_changes_nothing_or_too_much_is_refused(theta):
    with pytest.raises(ValueError, match="theta"):
        Jsma(theta=theta)
