import runpy
from functools import partial

import numpy as np
import pytest
import tensorflow as tf

from ganline.models import activations
from ganline.models.activations import LeakyReLU


def at_once(penalised, images):
    return penalised()


def in_a_branch(penalised, images):
    """Do as if the penalty were due now and then: TensorFlow differentiates the branch as a graph."""
    none = images, images, tf.zeros((), images.dtype)
    return tf.cond(tf.reduce_sum(images) < 1e4, penalised, lambda: none)


def step(layer, images, weights, place=at_once):
    """Return what a layer makes, its gradient in two ways, and that of the gradient's square, as R1 asks for it."""

    def penalised():
        with tf.GradientTape() as inner:
            inner.watch(images)
            made = layer(images)
            total = tf.reduce_sum(made * weights)
        first = inner.gradient(total, images)
        return made, first, tf.reduce_sum(tf.square(first))

    with tf.GradientTape(persistent=True) as outer:
        outer.watch((images, weights))
        made, first, square = place(penalised, images)
    return made, outer.gradient(made, images, weights), first, outer.gradient(square, weights)


IN_A_BRANCH = partial(step, place=in_a_branch)
WAYS = [step, tf.function(step, autograph=False), tf.function(IN_A_BRANCH, autograph=False)]
ROUNDING = {"float32": 0, "float16": 2**-10, "bfloat16": 2**-7}


@pytest.mark.parametrize("dtype", ROUNDING)
@pytest.mark.parametrize("way", WAYS)
def test_leaky_relu_makes_the_numbers_of_keras_with_both_gradients(dtype, way):
    """At 0, too, which Keras takes for negative; a branch's second gradient may be rounded once more."""
    draw = np.random.default_rng(0)
    images = draw.normal(size=(2, 5, 5, 3)).round(1)
    assert 0 in images
    images, weights = (tf.cast(values, dtype) for values in (images, draw.normal(size=images.shape)))
    ours, keras = (way(kind(0.2, dtype=dtype), images, weights) for kind in (LeakyReLU, tf.keras.layers.LeakyReLU))
    bound = ROUNDING[dtype] if way is WAYS[2] else 0
    for one, other in zip(ours, keras, strict=True):
        assert one.dtype == dtype
        np.testing.assert_allclose(*(tf.cast(each, tf.float32) for each in (one, other)), rtol=bound, atol=0)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("way", [step, IN_A_BRANCH])
def test_a_convolution_s_sum_goes_to_its_leaky_relu_alone_and_half_precision_to_no_slow_kernel(dtype, way):
    """TensorFlow's remapper fuses a sum that nobody else reads; the gradient is made of what comes out."""
    network = tf.keras.Sequential(
        [tf.keras.layers.Conv2D(4, 3, padding="same", dtype=dtype), LeakyReLU(0.2, dtype=dtype)]
    )
    shape = tf.TensorSpec((2, 8, 8, 4), dtype)
    whole = tf.function(partial(way, network), autograph=False).get_concrete_function(shape, shape).graph.as_graph_def()
    graphs = [whole.node, *(function.node_def for function in whole.library.function)]
    users = [
        other.op
        for nodes in graphs
        for node in nodes
        if node.op == "BiasAdd"
        for other in nodes
        if node.name in [name.partition(":")[0] for name in other.input]
    ]
    assert set(users) == {"LeakyRelu"}
    assert any(node.op == "LeakyReluGrad" for nodes in graphs for node in nodes) is (dtype == "float32")


def test_a_network_with_leaky_relu_can_be_exported(tmp_path):
    """A SavedModel traces each gradient that an operation names, without the operation."""
    network = tf.keras.Sequential([tf.keras.layers.Dense(3, input_shape=(2,)), LeakyReLU(0.2)])
    network.save(tmp_path, save_format="tf")
    pixels = np.array([[-1.0, 2.0]], np.float32)
    made = tf.saved_model.load(tmp_path).signatures["serving_default"](tf.constant(pixels))
    np.testing.assert_allclose(next(iter(made.values())), network(pixels))


def test_a_copy_of_the_code_finds_its_gradients_there():
    """A model that was logged brings its own copy of the package into the process."""
    copy = runpy.run_path(activations.__file__)
    with tf.GradientTape() as tape:
        x = tf.Variable([-1.0, 2.0])
        made = copy["leaky_relu"](x, 0.2)
    np.testing.assert_allclose(tape.gradient(made, x), [0.2, 1.0])
