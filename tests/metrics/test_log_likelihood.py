import numpy as np
import pytest
from scipy.special import logsumexp
from sklearn.cluster import KMeans
from sklearn.neighbors import KernelDensity

from ganline.metrics import distances
from ganline.metrics.log_likelihood import BANDWIDTHS, best_bandwidth, log_densities, parzen_log_likelihood, pixels


def points(n, d=7, seed=0, deviation=1.0):
    return np.random.default_rng(seed).normal(5, deviation, (n, d))


@pytest.fixture(params=[1, distances.FEWEST_ROWS])
def rows(request, monkeypatch):
    """Rows of a block, the last of which is smaller."""
    monkeypatch.setattr(distances, "FEWEST_ROWS", 7 * request.param)
    monkeypatch.setattr(distances, "TILE", 1)


def test_agrees_with_scikit_learn(rows):
    some, sample, bandwidths = points(40), points(90, seed=1), [0.05, 0.7, 3.0]
    # One leaf: between several, scikit-learn loses the far tails (by 800 nats here).
    wanted = [KernelDensity(bandwidth=b, leaf_size=100).fit(sample).score_samples(some) for b in bandwidths]
    np.testing.assert_allclose(log_densities(some, sample, bandwidths), wanted, rtol=1e-9)


def test_own_leaves_a_point_out_of_its_density(rows):
    sample = points(30)
    wanted = [log_densities(sample[[i]], np.delete(sample, i, axis=0), [0.5])[0, 0] for i in range(20)]
    np.testing.assert_allclose(log_densities(sample[:20], sample, [0.5], own=True)[0], wanted, rtol=1e-9)


def test_the_best_bandwidth_of_one_kernel_is_the_deviation():
    deviation = 0.3
    found = best_bandwidth(points(2000, deviation=deviation), np.full((1, 7), 5.0))
    assert found == pytest.approx(deviation, rel=0.06)


def test_likelihood_by_hand():
    fakes, real = digit_like(20), digit_like(10, seed=1)
    found = parzen_log_likelihood(fakes, real, seed=3)
    assert found.bandwidth in BANDWIDTHS
    squares = ((real[:, None] / 255 - fakes[None] / 255) ** 2).sum(axis=(2, 3, 4))
    constant = np.log(20) + 36 / 2 * np.log(2 * np.pi * found.bandwidth**2)
    values = logsumexp(-squares / 2 / found.bandwidth**2, axis=1) - constant
    # One of the ten chose the bandwidth.
    means = [np.delete(values, i).mean() for i in range(10)]
    judged = np.delete(values, np.argmin(np.abs(np.array(means) - found.mean)))
    assert (judged.mean(), judged.std(ddof=1) / 3) == pytest.approx((found.mean, found.standard_error))


def digit_like(n, side=6, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, side, side, 1)).astype(np.uint8)


def test_equal_images_reach_the_end_of_the_grid():
    images = np.repeat(digit_like(1), 30, axis=0)
    found = parzen_log_likelihood(images, images, 1)
    assert found == pytest.approx((-36 / 2 * np.log(2 * np.pi * 0.02**2), 0.0, 0.02))


def test_large_images_are_shrunk_by_averaging():
    images = np.random.default_rng(0).integers(0, 256, (3, 56, 20, 3)).astype(np.uint8)
    assert pixels(images).shape == (3, 28 * 20 * 3)
    averaged = images.reshape(3, 28, 2, 20, 3).mean(axis=2).reshape(3, -1) / 255
    np.testing.assert_allclose(pixels(images), averaged, atol=0.51 / 255)
    np.testing.assert_array_equal(pixels(images[:, :28]), images[:, :28].reshape(3, -1) / 255)


def test_falls_with_noise_and_missing_classes(digits):
    real = digits.real.images
    for kind in ("noise", "dropped"):
        found = [parzen_log_likelihood(digits.corrupted(kind, degree).images, real, 1).mean for degree in (0, 0.3, 1)]
        assert (np.diff(found) < -50).all()


def test_the_weaknesses_it_is_said_to_have(digits):
    train, real = digits.train.images, digits.real.images
    blurred = digits.corrupted("blur", 0.3).images
    assert parzen_log_likelihood(blurred, real, 1).mean > parzen_log_likelihood(train, real, 1).mean
    centres = KMeans(60, n_init=1, random_state=0).fit(train.reshape(len(train), -1)).cluster_centers_
    averages = centres.round().astype(np.uint8).reshape(-1, *train.shape[1:])
    assert parzen_log_likelihood(averages, real, 1).mean > parzen_log_likelihood(train[:60], real, 1).mean


@pytest.mark.parametrize(
    ("fakes", "real", "message"),
    [
        (digit_like(5), digit_like(2), "at least 3 held-out images, got 2"),
        (digit_like(5), digit_like(5, side=7), "cannot be compared"),
        (digit_like(5) / 255, digit_like(5), "must be uint8"),
    ],
)
def test_refusals(fakes, real, message):
    with pytest.raises(ValueError, match=f"log-likelihood: .*{message}"):
        parzen_log_likelihood(fakes, real, 1)
