import numpy as np
import pytest
import tensorflow as tf

from ganline import models
from ganline.catalogue.presets import compose_params
from ganline.models import makers
from ganline.models.base import to_uint8
from ganline.models.generation.pixelcnn import binarise
from ganline.models.layers import MaskedConv2D

SHAPE = (9, 8, 1)  # nothing in the networks or the sampler is tied to 28; 784 whole passes would take half a minute


@pytest.fixture(scope="module")
def model():
    built = models.build(compose_params("pixelcnn-mnist").train, SHAPE, seed=1)
    # Biases are no longer 0, and logits are spread around 0: as it starts, all probabilities are near a half.
    for layer in (built.first, *(layer for block in built.blocks for layer in block)):
        layer.bias.assign(tf.fill(layer.bias.shape, 0.05))
    logits, last = built.networks["model"](ink(8)).numpy(), built.last[-1]
    last.kernel.assign(last.kernel / logits.std())
    last.bias.assign([-logits.mean() / logits.std()])
    return built


def ink(count, seed=0):
    return np.random.default_rng(seed).integers(0, 2, (count, *SHAPE)).astype(np.float32)


@pytest.mark.parametrize("pixel", [0, 5, 27, 40, 62, 71])
def test_a_logit_depends_on_the_pixels_before_it_alone(model, pixel):
    network, before = model.networks["model"], ink(4)
    after = before.reshape(4, -1).copy()
    after[:, pixel:] = 1 - after[:, pixel:]
    old, new = (network(x.reshape(4, *SHAPE)).numpy().reshape(4, -1) for x in (before, after))
    np.testing.assert_allclose(old[:, : pixel + 1], new[:, : pixel + 1], rtol=1e-5, atol=1e-5)
    if pixel < 71:
        assert np.abs(old[:, pixel + 1] - new[:, pixel + 1]).max() > 1e-3


@pytest.mark.parametrize(("mask", "size"), [("A", 7), ("A", 3), ("B", 3), ("B", 1)])
def test_the_masked_convolution_is_one_with_a_masked_kernel(mask, size):
    layer = MaskedConv2D(4, size, mask, activation="relu", bias_initializer="ones")
    x = tf.constant(np.random.default_rng(0).normal(size=(2, 9, 8, 3)), tf.float32)
    made = layer(x)
    raster = np.arange(size * size).reshape(size, size, 1, 1)
    kept = raster < raster[size // 2, size // 2] + (mask == "B")
    whole = tf.nn.relu(tf.nn.conv2d(x, layer.kernel * kept, 1, "SAME") + layer.bias)
    assert layer.kernel.shape == (size, size, 3, 4)
    np.testing.assert_allclose(made, whole, rtol=1e-4, atol=1e-5)


def test_pixel_by_pixel_sampling_equals_whole_passes(model):
    """The naive sampler of the document: a pass of the whole network for each pixel, then one Bernoulli draw."""
    latents = np.random.default_rng(1).uniform(size=(6, 72)).astype(np.float32)
    images, margin = np.zeros((6, 72), np.float32), 1.0
    for pixel in range(72):
        logits = model.networks["model"](images.reshape(6, *SHAPE)).numpy().reshape(6, -1)[:, pixel]
        probability = 1 / (1 + np.exp(-logits))
        margin = min(margin, np.abs(probability - latents[:, pixel]).min())
        images[:, pixel] = np.ceil(probability - latents[:, pixel])
    assert margin > 1e-5, "a draw so near to its probability that rounding decides: change the test's seed"
    assert 0.2 < images.mean() < 0.8
    made = tf.function(model.generate)(tf.constant(latents), tf.zeros(6, tf.int32))
    np.testing.assert_array_equal(made.numpy().reshape(6, 72), images)


def test_samples_are_ink_and_paper_for_any_number_of_latents():
    generator = makers.Sampler(models.build(compose_params("pixelcnn-mnist").train, (28, 28, 1), seed=1))
    latents = generator.latents(3, 0, "test")
    assert latents.shape == (3, 784) and 0 <= latents.min() < latents.max() <= 1
    made = generator.images(latents)
    assert made.shape == (3, 28, 28, 1) and set(np.unique(made)) == {0, 255}
    np.testing.assert_array_equal(made[1:2], generator.images(latents[1:2]))


def test_pixels_are_binarised_where_the_document_does():
    values = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(binarise(tf.constant(values / np.float32(255))), values >= 0.33 * 256)
    np.testing.assert_array_equal(to_uint8(binarise(tf.constant([0.0, 1.0])), (0, 1)), [0, 255])


def test_a_coin_needs_one_bit_a_pixel(model):
    kept = [weight.numpy() for weight in model.last[-1].weights]
    model.last[-1].set_weights([np.zeros_like(weight) for weight in kept])
    told = model.measure(np.random.default_rng(0).integers(0, 256, (5, *SHAPE), np.uint8), None)
    model.last[-1].set_weights(kept)
    assert told == pytest.approx({"test_bits_per_dim": 1.0, "test_loss": np.log(2)}, rel=1e-5)


def test_the_loss_is_the_mean_cross_entropy(model):
    pixels = np.random.default_rng(0).integers(0, 256, (3, *SHAPE), np.uint8)
    target = (pixels >= 0.33 * 256).astype(np.float64)
    p = 1 / (1 + np.exp(-model.networks["model"](target.astype(np.float32)).numpy().astype(np.float64)))
    expected = -np.mean(target * np.log(p) + (1 - target) * np.log(1 - p))
    assert model.measure(pixels, None)["test_loss"] == pytest.approx(expected, rel=1e-5)
