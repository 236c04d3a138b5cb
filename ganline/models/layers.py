"""Layers that Keras lacks, or has in a form that breaks bit-exact resume.

This is the one module that may import tensorflow_addons, so that it can be replaced in one place.
"""

from typing import Any

import tensorflow as tf

from ganline.random import next_layer_key


class Dropout(tf.keras.layers.Layer):
    """Dropout (Srivastava et al. 2014) whose mask is a pure function of the key in ganline.random.layer_keys.

    Keras's own layer keeps its random state outside the checkpoint, so a resumed run would differ.
    Shape and dtype of the input are kept; in inference it is the identity.
    """

    def __init__(self, rate: float, **kwargs: Any) -> None:
        """Set up with `rate`, the share of activations set to zero, in [0, 1)."""
        super().__init__(**kwargs)
        self.rate = rate

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Zero a random share of `inputs` in training and scale up the rest."""
        if not training:
            return inputs
        return tf.nn.experimental.stateless_dropout(inputs, self.rate, seed=next_layer_key())

    def get_config(self) -> dict[str, Any]:
        """Return what rebuilds the layer."""
        return {**super().get_config(), "rate": self.rate}
