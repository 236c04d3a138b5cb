"""AdvGAN on small digits, against their classifier or one of its own."""

import numpy as np
import pytest
import tensorflow as tf

from ganline import models
from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.datasets import inputs
from ganline.models import makers
from ganline.training.loop import train

SMALL = ["prepare.size=12", "train.batch_size=8", "train.generator_batch_size=8", "train.victim_steps=40"]
PLAIN = [f"train.optimizers.{name}.{key}" for name in ("generator", "discriminator") for key in
         ("name=sgd", "learning_rate=0.1", "beta_1=0.0")]  # fmt: skip
STEP = tf.constant(3, tf.int64)


def build(*overrides, seed=7, shape=(12, 12, 1), classes=10):
    params = compose_params("advgan-mnist", [*SMALL, *overrides])
    model = models.build(params.train, shape, seed, classes, shape)
    model.make_optimizers()
    return model


def batch(ground, count=16):
    images = tf.constant(ground.images[:count])
    return {"image": images, "input": images, "label": tf.constant(ground.labels[:count], tf.int32)}


def updated(network, tape, loss):
    """Return the network's weights after a step of gradient descent."""
    weights = network.trainable_weights
    return [weight - 0.1 * slope for weight, slope in zip(weights, tape.gradient(loss, weights), strict=True)]


def alike(network, expected):
    for mine, theirs in zip(network.trainable_weights, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=2e-6)


@pytest.mark.parametrize("target", [None, pytest.param(4, marks=pytest.mark.slow)])
def test_a_step_is_that_of_the_paper(ground, target):
    given = ["train.epsilon=0.2", "train.free_distance=0.01", f"train.target={'null' if target is None else target}"]
    model, same = build(*PLAIN, *given), build(*PLAIN, *given)
    model.victim = ground.victim
    told = model.train_step(batch(ground), STEP)

    real, (changer, judge) = ground.images[:16], (same.generator, same.discriminator)
    with tf.GradientTape() as tape:
        made = tf.clip_by_value(real[:8] + 0.2 * changer(real[:8]), 0, 1)
        d_loss = tf.reduce_mean((judge(real[:8]) - 1) ** 2) / 2 + tf.reduce_mean(judge(made) ** 2) / 2
    for weight, new in zip(judge.trainable_weights, updated(judge, tape, d_loss), strict=True):
        weight.assign(new)
    classes = ground.labels[8:16] if target is None else np.full(8, target)
    others = [np.delete(np.arange(10), one) for one in classes]
    with tf.GradientTape() as tape:
        made = tf.clip_by_value(real[8:] + 0.2 * changer(real[8:]), 0, 1)
        logits = ground.victim.logits(made)
        one = tf.gather(logits, classes, batch_dims=1)
        most = tf.reduce_max(tf.gather(logits, others, batch_dims=1), 1)
        lack = one - most if target is None else most - one
        length = tf.norm(tf.reshape(made - real[8:], (8, -1)), axis=1)
        hinge = tf.reduce_mean(tf.maximum(lack + 1, 0))
        excess = tf.reduce_mean(tf.maximum(length - 0.01, 0))
        g_loss = tf.reduce_mean((judge(made) - 1) ** 2) + 10 * hinge + excess
    expected = updated(changer, tape, g_loss)

    assert set(told) == set(model.metric_names)
    for name, value in {"d_loss": d_loss, "g_loss": g_loss, "g_deceit": hinge}.items():
        assert float(told[name]) == pytest.approx(float(value), rel=1e-5), name
    assert float(told["g_change"]) == pytest.approx(float(tf.reduce_mean(length)), rel=1e-3)
    assert float(told["g_success"]) == np.mean(lack < 0)
    alike(model.discriminator, judge.trainable_weights)
    alike(model.generator, expected)


def test_no_pixel_goes_farther_than_epsilon_nor_out_of_its_range():
    shape = (13, 13, 3)  # which cannot be halved
    model = build("train.epsilon=0.25", shape=shape)
    images = np.random.default_rng(0).random((4, *shape), np.float32)
    for bias in (9.0, -9.0):
        model.generator.trainable_weights[-1].assign(tf.fill(shape[2:], bias))  # all that it can say
        expected = np.clip(images + 0.25 * np.sign(bias), 0, 1)
        np.testing.assert_allclose(model.translate(tf.constant(images)), expected, atol=0.01)
        assert np.abs(model.translate(tf.constant(images)) - images).max() <= 0.25 + 1e-6


def test_the_victim_learns_first_by_a_seed_of_its_own_and_is_kept_beside_the_model(ground, tmp_path):
    data = {"image": ground.train_images, "label": ground.train_labels}
    first, again = build(), build(seed=8)
    for model in (first, again):
        assert model.fed(data) is data
    said = [model.victim.logits_of(ground.images) for model in (first, again, build("train.victim_seed=2"), build())]
    np.testing.assert_array_equal(said[0], said[1])
    assert not np.array_equal(said[2], said[3])
    models.save(first, tmp_path)
    loaded = models.load(tmp_path)
    np.testing.assert_array_equal(loaded.victim.logits_of(ground.images), said[0])

    # Of a generator that makes everything white.
    white = build("train.epsilon=1.0")
    white.load_beside(tmp_path)
    white.generator.trainable_weights[-1].assign([99.0])
    pixels, right = np.rint(ground.images * 255).astype(np.uint8), said[0].argmax(1) == ground.labels
    wrong = ground.labels != white.victim.predict(np.ones((1, 12, 12, 1), np.float32))[0]
    found = white.measure(pixels, ground.labels)
    assert set(found) == set(white.readings)
    assert found["victim_accuracy"] == right.mean() > 0.5
    assert found["attack_success"] == pytest.approx(np.mean(wrong[right]))
    lengths = np.sqrt(((1 - ground.images) ** 2).sum((1, 2, 3)))
    assert found["attack_l2"] == pytest.approx(lengths[right & wrong].mean(), rel=1e-3)
    still = white.measure(pixels[right & ~wrong], ground.labels[right & ~wrong])
    assert still == {"victim_accuracy": 1.0, "attack_success": 0.0}  # of no success there is no length


@pytest.mark.slow
@pytest.mark.parametrize("target", ["null", "3"])
def test_it_learns_to_deceive_its_own_classifier_on_images_that_it_has_not_seen(ground, tmp_path, target):
    few = [
        "train.victim_steps=120",
        "train.steps=150",
        "train.batch_size=32",
        "train.generator_batch_size=32",
        "train.sample_count=4",
    ]
    params = compose_params("advgan-mnist", [*SMALL, *few, "train.epsilon=0.5", f"train.target={target}"])
    model = models.build(params.train, (12, 12, 1), 7, 10, (12, 12, 1))
    data = {"image": ground.train_images, "label": ground.train_labels.astype(np.int32)}
    pixels = np.rint(ground.images * 255).astype(np.uint8)
    maker = makers.of(model, pixels, pixels)
    trained = train(model, data | {"input": inputs.derived(params)}, params.train, tmp_path, maker=maker)
    found = model.measure(pixels, ground.labels)
    assert found["victim_accuracy"] > 0.8 and found["attack_success"] > 0.6
    success = trained.history.table()["g_success"]
    assert np.nanmean(success[-3:]) > np.nanmean(success[:3])


@pytest.mark.parametrize(
    ("override", "match"),
    [("epsilon=1.5", r"train.epsilon = 1.5: allowed is less than or equal to 1"),
     ("epsilon=0", r"train.epsilon = 0: allowed is "),
     ("target=-1", r"train.target = -1: allowed is greater than or equal to 0"),
     ("input=grey", r"train.input = grey: allowed is 'image'"),
     ("loss=wasserstein", r"train.loss = wasserstein: advgan.AdvGAN takes least_squares"),
     ("labelled_fraction=0.5", r"train.labelled_fraction = 0.5: advgan.AdvGAN cannot take it")],
)  # fmt: skip
def test_bad_values_are_refused_before_anything_runs(override, match):
    with pytest.raises(UserError, match=match):
        compose_params("advgan-mnist", [f"train.{override}"])


def test_a_target_that_is_no_class_and_data_without_classes_are_refused():
    with pytest.raises(UserError, match=r"train.target = 10: the data has 10 classes; allowed is 0 to 9, or null"):
        build("train.target=10")
    with pytest.raises(UserError, match="labels of at least two classes, and the data has 0"):
        build(classes=0)
