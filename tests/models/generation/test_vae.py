import numpy as np
import pytest
import tensorflow as tf

from ganline import models
from ganline.catalogue.presets import compose_params
from ganline.core.random import key
from ganline.models.generation.vae import evidence_lower_bound, kl_per_latent
from ganline.models.layers import DoublingConv2DTranspose


@pytest.fixture(scope="module")
def model():
    built = models.build(compose_params("vae-mnist", ["train.batch_size=4"]).train, (28, 28, 1), seed=1)
    built.make_optimizers()
    return built


def images(count):
    return np.random.default_rng(0).integers(0, 256, (count, 28, 28, 1), np.uint8)


def test_the_loss_is_the_printed_formula(model):
    pixels = (images(5) / 255.0).astype(np.float32)
    terms = model.terms(tf.constant(pixels), key(1, "test", 0))
    mean, log_variance = (head.numpy() for head in model.networks["encoder"](pixels))
    noise = tf.random.stateless_normal((5, 2), key(1, "test", 0)).numpy()
    redrawn = model.networks["decoder"](mean + np.exp(log_variance) ** 0.5 * noise).numpy()
    squares = 784 * np.mean((pixels - redrawn) ** 2)
    kl = -0.5 * np.mean(1 + log_variance - mean**2 - np.exp(log_variance))
    assert [float(terms[n]) for n in model.metric_names] == pytest.approx([squares + kl, squares, kl], rel=1e-5)


def test_kl_is_that_of_gaussians_and_zero_at_the_prior():
    assert float(kl_per_latent(tf.zeros((3, 2)), tf.zeros((3, 2)))) == 0
    # KL(N(1, 4) || N(0, 1)) = (1 + 4 - 1 - log 4) / 2
    assert float(kl_per_latent(tf.ones((3, 2)), tf.fill((3, 2), float(np.log(4))))) == pytest.approx(2 - np.log(2))


def test_the_bound_is_the_gaussian_log_density_less_the_divergence():
    rng = np.random.default_rng(0)
    difference, latents, divergence = rng.normal(size=784), 2, 3.7
    variance = 1 / (2 * latents)
    density = -np.sum(difference**2) / (2 * variance) - 784 / 2 * np.log(2 * np.pi * variance)
    loss = np.sum(difference**2) + divergence / latents
    assert evidence_lower_bound(loss, 784, latents) == pytest.approx(density - divergence)


def test_the_draw_of_the_latents_is_a_function_of_the_step(model):
    pixels = tf.constant(images(4) / 255.0, tf.float32)
    start = {name: variable.numpy() for name, variable in model.variables().items()}

    def loss(step):
        for name, variable in model.variables().items():
            variable.assign(start[name])
        return float(model.train_step({"image": pixels}, tf.constant(step, tf.int64))["loss"])

    assert loss(3) == loss(3) != loss(4)


def test_measures_do_not_depend_on_the_batches_they_are_made_in(model):
    told = model.measure(images(7), None)
    assert set(told) == set(model.readings)
    assert told == model.measure(images(7), None)
    assert told["elbo"] == pytest.approx(-2 * told["test_loss"] - 392 * np.log(np.pi / 2))


def test_reconstructions_are_images_and_repeatable(model):
    pixels = tf.constant(images(3) / 255.0, tf.float32)
    redrawn = model.reconstruct(pixels)
    assert redrawn.shape == (3, 28, 28, 1) and redrawn.dtype == tf.float32
    np.testing.assert_array_equal(redrawn, model.reconstruct(pixels))


@pytest.mark.parametrize(("size", "filters"), [(3, 8), (5, 1)])
def test_the_doubling_convolution_is_upsampling_and_a_transposed_one(size, filters):
    ours = DoublingConv2DTranspose(filters, size, activation="tanh", bias_initializer="ones")
    theirs = tf.keras.layers.Conv2DTranspose(filters, size, activation="tanh")
    small = tf.constant(np.random.default_rng(0).normal(size=(2, 4, 7, 6)), tf.float32)
    ours(small), theirs(small)
    theirs.set_weights(ours.get_weights())
    results = []
    for layer, double in ((ours, tf.identity), (theirs, tf.keras.layers.UpSampling2D())):
        with tf.GradientTape() as tape:
            tape.watch(small)
            outputs = layer(double(small))
            loss = tf.reduce_sum(outputs**2)
        results.append([outputs, *tape.gradient(loss, [small, *layer.trainable_variables])])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)
