import numpy as np
import pytest
import tensorflow as tf

from ganline import models
from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.datasets import inputs
from ganline.models.translation.networks import halvings

SMALL = ["prepare.size=16", "train.batch_size=2", "train.generator_batch_size=3", "download.source=."]
STEP = tf.constant(4, tf.int64)


def build(experiment="pix2pix-gray-to-color", *overrides: str):
    params = compose_params(experiment, [*SMALL, *overrides])
    shape = (params.prepare.size, params.prepare.size, params.prepare.channels)
    model = models.build(params.train, shape, 7, input_shape=inputs.shape(params))
    model.make_optimizers()
    return model


def batch(model, count=None) -> dict[str, tf.Tensor]:
    draw, count = np.random.default_rng(3), count or model.batch_size
    shapes = {"image": model.image_shape, "input": model.input_shape}
    return {n: tf.constant(draw.uniform(-1, 1, (count, *shape)), tf.float32) for n, shape in shapes.items()}


def test_a_step_is_that_of_the_book():
    model, same = build(), build()
    given = batch(model)
    told = model.train_step(given, STEP)

    # As printed: D on real pairs, then on fakes of a generator that only predicts, then G through both losses.
    generator, judge = same.generator, same.discriminator
    adam = {name: tf.keras.optimizers.legacy.Adam(2e-4, 0.5) for name in same.networks}
    adam["generator"].iterations = adam["discriminator"].iterations  # one instance for both networks
    source, target = given["input"][:2], given["image"][:2]
    fake = generator(source, training=False)
    losses = []
    for images, label in ((target, 1.0), (fake, 0.0)):
        with tf.GradientTape() as tape:
            losses.append(tf.reduce_mean((judge([source, images], training=True) - label) ** 2))
        weights = judge.trainable_weights
        adam["discriminator"].apply_gradients(zip(tape.gradient(losses[-1], weights), weights, strict=True))
    source, target = given["input"][2:], given["image"][2:]
    with tf.GradientTape() as tape:
        made = generator(source, training=True)
        l1 = tf.reduce_mean(tf.abs(target - made))
        loss = tf.reduce_mean((judge([source, made], training=False) - 1) ** 2) + 100 * l1
    weights = generator.trainable_weights
    adam["generator"].apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))

    assert float(told["d_loss"]) == pytest.approx(float(sum(losses)) / 2, rel=1e-5)
    assert float(told["g_loss"]) == pytest.approx(float(loss), rel=1e-5)
    assert float(told["g_l1"]) == pytest.approx(float(l1), rel=1e-5)
    for name in same.networks:
        for mine, theirs in zip(model.networks[name].weights, same.networks[name].weights, strict=True):
            np.testing.assert_allclose(mine, theirs, atol=2e-6)
    assert set(told) == set(model.metric_names)


@pytest.mark.parametrize(("size", "levels", "patches"), [(16, 4, 1), (32, 5, 2), (96, 5, 6)])
def test_smaller_images_have_fewer_levels(size, levels, patches):
    model = build("pix2pix-maps", "dataset=blue_marble", f"prepare.size={size}")
    assert halvings(size, 8) == levels and model.discriminator.output_shape == (None, patches, patches, 1)
    made = model.translate(batch(model, 2)["input"])
    assert made.shape == (2, size, size, 3) and made.dtype == tf.float32
    assert float(tf.reduce_max(tf.abs(made))) <= 1
    # One pixel is not normalised, which would leave nothing of it: another input gives another image.
    assert float(tf.math.reduce_std(made - made[:1])) > 0


def test_256_pixels_and_more_have_the_eight_levels_of_the_book():
    assert [halvings(size, 8) for size in (128, 256, 512, 768)] == [7, 8, 8, 8]


@pytest.mark.parametrize(
    "overrides",
    [
        ["train.loss=hinge", "train.discriminator_batches=mixed", "train.spectral_normalization=true"],
        ["train.loss=non_saturating", "train.discriminator_batches=separate", "train.label_smoothing=0.1"],
        ["train.discriminator_steps=2", "train.generator_steps=2", "train.generator_average=0.9"],
        ["train.feature_matching=true", "train.instance_noise=0.1", "train.frozen_batch_norm=batch"],
        ["train.discriminator_normalization=instance", "train.l1_weight=0.0"],
    ],
    ids=["hinge", "cross entropy", "steps", "features", "norms"],
)
def test_the_practices_of_adversaries_are_those_of_translators(overrides):
    model = build("pix2pix-gray-to-color", *overrides)
    before = {name: variable.numpy() for name, variable in model.weights().items()}
    told = model.train_step(batch(model), STEP)
    assert all(np.isfinite(float(value)) for value in told.values())
    moved = {name.partition("/")[0] for name, variable in model.weights().items() if np.any(variable != before[name])}
    assert moved == set(model.networks)


def test_replicas_share_each_part_of_a_batch():
    model = build("pix2pix-gray-to-color", "train.batch_size=4", "train.generator_batch_size=6")
    assert model.batch_size == 10 and model.batch_parts == 5  # parts of 2: two for one network, three for the other


def test_a_saved_translator_translates_alike(tmp_path):
    model = build("pix2pix-gray-to-color", "train.generator_average=0.5")
    given = batch(model)
    model.train_step(given, STEP)
    models.save(model, tmp_path)
    again = models.load(tmp_path)
    assert again.input_shape == (16, 16, 1)
    assert np.array_equal(again.translate(given["input"]), model.translate(given["input"]))


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["train.input=partner"], r"train.input = partner: the images have no partners .* grey, or a dataset of pairs"),
        (["prepare.channels=1"], r"train.input = grey: it is made of images in colour"),
        (["prepare.size=24"], r"prepare.size = 24 .* multiples of 16"),
        (
            ["dataset=openmoji_lines", "train.input=partner", "prepare.pairs.size=32"],
            r"prepare.pairs.size = 32: .* of the images' size",
        ),
        (["train.latent_dim=100"], r"train.latent_dim: unknown key for pix2pix.Pix2Pix"),
        (["train.packing=2"], r"train.packing = 2: pix2pix.Pix2Pix cannot take it"),
        (["train.loss=wasserstein"], r"train.loss = wasserstein: pix2pix.Pix2Pix takes least_squares or"),
        (["train.input=blue"], r"train.input = blue: allowed is 'partner' or 'grey'"),
        (["dataset=paired_folders", "prepare.pairs.images=A"], r"prepare.pairs = .*: images and partners are both 'A'"),
        (
            ["dataset=unpaired_folders", "train.input=partner"],
            r"layout = unpaired: pix2pix.Pix2Pix learns from images whose true partners are known; allowed is fol",
        ),
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_runs(overrides, words):
    with pytest.raises(UserError, match=words):
        compose_params("pix2pix-gray-to-color", [*SMALL, *overrides])


@pytest.mark.parametrize(
    "dataset",
    [
        "apple2orange",
        "pix2pix_maps",
        "openmoji_lines",
        "blue_marble",
        "paired_folders",
        "openmoji_fluent",
        "cartoon_hair",
    ],
)
@pytest.mark.parametrize("experiment", ["pix2pix-gray-to-color", "pix2pix-maps"])
def test_presets_go_with_the_datasets(experiment, dataset):
    given = ["train.input=grey"] if dataset == "apple2orange" else []
    params = compose_params(experiment, [f"dataset={dataset}", "download.source=.", *given])
    assert inputs.shape(params)[2] == (1 if params.train.input == "grey" else params.prepare.pairs.channels)
