"""Each practice does its one thing, and every model of the catalogue really takes those it says it takes."""

import importlib

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.keras import Sequential, layers

from ganline import models
from ganline.catalogue.presets import compose_params
from ganline.core.random import key, layer_keys
from ganline.models import stabilisers as practices
from ganline.models.facts import model_facts
from ganline.models.layers import SpectralNormalization
from ganline.models.optimizers import make_optimizer
from ganline.training.batches import Feed
from ganline.training.devices import ONE
from ganline.training.loop import compile_steps

STEP = tf.constant(0, tf.int64)
pytestmark = pytest.mark.usefixtures("forgetful")


def settings(*overrides, experiment="gan-mnist"):
    small = ["train.batch_size=4", "train.generator_batch_size=6"]
    return compose_params(experiment, [*small, *(f"train.{override}" for override in overrides)]).train


def built(*overrides, seed=1, experiment="gan-mnist"):
    model = models.build(settings(*overrides, experiment=experiment), (28, 28, 1), seed, 10)
    model.make_optimizers()
    return model


def batch(model):
    return {"image": tf.random.stateless_uniform((model.batch_size, *model.image_shape), [0, 1])}


def drawn(function):
    with layer_keys(key(0, "test", 0)):
        return function()


def test_label_smoothing_moves_one_side_or_both():
    scores = tf.zeros((5, 1))
    one, both = settings("label_smoothing=0.1"), settings("label_smoothing=0.1", "label_smoothing_sides=both")
    np.testing.assert_allclose(practices.targets(one, scores, True), 0.9)
    np.testing.assert_allclose(practices.targets(one, scores, False), 0.0)
    np.testing.assert_allclose(practices.targets(both, scores, False), 0.1)


def test_label_flipping_exchanges_its_share():
    flipped = drawn(lambda: practices.targets(settings("label_flipping=0.2"), tf.zeros((20_000, 1)), True))
    assert set(np.unique(flipped)) == {0.0, 1.0} and float(tf.reduce_mean(flipped)) == pytest.approx(0.8, abs=0.01)


def test_instance_noise_falls_to_nothing():
    recipe, images = settings("instance_noise=0.4", "steps=100"), tf.zeros((50, 28, 28, 1))
    deviations = [
        float(tf.math.reduce_std(drawn(lambda at=at: practices.instance_noise(images, recipe, tf.constant(at)))))
        for at in (0, 50, 100)
    ]
    assert deviations == pytest.approx([0.4, 0.2, 0.0], abs=0.01)


def test_packing_lays_images_of_one_kind_on_top_of_each_other():
    images = tf.reshape(tf.range(4 * 2 * 2 * 3), (4, 2, 2, 3))
    packs = practices.pack(images, 2).numpy()
    assert packs.shape == (2, 2, 2, 6)
    np.testing.assert_array_equal(packs[1, ..., :3], images[2])
    np.testing.assert_array_equal(packs[1, ..., 3:], images[3])
    assert built("packing=2").discriminator.input_shape == (None, 28, 28, 2)


def test_normal_initialisation_draws_kernels_from_their_deviation():
    model = built("initializer=normal")
    kernel, bias = model.networks["generator"].layers[0].weights[:2]
    assert float(tf.math.reduce_std(kernel)) == pytest.approx(0.02, rel=0.02) and not bias.numpy().any()


@pytest.mark.parametrize(
    ("kind", "name"),
    [("none", "Activation"), ("layer", "LayerNormalization"), ("instance", "InstanceNormalization")],
)
def test_batch_norm_of_the_critic_can_be_replaced(kind, name):
    overrides = f"discriminator_normalization={kind}", "frozen_batch_norm=moving"
    critic = built(*overrides, experiment="wgan-gp-fashion-mnist").discriminator
    kinds = [type(layer).__name__ for layer in critic.layers]
    assert "BatchNormalization" not in kinds and kinds.count(name) == 3


def test_spectral_normalisation_divides_by_the_largest_singular_value():
    network = practices.spectral(Sequential([layers.Input((8,)), layers.Dense(5, use_bias=False)]))
    layer = network.layers[-1]
    assert isinstance(layer, SpectralNormalization)
    kernel = layer.layer.kernel.numpy()
    for _ in range(100):  # an iteration of the power method a call
        network(tf.eye(8), training=True)
    singular = np.linalg.svd(network(tf.eye(8), training=False).numpy(), compute_uv=False)
    assert singular[0] == pytest.approx(1, abs=1e-3)
    np.testing.assert_array_equal(layer.layer.kernel, kernel)  # tensorflow-addons' own wrapper overwrites it
    estimate = layer.u.numpy()
    network.trainable = False
    network(tf.eye(8), training=True)
    np.testing.assert_array_equal(layer.u, estimate)


def test_minibatch_stddev_tells_a_varied_batch_from_a_collapsed_one():
    network = Sequential([layers.Input((3,)), layers.Dense(4), layers.Dense(1)])
    changed = practices.minibatch_stddev(network)
    assert changed.layers[-1].kernel.shape == (5, 1)
    features = tf.keras.Model(changed.input, changed.layers[-1].input)
    collapsed, varied = tf.ones((6, 3)), tf.random.stateless_normal((6, 3), [0, 1])
    assert float(features(collapsed)[0, -1]) < 1e-3 < 0.1 < float(features(varied)[0, -1])


def test_weight_clipping_with_and_without_batch_norm():
    critic = built("weight_clip_batch_norm=false", experiment="wgan-mnist").discriminator
    practices.clip(critic, 0.01, batch_norm=False)
    largest = {
        type(layer).__name__: max(np.abs(w).max() for w in layer.get_weights())
        for layer in critic.layers
        if layer.weights
    }
    assert largest["Conv2D"] == largest["Dense"] == np.float32(0.01) and largest["BatchNormalization"] == 1
    practices.clip(critic, 0.01, batch_norm=True)
    assert max(np.abs(w).max() for w in critic.get_weights()) == np.float32(0.01)


def test_the_averaged_generator_follows_and_makes_the_samples():
    model = built("generator_average=0.9")
    start = [weight.numpy() for weight in model.generator.weights]
    model.train_step(batch(model), STEP)
    mean, live = model.networks["generator_average"], model.generator
    trainable = {weight.ref() for weight in live.trainable_weights}
    for before, now, averaged in zip(start, live.weights, mean.weights, strict=True):
        expected = 0.9 * before + 0.1 * now.numpy() if now.ref() in trainable else now.numpy()
        np.testing.assert_allclose(averaged, expected, atol=1e-6)
    latents = tf.ones((2, 50))
    np.testing.assert_array_equal(model.generate(latents, None), mean(latents, training=False))


def test_unrolling_sees_the_discriminator_that_adam_would_make():
    """On a discriminator w x with loss w c, the imagined weights follow Adam's rule and depend on c."""
    network, recipe = Sequential([layers.Input((1,)), layers.Dense(1, use_bias=False)]), settings()
    rule, start = recipe.optimizers["discriminator"], float(network.layers[0].kernel)
    scale = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        loss = lambda: scale**2 * tf.reduce_sum(network(tf.ones((1, 1))) ** 2)  # noqa: E731
        (imagined,) = practices.unrolled(network.trainable_weights, rule, 3, network, loss)
    optimizer, real = make_optimizer(rule, recipe, 1), network.trainable_weights
    assert float(network.layers[0].kernel) == start  # nothing has really moved
    assert abs(float(tape.gradient(imagined, scale))) > 0
    for _ in range(3):
        with tf.GradientTape() as inner:
            value = loss()
        optimizer.apply_gradients(zip(inner.gradient(value, real), real, strict=True))
    assert float(imagined) == pytest.approx(float(real[0]), rel=1e-6) != start


def test_feature_matching_is_zero_where_means_agree():
    model = built("feature_matching=true")
    images = {"image": tf.random.stateless_uniform((4, 28, 28, 1), [0, 1])}
    model.features = tf.keras.Model(model.discriminator.input, model.discriminator.layers[1].output)  # without dropout
    assert float(model.deceive([], images, {"image": images["image"][::-1]}, STEP)) == pytest.approx(0, abs=1e-10)
    assert float(model.deceive([], images, {"image": 1 - images["image"]}, STEP)) > 0


@pytest.mark.parametrize(
    ("schedule", "at_half"), [("constant", 1.0), ("linear", 0.5), ("linear_second_half", 1.0), ("cosine", 0.5)]
)
def test_learning_rates_follow_their_schedule(schedule, at_half):
    recipe = settings(f"learning_rate_schedule={schedule}", "steps=100")
    optimizer, weight = make_optimizer(recipe.optimizers["generator"], recipe, 2), tf.Variable(0.0)
    optimizer.iterations.assign(100)  # of 200 updates
    optimizer.apply_gradients([(tf.constant(1.0), weight)])
    rate = recipe.optimizers["generator"].learning_rate
    fresh = make_optimizer(settings("steps=100").optimizers["generator"], settings(), 1)
    reference = tf.Variable(0.0)
    fresh.iterations.assign(100)
    fresh.apply_gradients([(tf.constant(1.0), reference)])
    assert float(weight) == pytest.approx(at_half * float(reference), rel=1e-5) and rate > 0


@pytest.mark.parametrize(
    ("model", "epsilon"),
    [
        *(("pggan.PGGAN", 1e-8), ("stylegan.StyleGAN", 1e-8), ("stylegan.StyleGAN2", 1e-8), ("r3gan.R3GAN", 1e-8)),
        *(("biggan.SAGAN", 1e-8), ("biggan.BigGAN", 1e-6), ("gan.GAN", 1e-7)),
    ],
)
def test_adams_epsilon_is_that_of_the_published_code(model, epsilon):
    """By its first update, of a gradient so small that the epsilon counts; no network is built."""
    experiment = {"pggan": "pggan-emoji", "stylegan": "stylegan-emoji", "r3gan": "r3gan-emoji"}
    experiment |= {"biggan": "biggan-fashion-mnist", "gan": "gan-mnist"}
    recipe = compose_params(experiment[model.partition(".")[0]], [f"train.model={model}"]).train
    module = importlib.import_module(model_facts()[model]["module"])
    made = object.__new__(getattr(module, model.partition(".")[2]))
    made.settings, rule, weight = recipe, recipe.optimizers["generator"], tf.Variable(0.0)
    made.make_optimizer(rule, 1).apply_gradients([(tf.constant(1e-7), weight)])
    root = (1 - rule.beta_2) ** 0.5
    assert float(weight) == pytest.approx(-rule.learning_rate * root * 1e-7 / (root * 1e-7 + epsilon), rel=1e-3)


def test_a_rate_that_falls_in_the_second_half_is_half_at_three_quarters_and_nothing_at_the_end():
    recipe = settings("learning_rate_schedule=linear_second_half", "steps=100")
    rates = make_optimizer(recipe.optimizers["generator"], recipe, 2).lr
    rate = recipe.optimizers["generator"].learning_rate
    assert [float(rates(tf.constant(update, tf.int64))) for update in (0, 99, 150, 200, 300)] == pytest.approx(
        [rate, rate, rate / 2, 0, 0]
    )


def test_inverse_time_decay_is_that_of_keras_2():
    recipe = settings(
        "optimizers.generator.decay=0.5", "optimizers.generator.name=sgd", "optimizers.generator.beta_1=0.0"
    )
    rule = recipe.optimizers["generator"]
    optimizer, weight = make_optimizer(rule, recipe, 1), tf.Variable(0.0)
    for _ in range(3):
        optimizer.apply_gradients([(tf.constant(-1.0), weight)])
    assert float(weight) == pytest.approx(rule.learning_rate * (1 + 1 / 1.5 + 1 / 2), rel=1e-6)


def test_optimizers_may_count_together_as_one_keras_instance_does():
    """The n-th update of the generator is then Adam's 2n-th: its bias correction is that of a shared instance."""
    model = built("shared_optimizer_counter=true")
    for step in range(3):
        model.train_step(batch(model), tf.constant(step, tf.int64))
    assert [int(optimizer.iterations) for optimizer in model.optimizers.values()] == [6, 6]
    apart = built("shared_optimizer_counter=false")
    apart.train_step(batch(apart), STEP)
    assert [int(optimizer.iterations) for optimizer in apart.optimizers.values()] == [1, 1]


def test_separate_batches_keep_statistics_apart_and_sequential_ones_update_twice():
    assert built("discriminator_batches=sequential").updates("discriminator") == 2
    model = built("discriminator_batches=sequential", experiment="wgan-mnist")
    model.train_step(batch(model), STEP)
    assert int(model.optimizers["critic"].iterations) == 11  # ten, and the generator's one: they count together


COMBINATIONS = [
    ["loss=minimax"],
    ["loss=wasserstein", "weight_clip=0.01"],
    ["loss=wasserstein_gp", "discriminator_batches=separate"],
    ["loss=least_squares", "label_smoothing=0.1", "label_flipping=0.05"],
    ["loss=dragan"],
    ["loss=hinge", "spectral_normalization=true"],
    ["loss=began", "discriminator_batches=mixed"],
    ["discriminator_batches=sequential", "instance_noise=0.1", "gradient_clip_norm=1.0"],
    ["minibatch_stddev=true", "discriminator_batches=separate", "packing=2", "unrolled_steps=2"],
    ["feature_matching=true", "generator_average=0.9", "learning_rate_schedule=linear", "initializer=normal"],
    ["discriminator_steps=2", "generator_steps=2", "gradient_clip_value=0.1"],
]


@pytest.mark.parametrize("overrides", COMBINATIONS, ids="+".join)
def test_a_compiled_step_with_each_loss_and_practice(overrides):
    """On the workshop's DCGAN, which has convolutions; every trainable weight moves and every number is finite."""
    model = built(*overrides, experiment="dcgan-fashion-mnist-workshop")
    before = {name: weight.numpy() for name, weight in model.weights().items()}
    step = tf.function(model.train_step, autograph=False)
    for number in range(2):
        metrics = step(batch(model), tf.constant(number, tf.int64))
    assert set(metrics) == set(model.metric_names)
    assert all(np.isfinite(value) for value in metrics.values())
    still = [name for name, weight in model.weights().items() if (weight.numpy() == before[name]).all()]
    # A critic's last bias adds the same to real and generated scores: Wasserstein losses do not see it.
    assert len(still) <= (1 if "wasserstein" in overrides[0] or "hinge" in overrides[0] else 0), still


def test_unrolling_through_batch_norm_compiles_for_reals_and_fakes_in_one_batch():
    """Of what joins the two batches oneDNN made "nodes in a cycle", in the loop's compiled call alone."""
    sizes = ["train.batch_size=4", "train.generator_batch_size=6"]
    changes = ["loss=non_saturating", "discriminator_batches=mixed", "unrolled_steps=2", "frozen_batch_norm=moving",
               "discriminator_steps=1"]  # fmt: skip
    overrides = [*sizes, *(f"train.{change}" for change in changes)]
    model = models.build(compose_params("wgan-gp-fashion-mnist", overrides).train, (28, 28, 1), 1)
    model.make_optimizers()
    images = {"image": np.random.default_rng(0).integers(0, 256, (8, 28, 28, 1), np.uint8)}
    feed = Feed(images, model.batch_size, "replacement", 1, ONE, model.batch_parts)
    metrics = compile_steps(model, feed, xla=False)(feed.chunk(0, 2), STEP)
    assert all(np.isfinite(values).all() for values in metrics.values())
