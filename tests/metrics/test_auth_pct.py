import numpy as np
import pytest

from ganline.metrics.auth_pct import authentic
from ganline.metrics.shares import standard_error
from tests.uneven import FAKE, HELD_OUT, TRAIN


def features(n, d=8, seed=0, shift=0.0):
    return np.random.default_rng(seed).normal(size=(n, d)) + shift


def test_golden_numbers():
    # By compute_authpct of dgm-eval (commit 74c79f7). The package fld takes 50 away from it.
    assert authentic(FAKE, TRAIN).mean() == 0.575
    assert authentic(HELD_OUT, TRAIN).mean() == 0.395


def test_agrees_with_the_words_of_the_paper():
    fake, train = features(120, 3, 1), np.concatenate([features(120, 3, 2), features(20, 3, 2)])  # 20 are there twice
    expected = []
    for g in fake:
        r = np.argmin(np.linalg.norm(train - g, axis=1))
        others = np.delete(train, r, axis=0)
        expected.append(np.linalg.norm(others - train[r], axis=1).min() < np.linalg.norm(train[r] - g))
    np.testing.assert_array_equal(authentic(fake, train), expected)


def test_copies_are_not_authentic_wherever_they_lie():
    train = np.concatenate([features(300, seed=2), 50 * features(100, seed=3)])  # a dense place and a sparse one
    assert not authentic(train, train).any()
    assert not authentic(train + 1e-3, train).any()


def test_given_the_training_images_the_error_is_binomial():
    train = features(200, 4, seed=1000)
    shares = [authentic(features(150, 4, seed=seed), train).mean() for seed in range(100)]
    assert standard_error(np.mean(shares), 150) == pytest.approx(np.std(shares, ddof=1), rel=0.25)


def test_it_sees_copies_and_nothing_else(digits):
    def share(kind, degree):
        return authentic(digits.corrupted(kind, degree).features, digits.train.features).mean()

    shares = [share("memorised", degree) for degree in (0, 0.1, 0.3, 1)]
    assert shares[0] > 0.5 and shares[3] == 0
    assert shares[1:3] == pytest.approx([0.9 * shares[0], 0.7 * shares[0]], abs=0.03)
    assert min(share("noise", 1), share("blur", 1)) > 0.99
    new = [sample[:450] for sample in (digits.real.features, digits.real.features[digits.real.labels < 3])]
    few, whole = (authentic(sample, digits.train.features).mean() for sample in new[::-1])
    assert abs(few - whole) < 0.15  # missing classes are not its matter


@pytest.mark.parametrize(
    ("fake", "train", "message"),
    [
        (features(40), features(200), "needs at least 100 images, got 40"),
        (features(200), features(40), "needs at least 100 images, got 40"),
        (features(200), features(200, 5), "8 and 5 dimensions"),
    ],
)
def test_refusals(fake, train, message):
    with pytest.raises(ValueError, match=f"AuthPct: .*{message}"):
        authentic(fake, train)
