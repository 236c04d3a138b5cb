"""Modes found, by hand, against PacGAN's formula, and of what a generator of Stacked MNIST does wrong."""

from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import chi2

from ganline.metrics.modes import MEASURE, histogram, reverse_kl

# MNIST's training set: images of the digits 0 to 9
DIGITS = np.array([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]) / 60_000
SAMPLES = 26_000


@cache
def trained_on():
    return stacks(128_000, 0)


def stacks(count, seed, digits=DIGITS):
    """The classes of random stacks; `digits` are the shares of a channel, or (3, 10) of each."""
    shares = np.broadcast_to(digits, (3, 10))
    draws = np.random.default_rng(seed)
    return np.stack([draws.choice(10, count, p=each / each.sum()) for each in shares]).T @ [100, 10, 1]


def found(classes, of=1000):
    """What the measure gives for samples of these classes, by a judge who knows them."""
    sample = SimpleNamespace(likeliest=classes, probabilities=np.full((len(classes), of), 1 / of, np.float32))
    train = SimpleNamespace(labels=trained_on() if of == 1000 else np.arange(of))
    return MEASURE.compute(SimpleNamespace(sample=sample, train=train))


def test_by_hand():
    generated, data = histogram(np.array([0, 0, 0, 2]), 3), np.array([0.5, 0.25, 0.25])
    assert generated.tolist() == [0.75, 0, 0.25]
    assert reverse_kl(generated, data) == pytest.approx(0.75 * np.log(1.5))
    assert reverse_kl(data, data) == 0 and reverse_kl(np.array([1.0, 0, 0]), data) == pytest.approx(np.log(2))


def test_the_generated_shares_stand_first():
    some, other = np.array([0.9, 0.1]), np.array([0.5, 0.5])
    assert reverse_kl(some, other) == pytest.approx(0.9 * np.log(1.8) + 0.1 * np.log(0.2))
    assert reverse_kl(other, some) != pytest.approx(reverse_kl(some, other))


def test_perfect_data_finds_all_modes_and_has_the_divergence_of_chance():
    numbers = found(stacks(SAMPLES, 1))
    assert numbers["modes"] == 1000
    # 2 n KL is about chi squared with 999 degrees of freedom; the training images' own draw adds n / 128,000 of it.
    low, high = chi2.ppf([1e-4, 1 - 1e-4], 999) / (2 * SAMPLES) * (1 + SAMPLES / 128_000)
    assert low < numbers["modes_kl"] < high
    # Of PacGAN's even classes MNIST's own digits keep off.
    own = 3 * float(np.sum(DIGITS * np.log(10 * DIGITS)))
    assert own == pytest.approx(0.0043, abs=5e-5)
    assert numbers["modes_kl_even"] - own == pytest.approx(999 / (2 * SAMPLES), abs=0.004)


def test_it_is_pacgans_formula():
    classes = stacks(SAMPLES, 2, DIGITS**4)
    counts = list(dict(zip(*np.unique(classes, return_counts=True), strict=True)).values())
    divergence = sum(count / SAMPLES * np.log(count / SAMPLES * 1000) for count in counts)
    numbers = found(classes)
    assert numbers["modes_kl_even"] == pytest.approx(divergence, rel=1e-12) and numbers["modes"] == len(counts)


@pytest.mark.parametrize("dropped, left", [([0, 0, 1], 900), ([1, 1, 1], 729), ([9, 9, 9], 1), ([5, 0, 0], 500)])
def test_dropped_digits_leave_exactly_the_modes_that_are_left(dropped, left):
    digits = np.stack([np.where(np.arange(10) < 10 - lost, DIGITS, 0) for lost in dropped])
    numbers = found(stacks(SAMPLES, 3, digits))
    assert numbers["modes"] == left
    reached = np.isin(trained_on(), stacks(SAMPLES, 3, digits))
    least = -np.log(np.mean(reached))  # spread over these classes as the training images are
    assert numbers["modes_kl"] == pytest.approx(least + (left - 1) / (2 * SAMPLES), abs=0.012)


def test_fewer_samples_find_fewer_modes():
    assert found(stacks(1000, 4))["modes"] == pytest.approx(1000 * (1 - np.exp(-1)), abs=40)


def test_refusals():
    with pytest.raises(ValueError, match="no training image is of class 2"):
        reverse_kl(np.array([0.5, 0, 0.5]), np.array([0.5, 0.5, 0]))
    for wrong in (np.array([], int), np.array([3]), np.array([-1])):
        with pytest.raises(ValueError, match="class numbers from 0 to 2"):
            histogram(wrong, 3)
    sample = SimpleNamespace(likeliest=np.zeros(2, int), probabilities=np.eye(2, dtype=np.float32))
    with pytest.raises(ValueError, match="have no labels"):
        MEASURE.compute(SimpleNamespace(sample=sample, train=SimpleNamespace(labels=None)))


def test_of_other_data_it_counts_classes():
    assert found(np.array([1, 1, 2, 2]), of=4) == {
        "modes": 2, "modes_kl": pytest.approx(np.log(2)), "modes_kl_even": pytest.approx(np.log(2))
    }  # fmt: skip
