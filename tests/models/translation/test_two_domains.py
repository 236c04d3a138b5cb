"""CycleGAN and DiscoGAN: the step that they share, their networks, and the pool of earlier translations."""

import numpy as np
import pytest
import tensorflow as tf

from ganline import models
from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.datasets import inputs
from ganline.models import augmentation, makers
from ganline.models.translation.cyclegan import ResNet, UNet
from ganline.models.translation.discogan import DiscoGAN
from ganline.training.stop import Stopped
from tests.fitting import fitting
from tests.training.test_loop import TINY, run, stop_at

SMALL = ["train.batch_size=2", "train.generator_batch_size=2", "download.source=."]
NAMES = ("generator", "discriminator", "generator_back", "discriminator_back")
STEP = tf.constant(4, tf.int64)


@pytest.fixture(autouse=True)
def narrow(monkeypatch):
    """The documents' networks are too wide to be traced again and again (tests/models/test_golden.py has them)."""
    for model in (UNet, DiscoGAN):
        monkeypatch.setattr(model, "encoder", tuple(width // 16 for width in model.encoder))
        monkeypatch.setattr(model, "decoder", tuple(width // 16 for width in model.decoder))
        monkeypatch.setattr(model, "judge_widths", tuple(width // 16 for width in model.judge_widths))
        monkeypatch.setattr(model, "bottleneck", 32)
    monkeypatch.setattr(ResNet, "blocks", 1)


def build(experiment="cyclegan-apple2orange", *overrides: str):
    params = compose_params(experiment, fitting(experiment, [*SMALL, *overrides]))
    shape = (params.prepare.size, params.prepare.size, params.prepare.channels)
    model = models.build(params.train, shape, 7, input_shape=inputs.shape(params))
    model.make_optimizers()
    return model


def batch(model, seed=3) -> dict[str, tf.Tensor]:
    draw, shape = np.random.default_rng(seed), (model.batch_size, *model.image_shape)
    return {name: tf.constant(draw.uniform(-1, 1, shape), tf.float32) for name in ("image", "input")}


def book(model, given, weights):
    """Take the documents' step with plain Keras: what becomes of the model's networks, and the losses."""
    to_b, judge_b, to_a, judge_a = (model.networks[name] for name in NAMES)
    adam = tf.keras.optimizers.legacy.Adam(2e-4, 0.5)  # one instance for all four
    a, b = given["input"], given["image"]
    fake_a, fake_b = to_a(b, training=False), to_b(a, training=False)
    losses = {}
    for name, judge, real, fake in (("a", judge_a, a, fake_a), ("b", judge_b, b, fake_b)):
        for images, label in ((real, 1.0), (fake, 0.0)):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((judge(images, training=True) - label) ** 2)
            adam.apply_gradients(
                zip(tape.gradient(loss, judge.trainable_weights), judge.trainable_weights, strict=True)
            )
            losses[f"d_loss_{name}"] = losses.get(f"d_loss_{name}", 0) + 0.5 * float(loss)
    trained = to_b.trainable_weights + to_a.trainable_weights
    with tf.GradientTape() as tape:
        fake_a, fake_b = to_a(b), to_b(a)
        terms = {
            "g_adversarial": (tf.reduce_mean((judge_a(fake_a) - 1) ** 2), tf.reduce_mean((judge_b(fake_b) - 1) ** 2)),
            "g_cycle": (apart(to_a(fake_b), a), apart(to_b(fake_a), b)),
            "g_identity": (apart(to_a(a), a), apart(to_b(b), b)),
            "g_target": (apart(fake_a, a), apart(fake_b, b)),
        }
        total = tf.add_n([weights[name] * term for name, pair in terms.items() for term in pair])
    adam.apply_gradients(zip(tape.gradient(total, trained), trained, strict=True))
    told = {f"{n}_{domain}": float(pair[i]) for n, pair in terms.items() if weights[n] for i, domain in enumerate("ab")}
    return losses | told | {"g_loss": float(total)}


def apart(first, second):
    return tf.reduce_mean(tf.abs(first - second))


@pytest.mark.parametrize(
    ("experiment", "cycle", "identity", "target"),
    [("cyclegan-apple2orange", 10, 3, 0), ("cyclegan-horse2zebra", 10, 5, 0), ("discogan-faces", 1, 0, 1)],
)
def test_a_step_is_that_of_the_book(experiment, cycle, identity, target):
    model, same = build(experiment), build(experiment)
    given = batch(model)
    told = model.train_step(given, STEP)
    expected = book(same, given, {"g_adversarial": 1, "g_cycle": cycle, "g_identity": identity, "g_target": target})
    assert {name: float(told[name]) for name in expected} == pytest.approx(expected, rel=2e-5)
    assert float(told["d_loss"]) == pytest.approx(expected["d_loss_a"] + expected["d_loss_b"], rel=1e-5)
    assert float(told["d_real"]) == pytest.approx(float(told["d_real_a"] + told["d_real_b"]) / 2, rel=1e-4)
    assert set(told) == set(model.metric_names)
    for name in NAMES:
        for mine, theirs in zip(model.networks[name].weights, same.networks[name].weights, strict=True):
            # Adam's first steps are of equal length whatever the gradient, so rounding shows where that is about 0: in
            # all biases that an instance norm follows.
            if len(mine.shape) == 4:
                assert np.mean(np.abs(mine - theirs) > 1e-5) < 1e-3, name


def test_the_second_cycle_begins_when_the_first_has_its_gradients():
    """So that what the two keep for their gradients is not there at once."""
    model = build()
    graph = tf.function(model.train_step, autograph=False).get_concrete_function(batch(model), STEP).graph
    weights = sum(len(model.trained(name)) for name in ("generator", "generator_back"))
    held = [op for op in graph.get_operations() if op.type == "Identity" and len(op.control_inputs) >= weights]
    assert len(held) == 2  # pictures of either domain


def test_the_two_ways_have_networks_and_numbers_of_their_own():
    model = build("cyclegan-apple2orange", "train.initializer=normal")
    for one, other in ((NAMES[0], NAMES[2]), (NAMES[1], NAMES[3])):
        first, second = model.networks[one].weights[0], model.networks[other].weights[0]
        assert first.shape == second.shape and np.any(first != second)
    given = batch(model)["image"]
    assert np.any(model.translate(given) != model.back.translate(given))
    maker, pixels = makers.of(model), np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), np.uint8)
    assert np.any(maker.translate(pixels) != maker.translate_back(pixels))
    np.testing.assert_array_equal(maker.translate_back(pixels), makers.Translator(model.back).translate(pixels))


@pytest.mark.parametrize(("experiment", "size", "patches"), [
    ("cyclegan-apple2orange", 96, 3), ("cyclegan-horse2zebra", 24, 3), ("discogan-faces", 64, 4),
])  # fmt: skip
def test_smaller_images_have_networks_that_fit(experiment, size, patches):
    model = build(experiment, f"prepare.size={size}")
    assert model.discriminator.output_shape == (None, patches, patches, 1)
    made = model.translate(batch(model)["input"])
    assert made.shape == (2, size, size, 3) and float(tf.reduce_max(tf.abs(made))) <= 1
    assert float(tf.math.reduce_std(made - made[:1])) > 0


@pytest.mark.parametrize(
    "overrides",
    [
        ["train.loss=hinge", "train.discriminator_batches=mixed", "train.spectral_normalization=true"],
        ["train.loss=non_saturating", "train.discriminator_batches=separate", "train.label_flipping=0.1"],
        ["train.generator_average=0.9", "train.feature_matching=true", "train.instance_noise=0.1"],
        ["train.cycle_weight=0.0", "train.identity_weight=0.0", "train.gradient_clip_norm=1.0"],
        ["train.generator_batch_size=3", "train.shared_optimizer_counter=false", "train.image_pool=2"],
    ],
    ids=["hinge", "cross entropy", "average", "nothing but adversaries", "sizes"],
)
def test_the_practices_of_adversaries_are_those_of_two_domains(overrides):
    model = build("cyclegan-horse2zebra", "prepare.size=16", *overrides)
    before = {name: variable.numpy() for name, variable in model.weights().items()}
    told = model.train_step(batch(model), STEP)
    assert set(told) == set(model.metric_names) and all(np.isfinite(float(value)) for value in told.values())
    moved = {name.partition("/")[0] for name, variable in model.weights().items() if np.any(variable != before[name])}
    assert moved == set(model.networks)


def test_each_domain_has_a_chance_of_its_own_to_be_augmented(monkeypatch):
    for name, value in (("TARGET", -2.0), ("EVERY", 1), ("IMAGES", 16)):
        monkeypatch.setattr(augmentation, name, value)
    model = build("cyclegan-apple2orange", "train.augmentation=adaptive")
    kept = model.extra_variables()
    assert len(kept) == 4
    kept["augmentation/chance_back"].assign(0.5)
    told = model.train_step(batch(model), STEP)
    assert set(told) == set(model.metric_names)
    names = ("augmentation_chance_a", "augmentation_chance_b", "augmentation_chance")
    assert [float(told[name]) for name in names] == [0.625, 0.125, 0.375]  # an eighth more a step, and their mean


def test_a_pool_shows_the_new_or_an_earlier_one_and_keeps_what_it_does_not_show():
    model = build("cyclegan-horse2zebra", "prepare.size=16", "train.image_pool=4")
    number, held, shown = 0, [], []
    run = tf.function(model._from_pool, autograph=False)
    for step in range(40):
        fakes = tf.stack([tf.fill(model.image_shape, float(number + i)) for i in (1, 2)])
        seen = [int(image[0, 0, 0]) for image in run(fakes, tf.constant(step, tf.int64)).numpy()]
        for new, old in zip((number + 1, number + 2), seen, strict=True):
            assert old == new or old in held  # each comes out of the pool once
            held = [each for each in [*held, new] if each != old] if len(held) >= 4 else [*held, new]
            shown.append(old == new)
        number += 2
        assert sorted(int(value) for value in model.pool[:, 0, 0, 0].numpy() if value) == sorted(held)
    assert all(shown[:4]) and 20 < sum(shown) < 60
    assert set(model.extra_variables()) == {"pool", "pool_back"}


@pytest.mark.slow
def test_a_training_with_a_pool_goes_on_as_if_nothing_had_been(tmp_path):
    pool = [*TINY, "train.image_pool=2", "prepare.size=16", "train.learning_rate_schedule=linear_second_half"]
    pool += ["train.augmentation=adaptive"]
    whole = run(tmp_path / "whole", "cyclegan-horse2zebra", pool)
    with pytest.raises(Stopped, match="saved at step 2"):
        run(tmp_path / "parts", "cyclegan-horse2zebra", pool, on_row=stop_at(2))
    assert run(tmp_path / "parts", "cyclegan-horse2zebra", pool) == whole


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["prepare.size=48"], r"prepare.size = 48 .* multiples of 32"),
        (["prepare.pairs.channels=1"], r"prepare.pairs.channels = 1: cyclegan.UNet takes both domains alike"),
        (["train.batch_size=4"], r"train.batch_size = 4: .* train.generator_batch_size = 2 a step; allowed is"),
        (["train.discriminator_steps=2"], r"train.discriminator_steps = 2: cyclegan.UNet cannot take it"),
        (["train.image_pool=-1"], r"train.image_pool = -1"),
        (["train.image_pool=50", "compute.strategy=mirrored"], r"train.image_pool with compute.strategy = mirrored"),
        (["train.input=grey"], r"train.input = grey"),
        (["train.l1_weight=1.0"], r"train.l1_weight: unknown key for cyclegan.UNet"),
        (["train.loss=wasserstein_gp"], r"train.loss = wasserstein_gp: cyclegan.UNet takes least_squares or"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_refused_before_anything_runs(overrides, words):
    with pytest.raises(UserError, match=words):
        compose_params("cyclegan-apple2orange", [*SMALL, "prepare.size=32", *overrides])
