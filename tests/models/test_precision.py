"""Every experiment takes a step in mixed precision: pixels and losses stay float32, so do the weights."""

import numpy as np
import pytest
import tensorflow as tf

from ganline.catalogue.presets import compose_params
from ganline.models.facts import latents_of
from tests.fitting import EXPERIMENTS, each, fitting, given
from tests.fitting import built as fitted


@pytest.fixture
def bfloat16(forgetful):
    tf.keras.mixed_precision.set_global_policy("mixed_bfloat16")


@pytest.fixture
def float16(forgetful):
    tf.keras.mixed_precision.set_global_policy("mixed_float16")


def built(experiment, *overrides):
    """Return a small model with its optimizers, and a batch for it."""
    small = ["train.batch_size=2", "train.generator_batch_size=2", "download.source=.", *overrides]
    params = compose_params(experiment, fitting(experiment, small))
    model = fitted(params, seed=1)
    model.make_optimizers()
    images = tf.random.stateless_uniform((model.batch_size, *model.image_shape), [0, 1])
    pictures = {"image": images} | {name: tf.cast(v, tf.float32) / 255 for name, v in given(model, len(images)).items()}
    return model, pictures | {"label": tf.range(model.batch_size)}


def step(experiment, *overrides):
    model, batch = built(experiment, *overrides)
    return model, model.train_step(batch, tf.constant(0, tf.int64))


@pytest.mark.parametrize("experiment", each(EXPERIMENTS))
def test_bfloat16(experiment, bfloat16):
    model, batch = built(experiment)
    metrics = model.train_step(batch, tf.constant(0, tf.int64))
    assert all(np.isfinite(value) and value.dtype == tf.float32 for value in metrics.values())
    assert {variable.dtype for variable in model.weights().values()} == {tf.float32}
    if model.input_shape:
        # As makers do: of the input alone, or of it and a style.
        styles = [batch["smoothed"]] if "style" in model.abilities else []
        translate = model.translate_in_style if styles else model.translate
        assert tf.function(translate, autograph=False)(batch["input"], *styles).dtype == tf.float32
        return
    generate, latents = tf.function(model.generate, autograph=False), tf.zeros((2, latents_of(model.settings)[0]))
    assert generate(latents, tf.zeros((2,), tf.int32)).dtype == tf.float32


@pytest.mark.parametrize(
    "overrides",
    [["loss=began"], ["spectral_normalization=true", "unrolled_steps=1"], ["loss=wasserstein_gp", "packing=2"],
     ["minibatch_stddev=true", "discriminator_batches=separate", "feature_matching=true", "instance_noise=0.1"],
     ["loss=relativistic", "discriminator_batches=separate", "augmentation=adaptive"]],
    ids="+".join,
)  # fmt: skip
def test_practices_in_bfloat16(overrides, bfloat16):
    _, metrics = step("dcgan-fashion-mnist-workshop", *(f"train.{override}" for override in overrides))
    assert all(np.isfinite(value) for value in metrics.values())


QUICK = ("mode-collapse-mnist", "gan-mnist", "vae-mnist")


@pytest.mark.parametrize(
    "experiment",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in EXPERIMENTS],
)
def test_float16_moves_each_network_once_its_scale_fits(experiment, float16):
    few = ["train.discriminator_steps=1"] if experiment.startswith("wgan") else []
    model, batch = built(experiment, *few)
    run = tf.function(model.train_step, autograph=False)
    before = {name: variable.numpy() for name, variable in model.weights().items()}
    for i in range(30):
        metrics = run(batch, tf.constant(i, tf.int64))
        assert all(np.isfinite(value) and value.dtype == tf.float32 for value in metrics.values())
        still = [name for name, variable in model.weights().items() if (variable.numpy() == before[name]).all()]
        if len(still) <= ("wasserstein" in model.settings.loss):
            break
    else:
        pytest.fail(f"not trained in {i + 1} steps: {still}")
    assert all(np.isfinite(variable).all() for variable in model.variables().values())


def test_a_loss_that_overflows_in_float16_halves_the_scale_and_changes_nothing(float16):
    model, batch = built("mode-collapse-mnist", "train.gradient_clip_norm=0.5")
    scales = {name: model.variables()[f"{name}/loss_scale"] for name in model.network_names}
    scales["generator"].assign(2.0**60)
    before = {name: variable.numpy() for name, variable in model.weights().items()}
    model.train_step(batch, tf.constant(0, tf.int64))
    assert {name: float(scale) for name, scale in scales.items()} == {"generator": 2.0**59, "discriminator": 2.0**15}
    for name, variable in model.weights().items():
        assert (variable.numpy() == before[name]).all() == name.startswith("generator"), name
    # Gradients are unscaled before they are clipped: a scale that fits does not change the update.
    moved = []
    for scale in (2.0**4, 2.0**12):
        other, _ = built("mode-collapse-mnist", "train.gradient_clip_norm=0.5")
        for name in other.network_names:
            other.variables()[f"{name}/loss_scale"].assign(scale)
        other.train_step(batch, tf.constant(0, tf.int64))
        moved.append([variable.numpy() for variable in other.weights().values()])
    for one, two in zip(*moved, strict=True):
        np.testing.assert_allclose(one, two, atol=2e-5)


@pytest.mark.parametrize(
    "overrides",
    [["loss=began"], ["spectral_normalization=true"], ["loss=wasserstein_gp", "packing=2"],
     ["minibatch_stddev=true", "discriminator_batches=separate", "feature_matching=true", "instance_noise=0.1"]],
    ids="+".join,
)  # fmt: skip
def test_practices_in_float16(overrides, float16):
    model, metrics = step("dcgan-fashion-mnist-workshop", *(f"train.{override}" for override in overrides))
    assert all(np.isfinite(value) for value in metrics.values())
    assert all(np.isfinite(variable).all() for variable in model.variables().values())
