"""Self-attention against its formula, written out in NumPy."""

import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

from ganline.models.attention import self_attention


def test_each_place_sees_what_all_others_show_through_a_gate_that_is_shut_at_first():
    images = np.random.default_rng(0).normal(size=(2, 4, 6, 16)).astype(np.float32)
    given = layers.Input((4, 6, 16))
    network = tf.keras.Model(given, self_attention(given, lambda layer: layer))
    np.testing.assert_array_equal(network(images), images)
    kernels = {tuple(weight.shape[2:]): [] for weight in network.weights if len(weight.shape) == 4}
    for weight in network.weights:
        if len(weight.shape) == 4:
            kernels[tuple(weight.shape[2:])].append(weight.numpy()[0, 0])
        else:
            weight.assign(0.7)
    (g, f), (h,), (v,) = kernels[16, 2], kernels[16, 8], kernels[8, 16]  # Keras: what is pooled comes first
    expected = []
    for image in images.astype(np.float64):
        asked, shown = (largest(image @ kernel).reshape(6, -1) for kernel in (g, h))
        scores = (image @ f).reshape(24, -1) @ asked.T
        shares = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
        expected.append(image + 0.7 * (shares @ shown @ v).reshape(4, 6, 16))
    np.testing.assert_allclose(network(images), expected, atol=1e-5)


def largest(values):
    """Return the largest of each 2 x 2 places of (4, 6, F): (2, 3, F)."""
    return values.reshape(2, 2, 3, 2, -1).max(axis=(1, 3))
