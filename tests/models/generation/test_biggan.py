"""BigGAN and SAGAN, as narrow as they can be: what sets them apart from other GANs that are asked for a class."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.keras import layers

from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.models import makers
from ganline.models.base import redraw
from ganline.models.generation import biggan
from ganline.models.generation.biggan import overlapping
from tests.fitting import built, fitting

STEP = tf.constant(0, tf.int64)


def narrow(*overrides, seed=1):
    small = ["train.batch_size=3", "train.generator_batch_size=4", "train.generator_average=0.5", *overrides]
    return built(compose_params("biggan-fashion-mnist", fitting("biggan-fashion-mnist", small)), seed)


@pytest.fixture(scope="module")
def model():
    found = narrow()
    found.make_optimizers()
    return found


def batch(model):
    shape = (model.batch_size, *model.image_shape)
    return {"image": tf.random.stateless_uniform(shape, [0, 1], -1), "label": tf.range(shape[0]) % 10}


def norms(network):
    return [layer for layer in network.layers if isinstance(layer, layers.BatchNormalization)]


def kept(network):
    return [[norm.moving_mean.numpy(), norm.moving_variance.numpy()] for norm in norms(network)]


def test_kernels_are_drawn_orthogonal():
    assert compose_params("biggan-128", ["download.source=."]).train.initializer == "orthogonal"
    drawn = []
    for seed in (1, 1, 2):
        convolutions = [layers.Conv2D(5, 3), layers.Conv2D(40, 1)]
        network = tf.keras.Sequential([layers.Input((6, 6, 2)), *convolutions], name="drawn")
        redraw(network, seed, "orthogonal")
        drawn.append([layer.kernel.numpy().reshape(-1, layer.filters) for layer in network.layers])
    np.testing.assert_allclose(drawn[0][0].T @ drawn[0][0], np.eye(5), atol=1e-5)
    np.testing.assert_allclose(drawn[0][1] @ drawn[0][1].T, np.eye(5), atol=1e-5)
    assert np.array_equal(drawn[0][1], drawn[1][1]) and not np.allclose(drawn[0][1], drawn[2][1])


def test_overlap_is_that_of_different_filters_alone():
    kernel = np.random.default_rng(0).normal(size=(3, 3, 2, 5)).astype(np.float32)
    products = kernel.reshape(-1, 5).T @ kernel.reshape(-1, 5)
    assert float(overlapping(kernel)) == pytest.approx((products**2).sum() - (np.diag(products) ** 2).sum(), rel=1e-5)
    assert float(overlapping(3 * np.eye(4, dtype=np.float32))) == 0


def test_a_step_trains_both_networks_and_counts_the_overlap_in(model):
    before = {name: variable.numpy() for name, variable in model.weights().items()}
    told = model.train_step(batch(model), STEP)
    assert set(told) == set(model.metric_names) and all(np.isfinite(value) for value in told.values())
    moved = {name.split("/")[0] for name, value in model.weights().items() if (value.numpy() != before[name]).any()}
    assert moved == {"generator", "discriminator", "generator_average"}
    assert model.updates("discriminator") == 2 * model.updates("generator") == 2
    embedding = model.generator.get_layer("embedding")
    penalised = {kernel.ref() for kernel in model.penalised_kernels()}
    wide = {weight.ref() for weight in model.generator.trainable_weights if len(weight.shape) > 1}
    assert wide - penalised == {embedding.kernel.ref()} and penalised <= wide


def test_the_overlap_enters_the_loss_by_its_weight_and_pulls_at_kernels(model, monkeypatch):
    before, judge, found = model.generator.get_weights(), model.discriminator.get_weights(), []
    real, kernels = batch(model), model.penalised_kernels()
    for kernel in kernels:  # they are drawn orthogonal
        kernel.assign(tf.random.stateless_normal(kernel.shape, [0, 1]))
    for weight in (0.0, 0.5):
        monkeypatch.setattr(model, "settings", model.settings.model_copy(update={"orthogonal_weight": weight}))
        model.discriminator.set_weights(judge)  # a look moves its power iterations
        with tf.GradientTape() as tape:
            loss, told = model.generator_loss(real, real, STEP)
        found.append((float(loss), told, tape.gradient(loss, kernels, unconnected_gradients="zero")))
    model.generator.set_weights(before)
    model.discriminator.set_weights(judge)
    (without, told_without, still), (loss, told, pulled) = found
    assert "g_overlap" not in told_without
    assert loss - without == pytest.approx(0.5 * float(told["g_overlap"]), rel=1e-4)
    assert not any(np.any(gradient) for gradient in still)
    assert all(np.any(gradient) for gradient, kernel in zip(pulled, kernels, strict=True) if kernel.shape[-1] > 1)


def test_fakes_for_the_discriminator_are_normalised_by_their_batch_and_leave_the_generator_alone(model):
    before = [weight.numpy() for weight in model.generator.weights]
    real = {"image": tf.zeros((6, *model.image_shape))}
    fake = model.fakes(real, STEP)
    given = model.request(model.noise(6, "noise/discriminator", STEP), fake["label"])
    for old, new in zip(before, model.generator.weights, strict=True):
        np.testing.assert_array_equal(old, new)
    whole = model.generator.get_weights()
    np.testing.assert_allclose(fake["image"], model.generator(given, training=True), atol=2e-2)
    assert np.abs(fake["image"] - model.generator(given, training=False)).max() > 0.05
    model.generator.set_weights(whole)


def test_what_draws_has_standing_statistics_of_its_own_weights_and_nothing_else(model, monkeypatch):
    monkeypatch.setattr(biggan, "STANDING", 5)
    trained, learned = kept(model.generator), model.drawing
    assert learned is model.networks["generator_average"]
    model.settle()
    found = kept(learned)
    assert all(np.array_equal(old, new) for old, new in zip(trained, kept(model.generator), strict=True))
    # The first norm sees what no other has changed: latents alone.
    draws = [model.noise(4, "noise/standing", tf.constant(i)) for i in range(5)]
    start = tf.keras.Model(learned.inputs, norms(learned)[0].input)
    seen = [np.asarray(start(model.request(draw, tf.zeros(4, tf.int32)))) for draw in draws]
    np.testing.assert_allclose(found[0][0], np.mean([part.mean((0, 1, 2)) for part in seen], 0), atol=1e-5)
    np.testing.assert_allclose(found[0][1], np.mean([part.var((0, 1, 2)) for part in seen], 0), atol=1e-5)
    # They depend on weights and seed alone, and are saved with them.
    for norm in norms(learned):
        norm.moving_mean.assign(norm.moving_mean + 1)
    model.settle()
    assert all(np.array_equal(old, new) for old, new in zip(found, kept(learned), strict=True))
    saved = {variable.ref() for variable in model.weights().values()}
    assert all({norm.moving_mean.ref(), norm.moving_variance.ref()} <= saved for norm in norms(learned))
    # So an image is its latent's and its class's, whatever is drawn with it.
    own = makers.Sampler(model)
    latents, labels, _ = own.grid(10, seed=3, purpose="test")
    np.testing.assert_array_equal(own.images(latents, labels)[:1], own.images(latents[:1], labels[:1]))


def test_latents_are_truncated_by_redrawing(model):
    maker = makers.Sampler(model)
    latents = maker.latents(20, 1, "test")
    cut = maker.truncate(latents, 0.9)
    inside = np.abs(latents) < 1.64
    assert np.array_equal(cut[inside], latents[inside]) and np.abs(cut).max() < 1.65 and 0 < inside.mean() < 1


def test_each_block_is_told_a_part_of_the_latents_and_the_class(model):
    """Skip-z: what one part of the latents changes begins at its block."""
    maps = [layer.output for layer in model.generator.layers if isinstance(layer, layers.Add)]
    blocks = tf.keras.Model(model.generator.inputs, maps)
    latents = np.zeros((1, 8), np.float32)
    still = blocks(model.request(tf.constant(latents), tf.zeros(1, tf.int32)))
    for part in range(4):
        changed = latents.copy()
        changed[:, 2 * part] = 3.0
        now = blocks(model.request(tf.constant(changed), tf.zeros(1, tf.int32)))
        same = [bool(np.array_equal(a, b)) for a, b in zip(still, now, strict=True)]
        assert same == [i < part - 1 for i in range(3)]
    other = blocks(model.request(tf.constant(latents), tf.ones(1, tf.int32)))
    assert not any(np.array_equal(a, b) for a, b in zip(still, other, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "width", "millions"),
    [("SAGAN", 64, 81.5), ("SAGAN", 96, 173.5), ("BigGAN", 64, 71.3), ("BigGAN", 96, 158.3)],
)
def test_networks_have_as_many_weights_as_the_paper_prints(name, width, millions):
    """Brock et al. 2019, Table 1, at 128 pixels and 1,000 classes, without the embedding. In a graph none is made."""
    recipe = compose_params("biggan-128", ["download.source=.", f"train.model=biggan.{name}"]).train
    found = object.__new__(getattr(biggan, name))
    latents = 128 if name == "SAGAN" else 120
    found.settings = recipe.model_copy(update={"width": width, "latent_dim": latents})
    found.image_shape, found.classes = (128, 128, 3), 1000
    with tf.Graph().as_default():
        weights = [*found.build_generator().trainable_weights, *found.build_discriminator().trainable_weights]
    sizes = [weight.shape.num_elements() for weight in weights if "embedding" not in weight.name]
    assert round(sum(sizes) / 1e6, 1) == millions


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["prepare.size=28"], "prepare.size = 28 with train.model = biggan.BigGAN: it takes 32 or 64 or 128 or 256"),
        (["train.attention=12"], "train.attention = 12 with prepare.size = 32: both networks have maps of 8 or 16 pix"),
        (["train.attention=32"], "allowed is one of these, or 0 for none"),
        (["train.latent_dim=3"], "shares it out to 4 layers; allowed is a multiple of 4, such as 4$"),
        (["prepare.size=64", "train.latent_dim=81"], "shares it out to 5 layers.* such as 80 or 85"),
        (["train.packing=2"], "train.packing = 2: biggan.BigGAN cannot take it"),
    ],
)
def test_what_does_not_fit_is_refused(overrides, said):
    with pytest.raises(UserError, match=said):
        compose_params("biggan-fashion-mnist", overrides)
    assert compose_params("biggan-fashion-mnist", ["train.model=biggan.SAGAN", "train.latent_dim=81"])
