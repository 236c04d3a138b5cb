import numpy as np
import pytest
import tensorflow as tf

from ganline.models.activations import LeakyReLU


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("compiled", [False, True])
def test_leaky_relu_makes_the_numbers_of_keras_with_both_gradients(dtype, compiled):
    """At 0, too, which Keras takes for negative; WGAN-GP differentiates through the input's gradient."""
    draw = np.random.default_rng(0)
    images = draw.normal(size=(2, 5, 5, 3)).round(1)
    assert 0 in images
    images, weights = (tf.cast(values, dtype) for values in (images, draw.normal(size=images.shape)))

    def all_of(layer):
        with tf.GradientTape() as outer:
            outer.watch(weights)
            with tf.GradientTape() as inner:
                inner.watch(images)
                made = layer(images)
                total = tf.reduce_sum(made * weights)
            first = inner.gradient(total, images)
            penalty = tf.reduce_sum(first**2)
        return made, first, outer.gradient(penalty, weights)

    kinds = (LeakyReLU, tf.keras.layers.LeakyReLU)
    calls = [lambda kind=kind: all_of(kind(0.2, dtype=dtype)) for kind in kinds]
    ours, keras = (tf.function(call, autograph=False)() if compiled else call() for call in calls)
    for one, other in zip(ours, keras, strict=True):
        assert one.dtype == dtype
        np.testing.assert_array_equal(one, other)


def test_nothing_of_half_precision_s_leaky_relu_goes_through_the_slow_kernel():
    def gradient(images):
        with tf.GradientTape() as tape:
            tape.watch(images)
            made = LeakyReLU(0.2, dtype=images.dtype)(images)
        return tape.gradient(made, images)

    for dtype, slow in (("bfloat16", False), ("float32", True)):
        graph = tf.function(gradient, autograph=False).get_concrete_function(tf.TensorSpec((2, 3), dtype)).graph
        assert any(operation.type == "LeakyReluGrad" for operation in graph.get_operations()) is slow
