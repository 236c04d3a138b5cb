"""R3GAN against its paper: sizes, initialisation, loss, penalties, and what moves along a cosine."""

import math

import numpy as np
import pytest
import tensorflow as tf

from ganline import models
from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.models import grouped
from ganline.models.generation import r3gan

NARROW = ["train.widths=[16, 8]", "train.batch_size=4", "train.generator_batch_size=4", "train.annealing_steps=10"]
STEP = tf.constant(0, tf.int64)


def built(*overrides, side=8):
    train = compose_params("r3gan-fashion-mnist", [*NARROW, *overrides]).train
    model = models.build(train, (side, side, 1), 1)
    model.make_optimizers()
    return model


def images(count, side=8):
    return tf.random.stateless_uniform((count, side, side, 1), [0, 1], -1, 1)


@pytest.mark.parametrize(
    ("side", "widths", "generator", "discriminator"),
    [(32, [768] * 4, 20_732_160, 20_683_776), (256, [768] * 4 + [384, 192, 96], 23_057_952, 23_009_568)],
    ids=["CIFAR-10", "FFHQ-256"],
)
def test_as_large_as_the_paper_has_them(side, widths, generator, discriminator):
    """20.7 million each on CIFAR-10, 23.1 and 23.0 on FFHQ at 256 pixels, summed over the layers of its code."""
    given = [f"prepare.size={side}", f"train.widths={widths}", "train.blocks=2"]
    train = compose_params("r3gan-fashion-mnist", given).train
    with tf.Graph().as_default():  # counted without being allocated
        model = r3gan.R3GAN.__new__(r3gan.R3GAN)
        model.settings, model.image_shape = train, (side, side, 3)
        found = [network.count_params() for network in (model.build_generator(), model.build_discriminator())]
        groups = {layer.groups for layer in model.build_generator().layers if isinstance(layer, grouped.GroupedConv2D)}
    assert found == [generator, discriminator] and model.smallest == 4
    assert groups == {width // 8 for width in widths}  # 96, then 48, 24 and 12


@pytest.mark.parametrize("native", [True, False])
def test_a_convolution_in_groups_is_one_for_each_with_both_gradients(native, monkeypatch):
    """Equal to a dense one whose kernel is 0 between groups; a processor without oneDNN has no gradient of its own."""
    monkeypatch.setattr(grouped, "differentiable", lambda: native)
    draw = np.random.default_rng(0)
    pictures, kernel = (tf.constant(draw.normal(size=shape), tf.float32) for shape in ((2, 5, 5, 12), (3, 3, 4, 9)))
    inside = tf.reshape(tf.repeat(tf.eye(3), 3, axis=1), (3, 1, 9)) * tf.ones((1, 4, 1))  # group, its channel, filter

    def dense(pictures, kernel):
        whole = tf.reshape(inside, (1, 1, 12, 9)) * tf.tile(kernel, (1, 1, 3, 1))
        return tf.nn.conv2d(pictures, whole, 1, "SAME")

    def all_of(convolve):
        with tf.GradientTape() as outer:
            outer.watch([pictures, kernel])
            with tf.GradientTape() as inner:
                inner.watch([pictures, kernel])
                made = convolve(pictures, kernel)
                loss = tf.reduce_sum(tf.sin(made))
            first = inner.gradient(loss, [pictures, kernel])
            penalty = tf.reduce_sum(first[0] ** 2)
        return [made, *first, *outer.gradient(penalty, [pictures, kernel])]

    for one, other in zip(all_of(lambda x, k: grouped.grouped(x, k, 3)), all_of(dense), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5 * np.abs(other).max())


def test_kernels_are_drawn_so_that_blocks_begin_as_nothing():
    model = built("train.widths=[64, 64]", "train.blocks=2")
    convolutions = [layer for layer in model.discriminator.layers if hasattr(layer, "kernel")]
    first, *blocks, last = convolutions
    gain = math.sqrt(2 / 1.04) * 4**-0.25
    assert len(blocks) == 12 and last.kernel.shape == (64, 1)
    for i, layer in enumerate(blocks):
        wanted = 0 if i % 3 == 2 else gain / math.prod(layer.kernel.shape[:-1]) ** 0.5
        assert float(tf.math.reduce_std(layer.kernel)) == pytest.approx(wanted, rel=0.05)
        assert layer.use_bias == (i % 3 != 2)
    assert float(tf.math.reduce_std(first.kernel)) == pytest.approx(1, rel=0.3) and not first.use_bias
    # So at first the generator is a linear function of its latents.
    latents = tf.random.stateless_normal((2, 64), [0, 1])
    both = model.generate(tf.reduce_sum(latents, 0, keepdims=True), None)
    np.testing.assert_allclose(both[0], tf.reduce_sum(model.generate(latents, None), 0), atol=1e-4)


@pytest.mark.parametrize("loss", ["relativistic", "relativistic_r1"])
def test_the_losses_are_those_of_the_paper(loss):
    """Written out: a real image for each fake; half of gamma times the squared slopes at both, or at reals alone."""
    model = built(f"train.loss={loss}", "train.penalty_weight=3.0")
    for layer in model.discriminator.layers:  # blocks that begin as nothing would hide an error
        if hasattr(layer, "kernel") and not np.any(layer.kernel):
            layer.kernel.assign(tf.random.stateless_normal(layer.kernel.shape, [0, 3]) * 0.2)
    real, fake = images(4), images(4)[::-1] * 0.5
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([real, fake])
        on_real, on_fake = (model.discriminator(each) for each in (real, fake))
    slopes = [tape.gradient(on_real, real), tape.gradient(on_fake, fake)]
    squares = [np.square(slope).sum((1, 2, 3)).mean() for slope in slopes]
    margin = (on_real - on_fake).numpy()
    penalty = 0.5 * sum(squares[: 2 if loss == "relativistic" else 1])
    found, told = model.discriminator_loss({"image": real}, {"image": fake}, STEP)
    assert float(told["gradient_penalty"]) == pytest.approx(penalty, rel=1e-4)
    assert float(found) == pytest.approx(np.log1p(np.exp(-margin)).mean() + 3 * penalty, rel=1e-5)
    assert float(told["d_accuracy_real"]) == float(told["d_accuracy_fake"]) == (margin > 0).mean()
    found, _ = model.generator_loss({"image": real}, {"image": fake}, STEP)
    assert float(found) == pytest.approx(np.log1p(np.exp(margin)).mean(), rel=1e-5)


def test_the_generator_is_held_against_fresh_real_images():
    model, seen = built("train.discriminator_steps=2"), []
    model.discriminator_step = lambda real, *_: seen.append(real["image"]) or {}
    model.generator_step = lambda real, *_: seen.append(real["image"]) or {}
    batch = {"image": images(model.batch_size)}
    model.train_step(batch, STEP)
    assert [len(part) for part in seen] == [4, 4, 4]
    np.testing.assert_array_equal(tf.concat(seen, 0), batch["image"])


def test_values_move_along_half_a_cosine_and_stay():
    model = built(
        "train.annealing_steps=100", "train.penalty_weight=2.0", "train.final_penalty_weight=0.2",
        "train.generator_average=0.9", "train.discriminator_steps=2",
    )  # fmt: skip
    optimizers = model.optimizers
    for step, share in ((0, 0.0), (50, 0.5), (100, 1.0), (170, 1.0)):
        at = tf.constant(step, tf.int64)
        assert float(model.penalty_weight(at)) == pytest.approx(2.0 - 1.8 * share)
        # Half of the half-life: a decay of 0.81.
        assert float(model.average_decay(at)) == pytest.approx(0.9 ** (1 / share) if share else 0, abs=1e-6)
        for name, updates in (("generator", 1), ("discriminator", 2)):
            optimizers[name].iterations.assign(step * updates)
            assert float(optimizers[name]._decayed_lr(tf.float32)) == pytest.approx(2e-4 - 1.5e-4 * share, rel=1e-4)
            assert float(optimizers[name]._get_hyper("beta_2")) == pytest.approx(0.9 + 0.09 * share)


def test_an_update_is_adams_with_the_values_of_its_step():
    """Written out, beta_1 = 0: the second moment decays by the beta_2 of each update, and is corrected by the last."""
    model = built("train.annealing_steps=4", "train.final_beta_2=0.5", "train.final_learning_rate=0.1")
    optimizer, weight, gradient = model.optimizers["generator"], model.generator.trainable_weights[0], 0.3
    wanted, moment = weight.numpy().astype(np.float64), 0.0
    for i in range(3):
        share = 0.5 * (1 - math.cos(math.pi * i / 4))
        rate, beta = 2e-4 + (0.1 - 2e-4) * share, 0.9 - 0.4 * share
        moment = beta * moment + (1 - beta) * gradient**2
        wanted -= rate * gradient / (math.sqrt(moment / (1 - beta ** (i + 1))) + 1e-8)
        optimizer.apply_gradients([(tf.fill(weight.shape, gradient), weight)])
    np.testing.assert_allclose(weight, wanted, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["prepare.size=30"], "train.widths has 3 sizes.* a multiple of 4, such as 28 or 32"),
        (["train.widths=[64, 20, 8]"], "train.widths.1 = 20: allowed is a multiple of 8"),
        (["train.generator_batch_size=16"], "holds each real image against a generated one; set it to .* = 32"),
        (["train.discriminator_batches=mixed"], "images that pass apart"),
        (["train.discriminator_batches=sequential"], "holds each real image against a generated one"),
        (["train.learning_rate_schedule=linear"], "move to train.final_learning_rate"),
    ],
)
def test_what_does_not_fit_is_said(overrides, said):
    with pytest.raises(UserError, match=said):
        compose_params("r3gan-fashion-mnist", overrides)
