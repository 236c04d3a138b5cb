import numpy as np
import pytest
import tensorflow as tf

from ganline.models.small_maps import SmallConv2D, SmallConv2DTranspose
from ganline.models.translation.networks import unet
from tests.models.test_layers import gradients


@pytest.mark.parametrize("ours", [SmallConv2D, SmallConv2DTranspose])
@pytest.mark.parametrize("size", [(2, 2), (2, 6), (4, 4)])
def test_small_convolutions_equal_those_of_keras_with_both_gradients(ours, size):
    theirs = getattr(tf.keras.layers, ours.__name__.removeprefix("Small"))
    images = tf.constant(np.random.default_rng(0).normal(size=(3, *size, 5)), tf.float32)
    results, first = [], None
    for kind in (ours, theirs):
        layer = kind(7, 4, strides=2, padding="same", activation="tanh", bias_initializer="ones")
        layer(images)
        layer.set_weights(first or layer.get_weights())
        first = layer.get_weights()
        results.append(gradients(layer, images))
    for one, other in zip(*results, strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


def test_a_u_net_has_them_where_its_maps_are_small_in_float32_whatever_the_policy():
    tf.keras.mixed_precision.set_global_policy("mixed_bfloat16")
    inputs = tf.keras.Input((16, 16, 3))
    network = tf.keras.Model(inputs, unet(inputs, (2, 3, 4), 4, (4, 3, 2), 3, lambda x: x))
    kinds = [(type(layer).__name__, layer.compute_dtype) for layer in network.layers if hasattr(layer, "kernel")]
    halving, doubling = ("Conv2D", "bfloat16"), ("Conv2DTranspose", "bfloat16")
    small, back = ("SmallConv2D", "float32"), ("SmallConv2DTranspose", "float32")
    assert kinds == [halving, halving, small, small, back, back, doubling, doubling]
    assert {
        tensor.dtype for layer in network.layers if "Leaky" in type(layer).__name__ for tensor in [layer.output]
    } == {tf.bfloat16}
