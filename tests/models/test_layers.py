import numpy as np
import pytest
import tensorflow as tf

from ganline.core.random import bernoulli, key, layer_keys, next_layer_key
from ganline.models import layers
from ganline.models.instance_norm import instance_norm


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


def test_instance_norm_equals_its_formula_with_both_gradients():
    """Written out in float64; TensorFlow differentiates it."""
    draw = np.random.default_rng(0)
    layer, gamma, beta = layers.InstanceNormalization(), draw.normal(size=5), draw.normal(size=5)
    images, weight = draw.normal(3, 2, size=(3, 6, 7, 5)), draw.normal(size=(3, 6, 7, 5))
    layer(tf.constant(images, tf.float32))
    layer.set_weights([gamma, beta])

    def formula(images, gamma, beta):
        mean, variance = tf.nn.moments(images, [1, 2], keepdims=True)
        return (images - mean) / tf.sqrt(variance + layer.epsilon) * gamma + beta

    def all_of(call, *values):
        with tf.GradientTape() as outer:
            outer.watch(values)
            with tf.GradientTape() as inner:
                inner.watch(values)
                outputs = call(*values)
                loss = tf.reduce_sum(tf.sin(outputs) * tf.cast(weight, outputs.dtype))
            first = inner.gradient(loss, values)
            penalty = tf.reduce_sum(first[0] ** 2)
        return [outputs, *first, *outer.gradient(penalty, values[:2])]

    exact = all_of(formula, *(tf.constant(value, tf.float64) for value in (images, gamma, beta)))
    ours = all_of(
        lambda images, gamma, beta: instance_norm(images, gamma, beta, layer.epsilon),
        *(tf.constant(value, tf.float32) for value in (images, gamma, beta)),
    )
    np.testing.assert_array_equal(layer(tf.constant(images, tf.float32)), ours[0])
    for one, other in zip(ours, exact, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-6 * np.abs(other).max(), rtol=0)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("mean", [0, 10, 30])
def test_instance_norm_counts_in_float32_whatever_it_is_given(dtype, mean):
    """Statistics taken in bfloat16, as tensorflow-addons 0.23 takes them, put values off by up to 1.5."""
    images = tf.cast(np.random.default_rng(0).normal(mean, 1, size=(2, 32, 32, 4)), dtype)
    given = tf.cast(images, tf.float64)
    centre, variance = tf.nn.moments(given, [1, 2], keepdims=True)
    exact = (given - centre) / tf.sqrt(variance + 1e-3)
    made = layers.InstanceNormalization(dtype=tf.keras.mixed_precision.Policy(f"mixed_{dtype}"))(images)
    assert made.dtype == dtype
    rounding = float(tf.reduce_max(tf.abs(exact))) * {"bfloat16": 2**-8, "float16": 2**-11}[dtype]
    assert float(tf.reduce_max(tf.abs(tf.cast(made, tf.float64) - exact))) < rounding + 1e-4


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


@pytest.mark.parametrize("rate", [0.0, 0.25, 0.3, 0.5])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_dropout_makes_the_numbers_of_a_choice_with_both_gradients(dtype, rate):
    layer, seed = layers.Dropout(rate, dtype=dtype), key(1, "test", 5)
    images = tf.cast(np.random.default_rng(0).normal(size=(4, 5, 6, 3)), dtype)

    def dropped(x):
        with layer_keys(seed):
            return layer(x, training=True)

    def chosen(x):
        with layer_keys(seed):
            kept = bernoulli(1 - rate, tf.shape(x), next_layer_key())
        return tf.where(kept, x * (1 / (1 - rate)), tf.zeros((), dtype))

    dropped.trainable_variables = chosen.trainable_variables = ()
    for one, other in zip(gradients(dropped, images), gradients(chosen, images), strict=True):
        assert one.dtype == dtype
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("rate", [0.0, 0.25, 0.3, 0.5])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_dropout_drops_its_rate_in_any_precision(dtype, rate):
    """Numbers of bfloat16 are multiples of 1/128: of a rate of .3 drawn by them .305 was dropped."""
    layer, count = layers.Dropout(rate, dtype=dtype), 1_000_001  # an odd number
    with layer_keys(key(1, "test", 5)):
        made = layer(tf.ones((1, count), dtype), training=True)
    assert np.mean(np.asarray(made, np.float32) == 0) == pytest.approx(rate, abs=4 * (rate * (1 - rate) / count) ** 0.5)


def test_batch_norm_of_odd_channels_is_in_float32_where_others_are_not():
    tf.keras.mixed_precision.set_global_policy("mixed_bfloat16")
    kinds = {channels: layers.batch_norm(channels, momentum=0.9).compute_dtype for channels in (8, 16, 24, 48)}
    assert kinds == {8: "float32", 16: "bfloat16", 24: "float32", 48: "bfloat16"}


def test_nothing_of_bfloat16_s_dropout_goes_through_the_slow_kernel():
    def gradient(images):
        with layer_keys(key(1, "test", 5)), tf.GradientTape() as tape:
            tape.watch(images)
            made = layers.Dropout(0.3, dtype=images.dtype)(images, training=True)
        return tape.gradient(made, images)

    for dtype, slow in (("bfloat16", False), ("float32", True), ("float16", True)):
        graph = tf.function(gradient, autograph=False).get_concrete_function(tf.TensorSpec((2, 3), dtype)).graph
        assert any(operation.type == "SelectV2" for operation in graph.get_operations()) is slow


def test_dropout_refuses_to_draw_from_hidden_state():
    with pytest.raises(RuntimeError, match="layer_keys"):
        layers.Dropout(0.5)(tf.ones((2, 2)), training=True)
