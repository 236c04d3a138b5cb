import subprocess
import sys

import numpy as np
import pytest

from ganline.metrics import wasserstein_critic as critic
from ganline.metrics.wasserstein_critic import wasserstein_critic

AGAIN = """
import numpy as np
from ganline.metrics.wasserstein_critic import wasserstein_critic
random = np.random.default_rng(0)
print(repr(wasserstein_critic(random.normal(size=(500, 8)), random.normal(size=(500, 8)) + 0.5, seed=3)))
"""


def features(n, d, seed, shift=0.0):
    return np.random.default_rng(seed).normal(size=(n, d)) + shift


def test_a_shift_is_its_length():
    # Of one distribution moved by v the Wasserstein distance is |v|.
    real, far = features(2000, 8, 0), features(2000, 8, 1, shift=1.5)
    found = wasserstein_critic(real, far, seed=0)
    assert found.distance == pytest.approx(1.5 * np.sqrt(8), rel=0.1)
    scaled = wasserstein_critic(20 * real, 20 * far, seed=0)
    assert scaled.distance == pytest.approx(20 * found.distance, rel=1e-3)


def test_sees_what_mean_and_covariance_do_not():
    real, fake = features(2000, 2, 0), features(2000, 2, 1)
    fake[:, 0] = np.sign(fake[:, 0])  # two points, with mean 0 and variance 1 as before
    found = wasserstein_critic(real, fake, seed=0)
    assert 5 * found.standard_error < found.distance < 0.48  # in that dimension |z| moves to 1: E||z| - 1| = 0.48


def test_equal_distributions_give_about_zero(monkeypatch):
    monkeypatch.setattr(critic, "STEPS", 200)
    found = [wasserstein_critic(features(600, 4, s), features(500, 4, s + 50), seed=s) for s in range(4)]
    assert np.abs(np.mean([each.distance for each in found])) < 3 * np.mean([each.standard_error for each in found]) / 2


def test_equal_calls_are_equal_and_the_seed_counts(monkeypatch):
    monkeypatch.setattr(critic, "STEPS", 100)
    real, fake = features(300, 5, 0), features(300, 5, 1, shift=0.3)
    found = [wasserstein_critic(real, fake, seed) for seed in (1, 1, 2)]
    assert found[0] == found[1] != found[2]


@pytest.mark.slow
def test_two_processes_give_the_same_number():
    told = [subprocess.run([sys.executable, "-c", AGAIN], capture_output=True, text=True).stdout for _ in range(2)]
    assert told[0] == told[1] and "Critic(distance=1." in told[0]


def test_degenerate_sets(monkeypatch):
    monkeypatch.setattr(critic, "STEPS", 50)
    real = features(100, 4, 0)
    collapsed = wasserstein_critic(real, np.repeat(real[:1], 30, axis=0), seed=0)
    assert np.isfinite(collapsed).all()
    assert np.isfinite(wasserstein_critic(np.where(np.arange(4) == 2, 1.0, real), real, seed=0)).all()
    with pytest.raises(ValueError, match="Wasserstein critic: the real features are all equal"):
        wasserstein_critic(np.ones((50, 4)), real, seed=0)
    with pytest.raises(ValueError, match="needs at least 20 images, got 19"):
        wasserstein_critic(real[:19], real, seed=0)


@pytest.mark.parametrize("kind", ["noise", "dropped"])
def test_grows_with_what_goes_wrong(digits, kind, monkeypatch):
    monkeypatch.setattr(critic, "STEPS", 150)
    samples = [digits.corrupted(kind, degree).features for degree in (0, 0.3, 1)]
    found = [wasserstein_critic(digits.real.features, sample, seed=0) for sample in samples]
    assert abs(found[0].distance) < 3 * found[0].standard_error
    assert found[0].distance + 1 < found[1].distance < found[2].distance / 1.5
