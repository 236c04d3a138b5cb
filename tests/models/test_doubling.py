import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

from benchmarks.document_parts import plain
from ganline.models.doubling import DoublingConv2D


def test_the_doubling_convolution_is_upsampling_and_an_ordinary_one():
    small = tf.constant(np.random.default_rng(0).normal(size=(2, 4, 7, 6)), tf.float32)
    ours = DoublingConv2D(8, activation="tanh", bias_initializer="ones")
    theirs = [layers.UpSampling2D(), layers.Conv2D(8, 3, padding="same", activation="tanh")]
    results = []
    for network in (tf.keras.Sequential([ours]), tf.keras.Sequential(theirs)):
        network(small)
        network.set_weights(ours.get_weights())
        with tf.GradientTape() as tape:
            tape.watch(small)
            outputs = network(small)
            loss = tf.reduce_sum(outputs**2)
        results.append([outputs, *tape.gradient(loss, [small, *network.trainable_variables])])
    assert results[0][0].shape == (2, 8, 14, 8)
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)
    again = DoublingConv2D.from_config(ours.get_config())
    again(small)
    again.set_weights(ours.get_weights())
    np.testing.assert_array_equal(again(small), ours(small))


def test_the_document_s_loop_has_it_as_keras_s_own_layers():
    given = layers.Input((4, 6, 3))
    ours = tf.keras.Model(given, DoublingConv2D(5, bias_initializer="ones")(given))
    theirs = tf.keras.models.clone_model(ours, clone_function=plain)
    assert [type(layer) for layer in theirs.layers[1].layers] == [layers.UpSampling2D, layers.Conv2D]
    theirs.set_weights(ours.get_weights())
    images = np.random.default_rng(0).normal(size=(2, 4, 6, 3)).astype(np.float32)
    np.testing.assert_allclose(ours(images), theirs(images), rtol=1e-4, atol=1e-5)
