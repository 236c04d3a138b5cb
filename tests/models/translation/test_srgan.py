import numpy as np
import pytest
import tensorflow as tf

from ganline import models
from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.datasets import inputs
from ganline.models.translation.srgan import SRGAN
from tests.fitting import built

SMALL = ["prepare.size=16", "train.batch_size=2", "train.generator_batch_size=3", "download.source=."]
STEP = tf.constant(4, tf.int64)


@pytest.fixture(autouse=True)
def few_blocks(monkeypatch):
    """Two residual blocks teach as much about sixteen."""
    monkeypatch.setattr(SRGAN, "residual_blocks", 2)


def build(*overrides: str):
    model = built(compose_params("srgan-faces", [*SMALL, *overrides]), seed=7)
    model.make_optimizers()
    return model


def batch(model) -> dict[str, tf.Tensor]:
    draw = np.random.default_rng(3)
    shapes = {"image": model.image_shape, "input": model.input_shape}
    return {n: tf.constant(draw.uniform(-1, 1, (model.batch_size, *s)), tf.float32) for n, s in shapes.items()}


def test_a_step_is_that_of_the_book():
    model, same = build(), build()
    given = batch(model)
    told = model.train_step(given, STEP)

    # As printed: D by "mse" of a sigmoid on real images, then on fakes; G by "binary_crossentropy" and "mse" of maps.
    generator, judge, vgg = same.generator, same.discriminator, same.perception
    adam = {name: tf.keras.optimizers.legacy.Adam(2e-4, 0.5) for name in same.networks}
    adam["generator"].iterations = adam["discriminator"].iterations  # one instance for both networks
    mse, crossentropy = tf.keras.losses.MeanSquaredError(), tf.keras.losses.BinaryCrossentropy()
    losses, right, slopes = [], [], {}
    for images, label in ((given["image"][:2], 1.0), (generator(given["input"][:2], training=False), 0.0)):
        with tf.GradientTape() as tape:
            said = tf.sigmoid(judge(images, training=True))
            losses.append(mse(label * tf.ones_like(said), said))
        right.append(float(tf.reduce_mean(tf.cast((said > 0.5) == (label > 0.5), tf.float32))))
        weights = judge.trainable_weights
        slopes["discriminator"] = tape.gradient(losses[-1], weights)
        adam["discriminator"].apply_gradients(zip(slopes["discriminator"], weights, strict=True))
    with tf.GradientTape() as tape:
        made = generator(given["input"][2:], training=True)
        said = tf.sigmoid(judge(made, training=False))
        content = mse(vgg(given["image"][2:]), vgg(made))
        loss = 0.001 * crossentropy(tf.ones_like(said), said) + content
    weights = generator.trainable_weights
    slopes["generator"] = tape.gradient(loss, weights)
    adam["generator"].apply_gradients(zip(slopes["generator"], weights, strict=True))

    assert float(told["d_loss"]) == pytest.approx(float(sum(losses)) / 2, rel=1e-5)
    assert [float(told["d_accuracy_real"]), float(told["d_accuracy_fake"])] == right
    assert float(told["g_loss"]) == pytest.approx(float(loss), rel=1e-5)
    assert float(told["g_content"]) == pytest.approx(float(content), rel=1e-5)
    assert float(told["g_l1"]) == pytest.approx(float(tf.reduce_mean(tf.abs(made - given["image"][2:]))), rel=1e-5)
    for name, network in same.networks.items():
        ours, shares = model.networks[name].trainable_weights, []
        for mine, theirs, slope in zip(ours, network.trainable_weights, slopes[name], strict=True):
            # Adam divides a gradient by its own size: of one that is mostly rounding it makes a step of rounding.
            known = np.abs(slope) > 1e-3 * np.abs(slope).max()
            np.testing.assert_allclose(mine.numpy()[known], theirs.numpy()[known], atol=2e-6)
            shares.append(known.mean())
        kept = [network.non_trainable_weights for network in (model.networks[name], network)]
        for mine, theirs in zip(*kept, strict=True):
            np.testing.assert_allclose(mine, theirs, atol=2e-6)
        assert np.mean(shares) > 0.9


def test_in_pretraining_the_generator_learns_alone_by_pixels():
    model = build("train.pretraining_steps=5", "train.steps=9", "train.instance_noise=0.1", "train.label_flipping=0.1")
    given, run = batch(model), tf.function(model.train_step, autograph=False)
    before = [weight.numpy() for weight in model.discriminator.weights]
    first = run(given, STEP)
    assert float(first["g_loss"]) == float(first["g_content"]) < 3  # of numbers from -1 to 1
    assert all((w.numpy() == old).all() for w, old in zip(model.discriminator.weights, before, strict=True))
    assert model.optimizers["generator"].iterations.numpy() == 1
    second = run(given, STEP + 1)
    assert float(second["g_loss"]) != float(second["g_content"])
    assert all((w.numpy() != old).any() for w, old in zip(model.discriminator.weights, before, strict=True))
    assert set(first) == set(second) == set(model.metric_names)


def test_after_pretraining_the_optimizers_begin_anew():
    """Second moments of pixels' small gradients would make the first steps by VGG's a dozen times as long."""
    model, fresh = build("train.pretraining_steps=5", "train.steps=9"), build()
    given, run = batch(model), tf.function(model.train_step, autograph=False)
    for step in (STEP - 1, STEP):
        run(given, step)
    for name, network in model.networks.items():
        fresh.networks[name].set_weights(network.get_weights())
    run(given, STEP + 1)
    # Compiled as well: Adam's first step is of one length whatever the gradient, and shows other rounding about 0.
    tf.function(fresh.train_step, autograph=False)(given, STEP + 1)
    for name, network in model.networks.items():
        for mine, theirs in zip(network.weights, fresh.networks[name].weights, strict=True):
            np.testing.assert_allclose(mine, theirs, atol=2e-6)
    assert model.optimizers["generator"].iterations.numpy() == 3  # two updates of one network, one of the other


@pytest.mark.parametrize("scale", [2, 4, 8])
def test_every_scale_gives_the_size_of_the_images(scale):
    model = build(f"train.scale={scale}", "prepare.channels=1")
    assert model.input_shape == (16 // scale, 16 // scale, 1)
    assert model.generator.output_shape == (None, 16, 16, 1)
    told = model.train_step(batch(model), STEP)
    assert all(np.isfinite(float(value)) for value in told.values())


def test_at_the_book_s_size_the_layers_are_the_book_s():
    params = compose_params("srgan-faces", ["download.source=."])
    model = models.build(params.train, (256, 256, 3), 1, 0, inputs.shape(params))
    assert model.generator.input_shape == (None, 64, 64, 3) and model.discriminator.output_shape == (None, 16, 16, 1)


def test_without_the_network_it_looks_through_nothing_is_trained():
    model = build()
    model.perception = None
    with pytest.raises(RuntimeError, match="srgan.SRGAN trains through block3_conv4 of VGG19, which was not given"):
        model.train_step(batch(model), STEP)


def test_what_stood_in_is_kept_with_the_model(tmp_path):
    model = build()
    model.trained_with = {"perception": "VGG16, block3_conv3"}
    models.save(model, tmp_path)
    assert models.load(tmp_path).trained_with == {"perception": "VGG16, block3_conv3"}


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["train.scale=3"], r"train.scale = 3: allowed is 2, 4 or 8"),
        (
            ["prepare.size=12", "train.scale=8"],
            r"train.scale = 8 does not divide prepare.size = 12; .* such as 8 or 16",
        ),
        (["prepare.size=8"], r"prepare.size = 8 with train.model = srgan.SRGAN: it takes multiples of 16"),
        (["train.pretraining_steps=2001"], r"train.pretraining_steps = 2001 is more than train.steps = 2000"),
        (
            ["train.pretraining_steps=9", "compute.strategy=mirrored"],
            r"pretraining_steps with compute.strategy = mirrored",
        ),
        (["train.input=grey"], r"train.input = grey: allowed is 'shrunk'"),
        (["train.l1_weight=1.0"], r"train.l1_weight: unknown key for srgan.SRGAN; known for pix2pix"),
        (["train.loss=wasserstein"], r"train.loss = wasserstein: srgan.SRGAN takes brier or"),
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_runs(overrides, words):
    with pytest.raises(UserError, match=words):
        compose_params("srgan-faces", [*SMALL, *overrides])
