"""What a frozen network's batch norms normalise by, held against a re-statement of what two versions of Keras do."""

import importlib

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.keras import layers

from ganline import models
from ganline.catalogue.presets import compose_params, names
from ganline.core.errors import UserError
from ganline.core.random import key, layer_keys
from ganline.models.facts import model_facts
from ganline.settings.recipes import Adversaries

STEP = tf.constant(0, tf.int64)
ONE_STEP_DOWN = [f"train.optimizers.generator.{rule}" for rule in ("name=sgd", "learning_rate=1.0", "beta_1=0.0")]
"""The update is then the gradient."""


def built(*overrides, experiment="wgan-gp-fashion-mnist"):
    model = models.build(compose_params(experiment, [*overrides, "download.source=."]).train, (28, 28, 1), 1, 10)
    model.make_optimizers()
    return model


def real(model, count=None):
    shape = (count or model.settings.batch_size, *model.image_shape)
    return {"image": tf.random.stateless_uniform(shape, [0, 1], -1), "label": tf.range(shape[0]) % 10}


def under_train_on_batch(network, x, by):
    """Return the output of a Sequential in the learning phase "train", its batch norms frozen.

    "batch": Keras 2.3 (keras/layers/normalization.py) asks for the phase alone, never whether the layer is trainable.
    "moving": so does tf.keras since TensorFlow 2.0, but a frozen batch norm is in inference mode.
    """
    for layer in network.layers:
        if isinstance(layer, layers.BatchNormalization):
            axes = list(range(len(x.shape) - 1))
            mean = tf.reduce_mean(x, axes) if by == "batch" else layer.moving_mean
            variance = tf.reduce_mean((x - mean) ** 2, axes) if by == "batch" else layer.moving_variance
            x = layer.gamma * (x - mean) / tf.sqrt(variance + 1e-3) + layer.beta
        else:
            x = layer(x, training=True)
    return x


def generators_gradient(model, by):
    """Return the gradients of -E D(G(z)) for the generator's first update: both networks in the phase "train"."""
    weights = model.generator.trainable_weights
    with tf.GradientTape() as tape, layer_keys(key(model.seed, "dropout/generator", STEP)):
        latents = model.noise(model.settings.generator_batch_size, "noise/generator", STEP)
        fakes = under_train_on_batch(model.generator, latents, "batch")  # it is trained, not frozen
        loss = -tf.reduce_mean(under_train_on_batch(model.discriminator, fakes, by))
    return tape.gradient(loss, weights)


def flat(tensors):
    return np.concatenate([np.ravel(tensor) for tensor in tensors])


def cosine(a, b):
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


@pytest.fixture(scope="module")
def presets():
    return {name: compose_params(name, ["download.source=."]) for name in names("experiment")}


def test_the_preset_has_what_its_source_runs_on(presets):
    """The GAN Book (Chaudhary 2024), Skill 7: WGAN-GP on TensorFlow 1.14 and Keras 2.3, all others on tf.keras.

    PacGAN's code, on TensorFlow 1, always normalises by the batch where it trains.
    """
    others = {
        name: params.train.frozen_batch_norm
        for name, params in presets.items()
        if isinstance(params.train, Adversaries)
    }
    assert [others.pop(name) for name in ("wgan-gp-fashion-mnist", "dcgan-stacked-mnist")] == ["batch", "batch"]
    assert set(others.values()) == {"moving"}


@pytest.mark.parametrize("by", ["batch", "moving"])
def test_the_generator_learns_through_the_critic_that_its_keras_has(by):
    model = built(f"train.frozen_batch_norm={by}", *ONE_STEP_DOWN)
    for i in range(3):
        model.discriminator_step(real(model), STEP, tf.constant(i, tf.int64))
    expected = generators_gradient(model, by)
    other = flat(generators_gradient(model, {"batch": "moving", "moving": "batch"}[by]))
    before = [weight.numpy() for weight in model.generator.trainable_weights]
    critic = [weight.numpy() for weight in model.discriminator.weights]
    model.generator_step(real(model), STEP, STEP)
    updates = [old - new.numpy() for old, new in zip(before, model.generator.trainable_weights, strict=True)]
    assert cosine(flat(updates), flat(expected)) > 0.9999 and cosine(flat(updates), other) < 0.9
    # Rounding turns the sign of one in some million inputs of a ReLU, which moves a gradient by about .001 of its norm;
    # a bias before a batch norm has none.
    rounding = 1e-5 * np.linalg.norm(flat(expected))
    for update, gradient in zip(updates, expected, strict=True):
        assert np.linalg.norm(update - gradient) < 5e-3 * np.linalg.norm(gradient) + rounding
    for old, new in zip(critic, model.discriminator.weights, strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("by", ["batch", "moving"])
def test_fakes_for_the_critic_come_from_a_generator_frozen_in_the_same_way(by):
    model = built(f"train.frozen_batch_norm={by}")
    before = [weight.numpy() for weight in model.generator.weights]
    latents = model.noise(8, "noise/discriminator", STEP)
    expected = under_train_on_batch(model.generator, latents, by)
    eight = {"image": tf.zeros((8, *model.image_shape))}
    np.testing.assert_allclose(model.fakes(eight, STEP)["image"], expected, atol=1e-4)
    for old, new in zip(before, model.generator.weights, strict=True):
        np.testing.assert_array_equal(old, new)


RECIPES = [
    ("acgan-fashion-mnist", "train.minibatch_stddev=true", "train.discriminator_batches=separate"),
    *(
        pytest.param(recipe, marks=pytest.mark.slow)
        for recipe in (
            ("wgan-gp-fashion-mnist", "train.unrolled_steps=1"),
            ("wgan-mnist", "train.spectral_normalization=true", "train.feature_matching=true"),
            ("dcgan-fashion-mnist", "train.loss=dragan", "train.instance_noise=0.1"),
            ("cgan-mnist", "train.unrolled_steps=1"),
            ("infogan-mnist", "train.generator_average=0.9"),
        )
    ),
]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe[0])
def test_normalising_by_the_batch_goes_with_the_other_practices(recipe):
    experiment, *overrides = recipe
    small = ["train.batch_size=4", "train.generator_batch_size=6", "train.discriminator_steps=1"]
    model = built("train.frozen_batch_norm=batch", *small, *overrides, experiment=experiment)
    generator = [weight.numpy() for weight in model.generator.trainable_weights]
    metrics = tf.function(model.train_step, autograph=False)(real(model, model.batch_size), STEP)
    assert all(np.isfinite(value) for value in metrics.values())
    assert np.isfinite(flat(model.generator.weights)).all()
    assert (flat(generator) != flat(model.generator.trainable_weights)).any()


def test_models_say_rightly_whether_their_discriminator_has_batch_norm(presets):
    known = {params.train.model: params for params in presets.values()}
    known |= {"failures.CapacityGap": presets["convergence-failure-mnist"], "flags.FlagsLeaky": presets["flags-emoji"]}
    known["stacked_mnist.Wide"] = presets["dcgan-stacked-mnist"]
    found = {}
    for name, facts in model_facts().items():
        if facts["recipe"] == "GAN":
            model = object.__new__(getattr(importlib.import_module(facts["module"]), name.split(".")[1]))
            size, channels = known[name].prepare.size, known[name].prepare.channels
            model.settings, model.image_shape, model.classes = known[name].train, (size, size, channels), 10
            parts = model.build_discriminator().submodules
            found[name] = any(isinstance(part, layers.BatchNormalization) for part in parts)
    assert found == {name: "frozen_batch_norm" in model_facts()[name]["practices"] for name in found}
    assert 5 < sum(found.values()) < len(found) - 5


@pytest.mark.parametrize(
    ("experiment", "override", "reason"),
    [
        ("gan-mnist", "frozen_batch_norm=batch", "the discriminator of gan.GAN has no batch norm"),
        ("lsgan-mnist", "discriminator_normalization=layer", "the discriminator of lsgan.LSGAN has no batch norm"),
        (
            "vae-mnist",
            "frozen_batch_norm=batch",
            "unknown key for vae.VAE; known for all but ",
        ),
        ("wgan-gp-fashion-mnist", "discriminator_normalization=layer", "leaves no batch norm .* set it to moving"),
    ],
)
def test_it_is_refused_where_there_is_no_batch_norm(experiment, override, reason):
    with pytest.raises(UserError, match=reason):
        compose_params(experiment, [f"train.{override}"])
