"""What the four conditional models add: where labels and codes go, what each loss holds, and their own figures."""

import math

import numpy as np
import pytest
import tensorflow as tf

from ganline import models
from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.models import makers
from ganline.models.generation.infogan import agreement, information_bound
from ganline.models.generation.sgan import class_accuracy, class_loss
from tests.graphs import forget

EXPERIMENTS = ["cgan-mnist", "sgan-fashion-mnist", "infogan-mnist", "acgan-fashion-mnist"]
STEP = tf.constant(0, tf.int64)


def build(experiment, *changes, shape=(28, 28, 1)):
    small = ["train.batch_size=4", "train.generator_batch_size=6", *(f"train.{change}" for change in changes)]
    model = models.build(compose_params(experiment, small).train, shape, 1, 10)
    model.make_optimizers()
    return model


def batch(model, labels=None):
    draw = np.random.default_rng(0)
    images = tf.constant(draw.uniform(-1, 1, (model.batch_size, *model.image_shape)), tf.float32)
    return {"image": images, "label": tf.range(model.batch_size) % 10 if labels is None else tf.constant(labels)}


def moved(weights, call):
    before = [weight.numpy() for weight in weights]
    call()
    return [bool((old != new.numpy()).any()) for old, new in zip(before, weights, strict=True)]


@pytest.fixture(scope="module", params=EXPERIMENTS)
def model(request):
    yield build(request.param)
    forget()


@pytest.fixture(scope="module")
def untrained():
    return {experiment: build(experiment) for experiment in EXPERIMENTS}


def test_the_generator_is_told_what_to_make(untrained):
    latents = tf.random.stateless_normal((2, 100), [0, 0])
    for experiment, model in untrained.items():
        z = latents[:, : model.settings.latent_dim]
        first, second = (model.generate(z, tf.constant(labels)).numpy() for labels in ([1, 2], [3, 2]))
        assert (first[0] != second[0]).any() == (experiment != "sgan-fashion-mnist")
        np.testing.assert_array_equal(first[1], second[1])


def test_only_the_discriminator_of_cgan_is_told_the_class(untrained):
    for experiment, model in untrained.items():
        first, second = (model.judge(batch(model, labels), STEP) for labels in ([0, 1, 2, 3], [4, 5, 6, 7]))
        same = [(a.numpy() == b.numpy()).all() for a, b in zip(first, second, strict=True)]
        assert same == {"cgan-mnist": [False]}.get(experiment, [True, True])


def test_each_half_step_trains_its_own_part(model):
    shared = model.discriminator.weights
    head = [w for n, w in model.weights().items() if n.startswith("auxiliary")]
    assert len(head) == (2 if "auxiliary" in model.networks else 0)
    still = [*model.generator.weights, *head]
    first_half = moved([*shared, *still], lambda: model.discriminator_step(batch(model), STEP, STEP))
    assert first_half == [True] * len(shared) + [False] * len(still)
    second_half = moved([*shared, *still], lambda: model.generator_step(batch(model), STEP, STEP))
    assert second_half == [False] * len(shared) + [True] * len(still)


@pytest.mark.parametrize("experiment", ["sgan-fashion-mnist", "acgan-fashion-mnist"])
def test_the_discriminators_loss_is_half_source_and_half_class_over_one_mixed_batch(experiment, untrained):
    model = untrained[experiment]
    real, fake = batch(model), model.make({}, 4, "test", STEP, training=False)
    classes = fake.get("label", tf.fill((4,), 10))
    scores, logits = model.judge({"image": tf.concat([fake["image"], real["image"]], 0)}, STEP)
    source = tf.keras.losses.binary_crossentropy([[0.0]] * 4 + [[1.0]] * 4, scores, from_logits=True)
    names = tf.concat([classes, real["label"]], 0)
    named = tf.keras.losses.sparse_categorical_crossentropy(names, logits, from_logits=True)
    loss, told = model.discriminator_loss(real, fake, STEP)
    assert float(loss) == pytest.approx(0.5 * np.mean(source) + 0.5 * np.mean(named), rel=1e-5)
    assert float(told["d_class_loss"]) == pytest.approx(np.mean(named), rel=1e-5)


@pytest.mark.parametrize(("experiment", "terms"), [("acgan-fashion-mnist", {"g_class_loss"}), ("infogan-mnist", None)])
def test_the_generators_loss_is_the_sum_of_its_terms(experiment, terms, untrained):
    model = untrained[experiment]
    fake = model.make({}, 6, "test", STEP, training=True)
    loss, told = model.generator_loss(batch(model), fake, STEP)
    outputs = model.judge(fake, STEP)
    deceiving = float(model.deceive(outputs, fake, fake, STEP))
    named = tf.keras.losses.sparse_categorical_crossentropy(fake["label"], outputs[1], from_logits=True)
    assert float(loss) == pytest.approx(deceiving + np.mean(named), rel=1e-4)
    if terms is None:
        assert float(told["g_adversarial_loss"]) == pytest.approx(deceiving, rel=1e-4)
        assert float(told["mutual_information"]) == pytest.approx(math.log(10) - np.mean(named), abs=1e-4)


def test_unlabelled_images_take_no_part_in_the_class_loss():
    logits = tf.random.stateless_normal((3, 11), [0, 0])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = class_loss(logits, tf.constant([-1, 4, -1]))
    rows = np.abs(tape.gradient(loss, logits).numpy()).sum(1)
    assert rows[0] == rows[2] == 0 and rows[1] > 0
    assert float(loss) == pytest.approx(float(class_loss(logits[1:2], tf.constant([4]))))
    assert float(class_loss(logits, tf.constant([-1, -1, -1]))) == 0
    best = tf.argmax(logits, 1, output_type=tf.int32)
    assert float(class_accuracy(logits, tf.where([True, False, True], best, -1))) == 1


def test_without_labels_the_class_head_learns_nothing_of_real_images():
    model = build("sgan-fashion-mnist", "discriminator_batches=separate")
    kernel = model.discriminator.layers[-1].kernel
    with tf.GradientTape() as tape:
        real = batch(model, [-1, -1, -1, -1])
        loss = model.side(model.judge(real, STEP), real, True)
    np.testing.assert_array_equal(tape.gradient(loss, kernel, unconnected_gradients="zero"), tf.zeros_like(kernel))
    model.accuracy.assign(0.75)
    assert float(model.discriminator_step(real, STEP, STEP)["d_class_accuracy"]) == 0.75  # as known before


@pytest.mark.parametrize("experiment", ["sgan-fashion-mnist", "acgan-fashion-mnist"])
def test_accuracy_is_over_the_true_classes_alone(experiment):
    model = build(experiment)
    head = model.discriminator.layers[-1]
    bias = np.zeros(head.units, np.float32)
    bias[3], bias[-1] = 5, 9 if head.units == 11 else 0  # class 3, were it not for "generated"
    head.set_weights([np.zeros(head.kernel.shape, np.float32), bias])
    images = np.zeros((502, 28, 28, 1), np.uint8)
    assert model.measure(images, np.arange(502, dtype=np.int32) % 10)["test_accuracy"] == pytest.approx(
        51 / 502, abs=0.01
    )
    assert model.measure(images, np.full(502, 3, np.int32)) == {"test_accuracy": 1.0}


def test_codes_are_matched_with_classes_one_to_one():
    classes = np.arange(1000) % 10
    assert agreement((3 * classes + 4) % 10, classes) == 1
    assert agreement(np.full(1000, 7), classes) == 0.1
    assert agreement(classes // 2, classes) == 0.5  # two classes a code: one of them counts
    assert agreement(classes, classes // 2) == 0.5


def test_information_is_bounded_by_the_entropy_of_the_code():
    codes = tf.range(20) % 10
    assert float(information_bound(100 * tf.one_hot(codes, 10), codes)) == pytest.approx(math.log(10))
    assert float(information_bound(tf.zeros((20, 10)), codes)) == pytest.approx(0, abs=1e-6)
    assert float(information_bound(100 * tf.one_hot(codes + 1, 10), codes)) < 0


def test_measures_are_those_that_readings_explain(untrained):
    draw = np.random.default_rng(0)
    images, labels = draw.integers(0, 256, (12, 28, 28, 1), np.uint8), np.arange(12, dtype=np.int32) % 10
    for model in untrained.values():
        found = model.measure(images, labels)
        assert set(found) == set(model.readings) and found == model.measure(images, labels)
        assert all(value <= math.log(10) for value in found.values())
    assert set(untrained["infogan-mnist"].measure(images, None)) == {"code_information"}


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_colour_images_fit(experiment):
    model = build(experiment, shape=(28, 28, 3))
    assert all(np.isfinite(value) for value in model.train_step(batch(model), STEP).values())
    assert makers.Sampler(model).images(np.zeros((2, model.settings.latent_dim), np.float32)).shape == (2, 28, 28, 3)


@pytest.mark.parametrize(
    "change", ["train.packing=2", "train.loss=began", "prepare.size=32", "train.loss=likelihood", "train.noise=none"]
)
def test_what_does_not_fit_is_refused(change):
    for experiment in EXPERIMENTS:
        with pytest.raises(UserError, match=change.split("=")[0]):
            compose_params(experiment, [change])


def test_a_labelled_fraction_is_for_models_that_classify():
    for experiment in ("cgan-mnist", "infogan-mnist"):
        with pytest.raises(UserError, match="labelled_fraction"):
            compose_params(experiment, ["train.labelled_fraction=0.1"])
    assert compose_params("sgan-fashion-mnist", ["train.labelled_fraction=0.01"]).train.labelled_fraction == 0.01


ALONE = [
    ("loss=minimax",), ("loss=wasserstein", "weight_clip=0.01"), ("loss=wasserstein_gp",), ("loss=least_squares",),
    ("loss=dragan",), ("loss=hinge",), ("discriminator_batches=separate",), ("discriminator_batches=sequential",),
    ("label_smoothing=0.1", "label_flipping=0.05", "label_smoothing_sides=both"), ("instance_noise=0.1",),
    ("initializer=normal",), ("discriminator_normalization=none",), ("discriminator_normalization=layer",),
    ("spectral_normalization=true",), ("minibatch_stddev=true", "discriminator_batches=separate"),
    ("feature_matching=true",), ("unrolled_steps=2",), ("generator_average=0.99",),
    ("learning_rate_schedule=linear",), ("gradient_clip_norm=1.0",), ("gradient_clip_value=0.1",),
    ("discriminator_steps=2", "generator_steps=2"),
]  # fmt: skip
STEADY = ("loss=hinge", "discriminator_batches=separate", "minibatch_stddev=true", "spectral_normalization=true",
          "unrolled_steps=1", "generator_average=0.9", "instance_noise=0.1")  # fmt: skip
SOFT = ("loss=least_squares", "discriminator_batches=sequential", "label_smoothing=0.1", "label_smoothing_sides=both",
        "label_flipping=0.05", "feature_matching=true", "initializer=normal", "discriminator_normalization=layer",
        "discriminator_steps=2", "learning_rate_schedule=linear", "gradient_clip_norm=1.0")  # fmt: skip
CLIPPED = ("loss=wasserstein", "weight_clip=0.01", "gradient_clip_value=0.1", "generator_steps=2")
PENALISED = ("loss=wasserstein_gp",)


def check_a_step(experiment, changes):
    model = build(experiment, *changes)
    told = {}
    step = tf.function(model.train_step, autograph=False)
    weights = {w.ref(): w for name in model.network_names for w in model.networks[name].trainable_weights}
    changed = moved(list(weights.values()), lambda: told.update(step(batch(model), STEP)))
    assert set(told) == set(model.metric_names)
    assert all(np.isfinite(value) for value in told.values())
    # What moves all scores alike (the bias of the last layer, of the last batch norm) cancels in losses linear in them.
    assert changed.count(False) <= (2 if model.settings.loss in ("wasserstein", "wasserstein_gp", "hinge") else 0)


@pytest.mark.parametrize(
    ("experiment", "changes"),
    [(EXPERIMENTS[0], STEADY), (EXPERIMENTS[2], STEADY), (EXPERIMENTS[1], SOFT), (EXPERIMENTS[3], SOFT),
     (EXPERIMENTS[3], CLIPPED), (EXPERIMENTS[2], PENALISED)],
)  # fmt: skip
@pytest.mark.usefixtures("forgetful")
def test_practices_work_together(experiment, changes):
    check_a_step(experiment, changes)


@pytest.mark.slow
@pytest.mark.parametrize("changes", ALONE, ids=lambda changes: changes[0])
@pytest.mark.parametrize("experiment", EXPERIMENTS)
@pytest.mark.usefixtures("forgetful")
def test_each_loss_and_practice_works_alone(experiment, changes):
    check_a_step(experiment, changes)
