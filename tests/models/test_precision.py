"""Every experiment takes a step in mixed precision: pixels and losses stay float32, so do the weights."""

import numpy as np
import pytest
import tensorflow as tf

from ganline import models
from ganline.catalogue import compose_params, names


@pytest.fixture
def bfloat16():
    tf.keras.mixed_precision.set_global_policy("mixed_bfloat16")
    yield
    tf.keras.mixed_precision.set_global_policy("float32")


def step(experiment, *overrides):
    small = ["train.batch_size=2", "train.generator_batch_size=2", "download.source=.", *overrides]
    params = compose_params(experiment, small)
    shape = (params.prepare.size, params.prepare.size, params.prepare.channels)
    model = models.build(params.train, shape, seed=1, classes=10)
    model.make_optimizers()
    images = tf.random.stateless_uniform((model.batch_size, *shape), [0, 1])
    return model, model.train_step({"image": images, "label": tf.range(model.batch_size)}, tf.constant(0, tf.int64))


@pytest.mark.parametrize("experiment", names("experiment"))
def test_bfloat16(experiment, bfloat16):
    model, metrics = step(experiment)
    assert all(np.isfinite(value) and value.dtype == tf.float32 for value in metrics.values())
    assert {variable.dtype for variable in model.weights().values()} == {tf.float32}
    generate, latents = tf.function(model.generate, autograph=False), tf.zeros((2, model.settings.latent_dim))
    assert generate(latents, tf.zeros((2,), tf.int32)).dtype == tf.float32


@pytest.mark.parametrize(
    "overrides",
    [["loss=began"], ["spectral_normalization=true", "unrolled_steps=1"], ["loss=wasserstein_gp", "packing=2"],
     ["minibatch_stddev=true", "discriminator_batches=separate", "feature_matching=true", "instance_noise=0.1"]],
    ids="+".join,
)  # fmt: skip
def test_practices_in_bfloat16(overrides, bfloat16):
    _, metrics = step("dcgan-fashion-mnist-workshop", *(f"train.{override}" for override in overrides))
    assert all(np.isfinite(value) for value in metrics.values())
