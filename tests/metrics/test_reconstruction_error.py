import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from ganline import models
from ganline.catalogue.presets import compose_params
from ganline.evaluation import measures as suite
from ganline.latent.inversion import invert
from ganline.metrics import reconstruction_error as maths
from ganline.metrics.reconstruction_error import reconstruction_error
from ganline.metrics.record import Case
from ganline.models import makers


def test_a_generator_that_holds_its_training_images_is_found_out():
    train, held_out = np.random.default_rng(2).integers(0, 256, (2, 8, 4, 4, 1)).astype(np.uint8)

    def remembers(latents, labels):
        return tf.reshape(tf.nn.softmax(4 * latents) @ train.reshape(8, 16).astype(np.float32), (-1, 4, 4, 1))

    images = np.concatenate([held_out, train])
    begin = np.random.default_rng(0).normal(size=(8, 16, 8)).astype(np.float32)
    errors = invert(remembers, images, np.zeros((8, 16), int), begin, 200, 0.1).errors
    found = reconstruction_error(errors[:8], errors[8:])
    assert found.ratio > 4 and found.error > 0.15 and found.ratio_standard_error > 0


def test_golden_numbers():
    found = reconstruction_error(np.array([0.04, 0.06, 0.08]), np.array([0.01, 0.02, 0.03]))
    # sqrt(0.06) and sqrt(0.06 / 0.02); standard errors of the means 0.02 / sqrt 3 and 0.01 / sqrt 3, so half of
    # 0.19245 and of 0.28868 of the roots.
    assert found == pytest.approx((0.244949, 0.244949 * 0.0962250, 1.732051, 1.732051 * 0.173472), rel=1e-5)


def test_refusals():
    with pytest.raises(ValueError, match="met exactly"):
        reconstruction_error(np.ones(3), np.zeros(3))
    with pytest.raises(ValueError, match="at least 2 images, got 1"):
        reconstruction_error(np.ones(1), np.ones(3))


@pytest.mark.parametrize("name", ["gan-mnist", "lsgan-mnist", "infogan-mnist"])
def test_the_measure_is_a_function_of_the_seed(digits, name, monkeypatch):
    monkeypatch.setattr(maths, "IMAGES", 2)
    monkeypatch.setattr(maths, "STEPS", 3)
    params = compose_params(name)
    model = models.build(params.train, (28, 28, 1), seed=0, classes=10)
    fakes = dataclasses.replace(digits.train, labels=None)
    maker = makers.Sampler(model)
    case = Case(fakes, digits.real, digits.train, params.evaluate, 1, digits.extractor, maker)
    compute = suite.measures()["reconstruction_error"].compute
    found = compute(case)
    assert found == compute(case) and 0 < found["reconstruction_error"] < 1
    assert found != compute(dataclasses.replace(case, seed=2))
