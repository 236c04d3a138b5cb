import cv2
import numpy as np
import pytest
import tensorflow as tf

from ganline import models
from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.datasets import inputs
from ganline.models.translation.cartoongan import sharpened
from tests.fitting import perception

SMALL = ["prepare.size=16", "train.batch_size=2", "train.generator_batch_size=3", "download.source=."]
STEP = tf.constant(4, tf.int64)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("amount", [3.0, 0.5, 0.0])
def test_sharpening_is_that_of_opencv(channels, amount):
    images = np.random.default_rng(0).integers(0, 256, (3, 24, 17, channels), np.uint8)
    images[1:] = [cv2.GaussianBlur(image, (5, 5), 2).reshape(image.shape) for image in images[1:]]
    found = tf.function(sharpened)(tf.constant(images, tf.float32), amount).numpy()
    for image, made in zip(images, found, strict=True):
        blurred = cv2.GaussianBlur(image, (5, 5), 1.0).reshape(image.shape).astype(float)
        expected = np.clip((amount + 1) * image - amount * blurred, 0, 255).round()
        np.testing.assert_array_equal(made, expected)
    assert (np.abs(found - images).max() > 20) == (amount > 0)


def build(*overrides: str):
    params = compose_params("cartoongan-selfie2sketch", [*SMALL, *overrides])
    shape = (params.prepare.size, params.prepare.size, params.prepare.channels)
    model = models.build(params.train, shape, 7, input_shape=inputs.shape(params))
    model.perception = perception(model.perceives)
    model.make_optimizers()
    return model


def batch(model):
    """Return pictures of whole grey levels in -1 to 1, as a training gets them."""
    draw, count = np.random.default_rng(3), model.batch_size
    shapes = {"image": model.image_shape, "smoothed": model.image_shape, "input": model.input_shape}
    levels = {name: draw.integers(0, 256, (count, *shape)) for name, shape in shapes.items()}
    return {name: tf.constant(values / 127.5 - 1, tf.float32) for name, values in levels.items()}


def by_hand(model, given):
    """Train as printed: D on drawings, on smoothed ones, on what G made; then G through D and VGG."""
    generator, judge, seen = model.generator, model.discriminator, model.perception
    adam = {name: tf.keras.optimizers.legacy.Adam(2e-4, 0.5) for name in model.networks}
    adam["generator"].iterations = adam["discriminator"].iterations  # one instance for both networks
    drawings, selfies = (sharpened(tf.round((given[n] + 1) * 127.5), 3.0) / 127.5 - 1 for n in ("image", "input"))
    style = seen(drawings)
    fake = generator([given["input"][:2], style[:2]], training=False)
    losses = []
    for images, label in ((drawings[:2], 1.0), (given["smoothed"][:2], 0.0), (fake, 0.0)):
        with tf.GradientTape() as tape:
            losses.append(tf.reduce_mean((judge(images, training=True) - label) ** 2))
        weights = judge.trainable_weights
        adam["discriminator"].apply_gradients(zip(tape.gradient(losses[-1], weights), weights, strict=True))
    with tf.GradientTape() as tape:
        made = generator([given["input"], style], training=True)
        content, styled = (tf.reduce_mean(tf.abs(seen(made) - wanted)) for wanted in (seen(selfies), style))
        loss = tf.reduce_mean((judge(made, training=False) - 1) ** 2) + content + 0.1 * styled
    weights = generator.trainable_weights
    adam["generator"].apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
    return {"d_loss": sum(losses) / 3, "g_loss": loss, "g_content": content, "g_style": styled}


def test_a_step_is_that_of_the_book():
    model, same = build(), build()
    given = batch(model)
    told, expected = model.train_step(given, STEP), by_hand(same, given)
    assert {name: float(told[name]) for name in expected} == pytest.approx(
        {name: float(value) for name, value in expected.items()}, rel=1e-4
    )
    for name in same.networks:
        for mine, theirs in zip(model.networks[name].weights, same.networks[name].weights, strict=True):
            # Adam's first step of 2e-4 has the sign of a gradient, however small: a few are of rounding.
            apart = np.abs(mine.numpy() - theirs.numpy())
            assert np.mean(apart > 5e-6) < 1e-3 and apart.max() < 1e-4, mine.name
    assert set(told) == set(model.metric_names) and {"d_smoothed", "d_accuracy_smoothed"} <= set(told)


def test_the_first_phase_learns_content_alone():
    practices = ["train.instance_noise=0.1", "train.label_flipping=0.1", "train.augmentation=adaptive"]
    model = build("train.initialization_steps=5", "train.steps=9", *practices)
    before = {name: variable.numpy() for name, variable in model.weights().items()}
    told = model.train_step(batch(model), STEP)
    assert float(told["g_loss"]) == pytest.approx(float(told["g_content"])) and float(told["d_loss"]) > 0
    moved = {name.partition("/")[0] for name, variable in model.weights().items() if np.any(variable != before[name])}
    assert moved == {"generator"}
    after = tf.function(model.train_step)(batch(model), STEP + 1)
    assert float(after["g_loss"]) > float(after["g_content"])
    assert int(model.optimizers["discriminator"].iterations) == 2 + 3  # one counter for both networks


@pytest.mark.parametrize(
    "overrides",
    [
        ["train.loss=hinge", "train.discriminator_batches=mixed", "train.spectral_normalization=true"],
        ["train.loss=non_saturating", "train.discriminator_batches=separate", "train.label_smoothing=0.1"],
        ["train.generator_average=0.9", "train.augmentation=diffaugment", "train.sharpening=0.0"],
        ["train.feature_matching=true", "prepare.channels=1", "train.generator_batch_size=2"],
    ],
    ids=["hinge", "cross entropy", "average", "features"],
)
def test_the_practices_of_adversaries_are_its_own(overrides):
    model = build(*overrides)
    before = {name: variable.numpy() for name, variable in model.weights().items()}
    told = model.train_step(batch(model), STEP)
    assert set(told) == set(model.metric_names) and all(np.isfinite(float(value)) for value in told.values())
    moved = {name.partition("/")[0] for name, variable in model.weights().items() if np.any(variable != before[name])}
    assert moved == set(model.networks)


def test_one_batch_tells_of_each_side_what_three_tell():
    """Without batch norm it is all the same how the discriminator is shown its three sides."""
    mixed, apart = (build(f"train.discriminator_batches={how}") for how in ("mixed", "separate"))
    given = mixed.with_style(batch(mixed))
    told = [model.discriminator_loss(given, model.fakes(given, STEP), STEP)[1] for model in (mixed, apart)]
    assert {n: float(v) for n, v in told[0].items()} == pytest.approx(
        {n: float(v) for n, v in told[1].items()}, abs=1e-5
    )


@pytest.mark.parametrize(("size", "patches"), [(32, 2), (48, 3)])
def test_styles_decide_the_drawing_at_other_sizes(size, patches):
    model = build(f"prepare.size={size}")
    given = batch(model)
    first, other = (model.translate_in_style(given["input"], given["image"][::way]) for way in (1, -1))
    assert first.shape == (3, size, size, 3) and model.discriminator.output_shape == (None, patches, patches, 1)
    apart = np.abs(first - other).mean(axis=(1, 2, 3))
    assert apart[0] > 0 and apart[2] > 0 and apart[1] == 0  # of three the middle one keeps its style


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["prepare.size=24"], r"prepare.size = 24 .* multiples of 16"),
        (["prepare.pairs.size=32"], r"prepare.pairs.size = 32: .* of the images' size"),
        (["dataset=emoji"], r"no partners \(prepare.pairs\); allowed is a dataset of pictures of two kinds"),
        (["train.input=grey"], r"train.input = grey: allowed is 'partner'"),
        (["train.batch_size=4"], r"train.batch_size = 4: .* allowed is up to that"),
        (["train.initialization_steps=6800"], r"train.initialization_steps = 6800: .* fewer than train.steps = 6800"),
        (
            ["train.initialization_steps=9", "compute.strategy=mirrored"],
            r"train.initialization_steps with compute.strategy = mirrored: .* set one of them off",
        ),
        (
            ["train.initialization_steps=9", "train.learning_rate_schedule=linear"],
            r"learning_rate_schedule = linear: the",
        ),
        (["train.discriminator_steps=2"], r"train.discriminator_steps = 2: cartoongan.CartoonGAN cannot take it"),
        (["train.content_weight=-1"], r"train.content_weight = -1: allowed is greater than or equal to 0"),
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_runs(overrides, words):
    with pytest.raises(UserError, match=words):
        compose_params("cartoongan-selfie2sketch", [*SMALL, *overrides])
