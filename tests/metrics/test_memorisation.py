import numpy as np
import pytest

from ganline.metrics.frechet import frechet_distance
from ganline.metrics.memorisation import memorisation
from ganline.metrics.mifrechet import PART, SMALLEST, mifrechet


def features(n, d=6, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d))


def test_new_images_of_the_same_kind_are_not_copies():
    found = memorisation(features(2000), features(2000, seed=1), features(5000, seed=2))
    assert found.copied_share == pytest.approx(0.01, abs=0.01)
    assert found.nearest_distance_ratio == pytest.approx(1, abs=0.05)


def test_copies_count_and_only_they():
    train, held_out = features(500, seed=2), features(300, seed=1)
    fakes = np.concatenate([train[:40], features(160) + 100])
    assert memorisation(fakes, held_out, train).copied_share == 40 / 200
    assert memorisation(train, held_out, train) == (1, 0, 0)
    doubled = np.concatenate([train, held_out[:10]])  # more than 1 % of the held-out images are in the training split
    found = memorisation(fakes, held_out, doubled)
    assert (found.copied_share, found.left_out) == (40 / 200, 10)


def test_mifrechet_by_hand():
    train = np.array([[1.0, 0], [0, 2]])
    held_out = np.array([[1.0, 1], [3, 3.0], [-1, 1]])
    apart = 1 - np.sqrt(0.5)
    fakes = np.array([[2.0, 2], [4, 4]])
    found = mifrechet(fakes, held_out, train)
    distance = frechet_distance(fakes, held_out).distance
    assert found == pytest.approx((distance, apart, PART * apart))
    copies = mifrechet(5 * train, held_out, train)  # cosine distance does not know length
    assert copies == pytest.approx((frechet_distance(5 * train, held_out).distance / SMALLEST, 0, PART * apart))
    leaning = np.array([[1.0, 0.2], [0.2, 1]])
    found, distance = mifrechet(leaning, held_out, train), 1 - 1 / np.sqrt(1.04)
    assert found.memorisation_distance == pytest.approx(distance)
    assert found.informed == pytest.approx(frechet_distance(leaning, held_out).distance / distance)


def test_it_sees_copies(digits):
    held_out, train = digits.real.features, digits.train.features
    fakes = [digits.corrupted("memorised", degree).features for degree in (0, 0.1, 0.3, 1)]
    found = [memorisation(fake, held_out, train) for fake in fakes]
    shares, ratios, left_out = zip(*found, strict=True)
    assert set(left_out) == {0}
    assert shares == tuple(sorted(shares))
    assert shares[0] == pytest.approx(0.01, abs=0.003)
    assert shares[2] == pytest.approx(0.3, abs=0.02)
    assert ratios[0] > ratios[1] > ratios[2] > ratios[3] == 0
    distances = [mifrechet(fake, held_out, train).memorisation_distance for fake in fakes]
    assert distances[0] > distances[1] > distances[2] > distances[3] == pytest.approx(0, abs=1e-9)


def repeating(digits, repeated, saved_anew=0.0):
    """Copies of the training images, and held-out images of which some are training images, as they are or nearly."""
    random, train = np.random.default_rng(3), digits.train.features
    held_out = digits.real.features[:359].copy()
    held_out[:repeated] = train[:repeated] + random.normal(0, saved_anew, (repeated, train.shape[1]))
    return train[:300] + random.normal(0, 1e-3, (300, train.shape[1])), held_out, train


@pytest.mark.parametrize("repeated", range(21))
def test_it_sees_copies_although_the_data_repeats_itself(digits, repeated):
    found = memorisation(*repeating(digits, repeated))
    assert found.copied_share > 0.99 and found.left_out == repeated


def test_what_is_usual_of_new_images_does_not_hang_on_those_that_are_not_new(digits):
    fakes, held_out, train = repeating(digits, 20, saved_anew=1e-3)
    assert memorisation(fakes, held_out, train).copied_share > 0.99
    new = memorisation(held_out[20:], held_out, train)
    assert new.copied_share == pytest.approx(0.01, abs=0.005) and new.nearest_distance_ratio == 1
    assert mifrechet(fakes, held_out, train).threshold == mifrechet(fakes, held_out[20:], train).threshold


def test_most_held_out_images_may_be_training_images(digits):
    train = digits.train.features
    held_out = np.concatenate([digits.real.features[:300], train[:800]])
    assert memorisation(digits.real.features[300:], held_out, train).copied_share < 0.05
    assert memorisation(train + 1e-3, held_out, train).copied_share > 0.99


def test_it_does_not_take_noise_for_copies(digits):
    held_out, train = digits.real.features, digits.train.features
    for degree in (0.3, 1):
        noisy = digits.corrupted("noise", degree).features
        found = memorisation(noisy, held_out, train)
        assert found.copied_share <= 0.01
        assert found.nearest_distance_ratio > 1.5
        punished = mifrechet(noisy, held_out, train)
        assert punished.informed == frechet_distance(noisy, held_out).distance


def test_refusals():
    train = features(20)
    with pytest.raises(ValueError, match="every held-out image repeats a training image"):
        memorisation(features(5), train, train)
    with pytest.raises(ValueError, match="every held-out image repeats a training image"):
        mifrechet(features(5), train, train)
    with pytest.raises(ValueError, match="features are all 0"):
        mifrechet(np.zeros((5, 6)), train, train)
    with pytest.raises(ValueError, match="6 and 5 dimensions"):
        memorisation(features(5), train, features(9, d=5))
