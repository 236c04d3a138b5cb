import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from ganline import models, suite
from ganline.catalogue import compose_params
from ganline.metrics.reconstruction_error import reconstruction_error, search
from ganline.suite.base import Case

BASIS = np.random.default_rng(0).normal(size=(3, 16)).astype(np.float32) * 20


def linear(latents, labels):
    """Make 4x4 images in a space of three dimensions, the brighter the larger the label."""
    return tf.reshape(128 + latents @ BASIS + 10 * tf.cast(labels, tf.float32)[:, None], (-1, 4, 4, 1))


def starts(tries, images, latents, seed=0):
    return np.random.default_rng(seed).normal(size=(tries, images, latents)).astype(np.float32)


def found_of(images, labels, tries=2, steps=300):
    return search(linear, images, np.tile(labels, (tries, 1)), starts(tries, len(images), 3), steps, 0.1)


def test_what_the_generator_can_draw_is_found_under_its_own_label():
    labels = np.arange(6) % 3
    images = np.clip(np.round(linear(starts(1, 6, 3, seed=5)[0], labels)), 0, 255).astype(np.uint8)
    assert np.sqrt(found_of(images, labels)).max() * 255 < 0.5  # less than rounding the images took away
    assert np.sqrt(found_of(images, labels + 3)).min() * 255 > 5


def test_what_it_cannot_draw_is_as_far_as_its_space_is():
    images = np.random.default_rng(1).integers(100, 156, (8, 4, 4, 1)).astype(np.uint8)
    flat = images.reshape(8, 16).T - 128.0
    residual = np.linalg.lstsq(BASIS.T.astype(np.float64), flat, rcond=None)[1]
    np.testing.assert_allclose(found_of(images, np.zeros(8, int)), residual / 16 / 255**2, rtol=1e-3)


def test_more_starts_are_never_worse():
    def two_valleys(latents, labels):
        return tf.reshape(100 + 50 * tf.sin(3 * latents) + 5 * latents, (-1, 1, 1, 1))

    images = np.full((4, 1, 1, 1), 170, np.uint8)
    begin = starts(6, 4, 1)
    few = search(two_valleys, images, np.zeros((1, 4), int), begin[:1], 50, 0.05)
    many = search(two_valleys, images, np.zeros((6, 4), int), begin, 50, 0.05)
    assert (many <= few + 1e-9).all() and many.sum() < few.sum()


def test_a_generator_that_holds_its_training_images_is_found_out():
    train, held_out = np.random.default_rng(2).integers(0, 256, (2, 8, 4, 4, 1)).astype(np.uint8)

    def remembers(latents, labels):
        return tf.reshape(tf.nn.softmax(4 * latents) @ train.reshape(8, 16).astype(np.float32), (-1, 4, 4, 1))

    images = np.concatenate([held_out, train])
    errors = search(remembers, images, np.zeros((8, 16), int), starts(8, 16, 8), 200, 0.1)
    found = reconstruction_error(errors[:8], errors[8:])
    assert found.ratio > 4 and found.error > 0.15 and found.ratio_standard_error > 0


def test_golden_numbers():
    found = reconstruction_error(np.array([0.04, 0.06, 0.08]), np.array([0.01, 0.02, 0.03]))
    # sqrt(0.06) and sqrt(0.06 / 0.02); standard errors of the means 0.02 / sqrt 3 and 0.01 / sqrt 3, so half of
    # 0.19245 and of 0.28868 of the roots.
    assert found == pytest.approx((0.244949, 0.244949 * 0.0962250, 1.732051, 1.732051 * 0.173472), rel=1e-5)


def test_refusals():
    images, labels, begin = np.zeros((4, 4, 4, 1), np.uint8), np.zeros((2, 4), int), starts(2, 4, 3)
    with pytest.raises(ValueError, match="must be uint8"):
        search(linear, images.astype(np.float32), labels, begin, 5, 0.1)
    with pytest.raises(ValueError, match=r"starts must be \(starts, 4 images, latent numbers\).*got \(2, 3, 3\) and 5"):
        search(linear, images, labels, begin[:, :3], 5, 0.1)
    with pytest.raises(ValueError, match="labels must be 8 integers"):
        search(linear, images, labels[:1], begin, 5, 0.1)
    with pytest.raises(ValueError, match="the generator has no gradient"):
        search(lambda z, y: tf.round(tf.reshape(z @ BASIS, (-1, 4, 4, 1))) * 0 + 1.0, images, labels, begin, 5, 0.1)
    with pytest.raises(ValueError, match="met exactly"):
        reconstruction_error(np.ones(3), np.zeros(3))
    with pytest.raises(ValueError, match="at least 2 images, got 1"):
        reconstruction_error(np.ones(1), np.ones(3))


@pytest.mark.parametrize("name", ["gan-mnist", "lsgan-mnist", "infogan-mnist"])
def test_the_measure_is_a_function_of_the_seed(digits, name, monkeypatch):
    from ganline.suite import generators

    monkeypatch.setattr(generators, "IMAGES", 2)
    monkeypatch.setattr(generators, "STEPS", 3)
    params = compose_params(name)
    model = models.build(params.train, (28, 28, 1), seed=0, classes=10)
    fakes = dataclasses.replace(digits.train, labels=None)
    maker = models.Generator(model)
    case = Case(fakes, digits.real, digits.train, params.evaluate, 1, digits.extractor, maker, model)
    compute = suite.measures()["reconstruction_error"].compute
    found = compute(case)
    assert found == compute(case) and 0 < found["reconstruction_error"] < 1
    assert found != compute(dataclasses.replace(case, seed=2))
