import numpy as np
import pytest
import tensorflow as tf

from ganline.core.random import key, layer_keys
from ganline.models import layers


def gradients(layer, images):
    """First and second order gradients: WGAN-GP differentiates through the input's gradient."""
    with tf.GradientTape() as outer:
        outer.watch(images)
        with tf.GradientTape() as inner:
            inner.watch(images)
            outputs = layer(images)
            loss = tf.reduce_sum(outputs**2)
        first = inner.gradient(loss, [images, *layer.trainable_variables])
        penalty = tf.reduce_sum(first[0] ** 2)
    return [outputs, *first, outer.gradient(penalty, images)]


@pytest.mark.parametrize("kernel", [4, 5])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(6, 6), (4, 7)])
@pytest.mark.parametrize("name", ["Conv2D", "Conv2DTranspose"])
def test_thin_convolutions_equal_those_of_keras(name, kernel, channels, size):
    transposed = name == "Conv2DTranspose"
    filters, shape = (channels, (2, *size, 8)) if transposed else (8, (2, 2 * size[0], 2 * size[1], channels))
    ours = getattr(layers, name)(filters, kernel, strides=2, padding="same", activation="tanh", bias_initializer="ones")
    theirs = getattr(tf.keras.layers, name).from_config(ours.get_config())
    images = tf.constant(np.random.default_rng(0).normal(size=shape), tf.float32)
    ours(images), theirs(images)
    theirs.set_weights(ours.get_weights())
    for a, b in zip(gradients(ours, images), gradients(theirs, images), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4 * float(tf.reduce_max(tf.abs(b))))


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("kernel", [3, 4, 8])
@pytest.mark.parametrize("channels", [(1, 8), (3, 8), (8, 1), (8, 3)], ids=str)
@pytest.mark.parametrize("name", ["Conv2D", "Conv2DTranspose"])
def test_plain_convolutions_of_few_channels_equal_those_of_keras(name, kernel, channels, padding):
    ours = getattr(layers, name)(channels[1], kernel, padding=padding, activation="tanh", bias_initializer="ones")
    theirs = getattr(tf.keras.layers, name).from_config(ours.get_config())
    images = tf.constant(np.random.default_rng(0).normal(size=(2, 9, 10, channels[0])), tf.float32)
    ours(images), theirs(images)
    theirs.set_weights(ours.get_weights())
    for a, b in zip(gradients(ours, images), gradients(theirs, images), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4 * float(tf.reduce_max(tf.abs(b))))


@pytest.mark.parametrize("size", [2, 4])
def test_upsampling_equals_that_of_keras(size):
    images = tf.constant(np.random.default_rng(0).normal(size=(2, 3, 4, 5)), tf.float32)
    ours, theirs = layers.UpSampling2D(size), tf.keras.layers.UpSampling2D(size)
    np.testing.assert_array_equal(ours(images), theirs(images))
    # Keras's own layer has no second derivative, which gradient penalties need.
    repeat = tf.keras.layers.Lambda(lambda x: tf.repeat(tf.repeat(x, size, 1), size, 2))
    for a, b in zip(gradients(ours, images), gradients(repeat, images), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_dropout_depends_on_its_key_alone():
    layer, ones = layers.Dropout(0.3), tf.ones((100, 100))

    def masked(step):
        with layer_keys(key(1, "test", step)):
            return layer(ones, training=True).numpy(), layer(ones, training=True).numpy()

    first, second = masked(5)
    np.testing.assert_array_equal(first, masked(5)[0])
    assert (first != second).any() and (first != masked(6)[0]).any()
    assert (first == 0).mean() == pytest.approx(0.3, abs=0.02)
    assert first.max() == pytest.approx(1 / 0.7)
    np.testing.assert_array_equal(layer(ones, training=False), ones)


def test_dropout_refuses_to_draw_from_hidden_state():
    with pytest.raises(RuntimeError, match="layer_keys"):
        layers.Dropout(0.5)(tf.ones((2, 2)), training=True)
