import numpy as np
import pytest
import tensorflow as tf

from ganline.latent.inversion import invert, nearest_random
from ganline.latent.paths import shell

BASIS = np.random.default_rng(0).normal(size=(3, 16)).astype(np.float32) * 20


def linear(latents, labels):
    """Make 4x4 images in a space of three dimensions, the brighter the larger the label."""
    return tf.reshape(128 + latents @ BASIS + 10 * tf.cast(labels, tf.float32)[:, None], (-1, 4, 4, 1))


def draws(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def found_of(images, labels, tries=2, steps=300, **settings):
    return invert(linear, images, np.tile(labels, (tries, 1)), draws(tries, len(images), 3), steps, 0.1, **settings)


def rounded(images):
    return np.clip(np.round(images), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("prior", ["normal", "uniform"])
def test_a_linear_generator_is_inverted_exactly(prior):
    truth = np.tanh(draws(6, 3, seed=5)) * 0.9  # inside the cube
    labels = np.arange(6) % 3
    found = found_of(rounded(linear(truth, labels)), labels, prior=prior)
    np.testing.assert_allclose(found.latents, truth, atol=0.02)  # rounding to grey levels moves it by 0.01
    assert np.array_equal(found.labels, labels) and found.latents.dtype == np.float32
    np.testing.assert_allclose(found.errors, 1 / 12 * 13 / 16 / 255**2, rtol=0.6)  # the rounding itself


def test_what_cannot_be_drawn_is_as_far_as_the_space_is():
    images = np.random.default_rng(1).integers(100, 156, (8, 4, 4, 1)).astype(np.uint8)
    flat = images.reshape(8, 16).T - 128.0
    residual = np.linalg.lstsq(BASIS.T.astype(np.float64), flat, rcond=None)[1]
    np.testing.assert_allclose(found_of(images, np.zeros(8, int)).errors, residual / 16 / 255**2, rtol=1e-3)


def test_the_best_condition_is_found_among_those_tried():
    labels = np.arange(6) % 3
    images = rounded(linear(draws(6, 3, seed=5), labels))
    every = np.repeat(np.arange(3)[:, None], 6, axis=1)
    assert np.array_equal(invert(linear, images, every, draws(3, 6, 3), 300, 0.1).labels, labels)


def test_more_starts_are_never_worse():
    def two_valleys(latents, labels):
        return tf.reshape(100 + 50 * tf.sin(3 * latents) + 5 * latents, (-1, 1, 1, 1))

    images = np.full((4, 1, 1, 1), 170, np.uint8)
    begin = draws(6, 4, 1)
    few = invert(two_valleys, images, np.zeros((1, 4), int), begin[:1], 50, 0.05).errors
    many = invert(two_valleys, images, np.zeros((6, 4), int), begin, 50, 0.05).errors
    assert (many <= few + 1e-9).all() and many.sum() < few.sum()


def test_the_search_stays_in_the_shell_that_the_prior_draws():
    labels, far = np.zeros(4, int), rounded(linear(8 * draws(4, 3, seed=5) / 3, np.zeros(4, int)))
    low, high = shell(3)
    held, free = found_of(far, labels, within=(low, high)), found_of(far, labels)
    norms = np.linalg.norm(held.latents, axis=1)
    assert (norms <= high * 1.0001).all() and (norms >= low * 0.9999).all()
    assert np.linalg.norm(free.latents, axis=1).max() > high
    assert (held.errors >= free.errors - 1e-9).all()
    low, high = shell(100)
    assert np.mean((norms := np.linalg.norm(draws(20000, 100), axis=1)) < low) == pytest.approx(1e-3, abs=1e-3)
    assert np.mean(norms > high) == pytest.approx(1e-3, abs=1e-3)


def test_the_nearest_of_random_samples():
    images, samples = np.random.default_rng(3).integers(0, 256, (2, 40, 4, 4, 3), np.uint8)
    places, errors = nearest_random(images, samples, 3)
    wanted = ((images[:, None] / 255 - samples / 255) ** 2).mean(axis=(2, 3, 4))
    assert np.array_equal(places, wanted.argsort(axis=1)[:, :3])
    np.testing.assert_allclose(errors, np.sort(wanted, axis=1)[:, :3], rtol=1e-5)


def test_refusals():
    images, labels, begin = np.zeros((4, 4, 4, 1), np.uint8), np.zeros((2, 4), int), draws(2, 4, 3)
    with pytest.raises(ValueError, match="must be uint8"):
        invert(linear, images.astype(np.float32), labels, begin, 5, 0.1)
    with pytest.raises(ValueError, match=r"starts must be \(starts, 4 images, latent numbers\).*got \(2, 3, 3\) and 5"):
        invert(linear, images, labels, begin[:, :3], 5, 0.1)
    with pytest.raises(ValueError, match=r"labels must be integers \(2, 4\), got int64 \(1, 4\)"):
        invert(linear, images, labels[:1], begin, 5, 0.1)
    with pytest.raises(ValueError, match="the generator has no gradient"):
        invert(lambda z, y: tf.round(tf.reshape(z @ BASIS, (-1, 4, 4, 1))) * 0 + 1.0, images, labels, begin, 5, 0.1)
