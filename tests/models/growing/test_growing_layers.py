"""The layers of growing networks do what their papers say, written anew in NumPy or by TensorFlow's own layers."""

import numpy as np
import pytest
import tensorflow as tf

from ganline.models.growing import layers as own


def drawn(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [(own.EqualisedDense(256), (64, 400)), (own.EqualisedConv2D(64, 3), (4, 12, 12, 40))],
    ids=["dense", "conv"],
)
def test_equalised_layers_begin_with_unit_kernels_and_keep_the_scale(
    layer: tf.keras.layers.Layer, shape: tuple[int, ...]
) -> None:
    outputs = layer(drawn(*shape)).numpy()
    assert np.std(layer.kernel.numpy()) == pytest.approx(1, abs=0.05)
    inside = outputs if outputs.ndim == 2 else outputs[:, 1:-1, 1:-1]
    assert np.std(inside) == pytest.approx(2**0.5, rel=0.05)
    again = type(layer).from_config(layer.get_config())
    again.build(tf.TensorShape(shape))
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(drawn(*shape)), outputs)


def test_a_rate_slows_learning_and_changes_nothing_else() -> None:
    inputs, slow, plain = drawn(8, 30), own.EqualisedDense(5, rate=0.01), own.EqualisedDense(5)
    plain.build(inputs.shape)
    slow.build(inputs.shape)
    assert np.std(slow.kernel.numpy()) == pytest.approx(100, rel=0.2)
    plain.set_weights([slow.kernel * 0.01, slow.bias])
    np.testing.assert_allclose(slow(inputs), plain(inputs), rtol=1e-5, atol=1e-6)
    for layer in (plain, slow):  # the same sign of the gradient moves outputs a hundred times less
        before = layer(inputs).numpy()
        layer.bias.assign_add(tf.ones(5))
        assert np.mean(layer(inputs) - before) == pytest.approx(layer.rate, rel=1e-3)


def test_doubling_is_repeating_pixels_and_convolving() -> None:
    small = drawn(2, 4, 6, 3)
    layer = own.EqualisedConv2D(5, 3, doubling=True)
    layer.build(small.shape)
    layer.bias.assign(drawn(5))
    plain = tf.nn.conv2d(own.enlarge(small), layer.kernel * layer.scale, 1, "SAME") + layer.bias
    np.testing.assert_allclose(layer(small), plain, rtol=1e-4, atol=1e-5)


def test_pixel_norm() -> None:
    inputs = 30 * drawn(2, 3, 3, 8)
    expected = inputs / np.sqrt(np.mean(inputs**2, axis=-1, keepdims=True) + 1e-8)
    np.testing.assert_allclose(own.PixelNorm()(inputs), expected, rtol=1e-5)
    half = own.PixelNorm(dtype="mixed_float16")(tf.cast(300 * inputs, tf.float16))  # squares overflow in float16
    np.testing.assert_allclose(tf.cast(half, tf.float32), expected, rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize(("count", "group"), [(8, 4), (4, 4), (6, 3), (2, 2), (1, 1)])
def test_deviation_is_told_of_each_group(count: int, group: int) -> None:
    inputs = drawn(count, 4, 4, 3)
    outputs = own.GroupDeviation()(inputs).numpy()
    np.testing.assert_array_equal(outputs[..., :3], inputs)
    apart = count // group
    for i in range(count):
        told = np.mean(np.sqrt(np.var(inputs[i % apart :: apart], axis=0) + 1e-8))
        np.testing.assert_allclose(outputs[i, ..., 3], told, rtol=1e-5)


def test_equal_images_leave_a_finite_gradient() -> None:
    inputs = tf.ones((4, 2, 2, 3))
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        told = own.GroupDeviation()(inputs)[..., 3]
    assert np.isfinite(tape.gradient(told, inputs)).all()


def test_filtered_enlarging_is_bilinear_away_from_the_edges() -> None:
    small = drawn(1, 5, 5, 2)
    expected = tf.image.resize(small, (10, 10), "bilinear")
    found = own.Enlarge(filtered=True)(small)
    np.testing.assert_allclose(found[:, 1:-1, 1:-1], expected[:, 1:-1, 1:-1], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(own.Enlarge()(small), np.repeat(np.repeat(small, 2, 1), 2, 2))


def test_shrinking_averages_and_the_filter_is_a_binomial_one() -> None:
    large = drawn(2, 6, 4, 3)
    mean = large.reshape(2, 3, 2, 2, 2, 3).mean((2, 4))
    np.testing.assert_allclose(own.Shrink()(large), mean, rtol=1e-5, atol=1e-6)
    kernel = np.outer([1, 2, 1], [1, 2, 1]).astype(np.float32)[:, :, None, None] / 16
    blurred = tf.nn.depthwise_conv2d(large, np.tile(kernel, (1, 1, 3, 1)), [1] * 4, "SAME")
    np.testing.assert_allclose(own.Blur()(large), blurred, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(own.Shrink(filtered=True)(large), tf.nn.avg_pool2d(blurred, 2, 2, "VALID"), atol=1e-6)
