import numpy as np
import pytest
import tensorflow as tf

from ganline.catalogue.presets import compose_params
from ganline.core.determinism import be_deterministic, name_anew
from ganline.extractors.classifier import train_classifier
from tests.models.test_models import build


@pytest.mark.parametrize("named_anew", [False, True])
def test_sums_of_gradients_hang_on_names_alone_unless_names_begin_anew(named_anew):
    """Equal networks, one after the other: TensorFlow adds up the gradients of three readers by the readers' names."""
    be_deterministic()
    draw = np.random.default_rng(0)
    kernels = [draw.standard_normal((64, 64)).astype(np.float32) for _ in range(4)]
    data = tf.constant(draw.standard_normal((32, 64)), tf.float32)

    def gradient():
        if named_anew:
            name_anew()
        inputs = tf.keras.Input((64,))
        shared, *heads = (tf.keras.layers.Dense(64, use_bias=False) for _ in range(4))
        read = shared(inputs)
        network = tf.keras.Model(inputs, [head(read) for head in heads])
        network.set_weights(kernels)

        @tf.function
        def of(batch):
            with tf.GradientTape() as tape:
                total = tf.add_n([tf.reduce_sum(tf.sin(out)) for out in network(batch)])
            return tape.gradient(total, shared.kernel)

        return of(data).numpy().tobytes()

    name_anew()
    assert len({gradient() for _ in range(4)}) == (1 if named_anew else 2)  # the third has dense_8 to dense_11


def test_what_is_trained_has_the_same_names_whatever_was_made_before():
    """A model of the catalogue, and the classifier that judges."""
    images, labels = np.zeros((20, 8, 8, 1), np.uint8), np.arange(20, dtype=np.int32) % 2
    images[labels == 1] = 255
    settings = compose_params("gan-mnist", ["extractor.epochs=20", "download.source=."]).extractor

    def names():
        model = build("gan-mnist")
        networks = [value for value in vars(model).values() if isinstance(value, tf.keras.Model)]
        networks.append(train_classifier(images, labels, ["dark", "light"], settings, seed=1).network)
        return [layer.name for network in networks for layer in network.layers]

    first = names()
    assert "dense" in first and names() == first
