import numpy as np
import pytest

from ganline.metrics.birthday_paradox import birthday_paradox


def features(n, d=6, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d))


@pytest.mark.parametrize("support", [50, 3000])
def test_finds_the_size_of_a_support(support):
    """Drawn evenly from `support` images, whose own distances also set what a near-duplicate is."""
    kinds = features(support, 32)
    drawn = kinds[np.random.default_rng(1).integers(support, size=2000)]
    found = birthday_paradox(drawn, features(2000, 32, seed=2))
    assert found.support_size == pytest.approx(support, abs=4 * found.standard_error)
    assert found.standard_error < 0.06 * support
    assert found.at_least < found.support_size


def test_counts_by_hand():
    real = np.array([[0.0], [1], [2], [3]])  # each 1 from its nearest other
    found = birthday_paradox(np.array([[0.0], [1], [2], [10], [20]]), real)
    assert found.collisions == 2
    assert found.duplicate_share == 3 / 5
    assert found.support_size == 10 / 2
    assert found.duplicate_share_error == pytest.approx(3 / 5 / np.sqrt(2))
    assert birthday_paradox(np.array([[0.0], [10], [20]]), real).duplicate_share_error == 2 / 3  # as if of one pair


def test_where_nothing_is_alike_only_a_bound_is_left():
    found = birthday_paradox(100 * features(50), features(50))
    pairs = 50 * 49 / 2
    assert (found.collisions, found.duplicate_share, found.support_size) == (0, 0, pairs)
    assert found.at_least == pytest.approx(pairs / -np.log(0.05))  # no collision, with probability 0.05


def test_total_collapse_even_where_real_images_repeat():
    """A threshold of 0, features that are no round numbers, and far from the origin."""
    real = np.repeat(features(20), 5, axis=0) + 1000
    found = birthday_paradox(np.repeat(features(1, seed=1), 30, axis=0) + 1000, real)
    assert (found.support_size, found.duplicate_share) == (1, 1)
    assert birthday_paradox(features(30, seed=1) + 1000, real).collisions == 0


def test_sees_repetition_and_not_copies_or_noise(digits):
    def found(kind, degree):
        return birthday_paradox(digits.corrupted(kind, degree).features, digits.real.features)

    repeated = [found("repeated", degree) for degree in (0, 0.1, 0.3, 1)]
    sizes, shares = [one.support_size for one in repeated], [one.duplicate_share for one in repeated]
    assert sizes == sorted(sizes, reverse=True)
    assert shares == sorted(shares)
    assert sizes[-1] == pytest.approx(9, rel=0.1)  # different images that are left
    whole = found("memorised", 0)
    assert abs(found("memorised", 1).support_size - whole.support_size) < 3 * whole.standard_error
    assert found("noise", 0.3).duplicate_share <= shares[0]


def test_it_sees_repetition_although_the_data_repeats_itself(digits):
    real, train = digits.real.features[:300], digits.train.features
    fakes = train[np.arange(300) % 100] + np.random.default_rng(3).normal(0, 1e-3, (300, train.shape[1]))
    for repeated in (0, 1, 4, 7, 20):
        twice = np.concatenate([real[: 300 - repeated], real[:repeated]])
        found = birthday_paradox(fakes, twice)
        assert found.duplicate_share == 1 and found.support_size == pytest.approx(150, rel=0.05)


def test_refusals():
    with pytest.raises(ValueError, match="birthday paradox: needs at least 2 images, got 1"):
        birthday_paradox(features(1), features(5))
