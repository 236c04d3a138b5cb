"""Forgetting networks that tests are done with."""

import tensorflow as tf
from tensorflow.python.framework.ops import gradient_registry

from ganline.core.memory import give_back


def forget() -> None:
    """Forget all graphs: Keras keeps those of all networks, TensorFlow those with custom gradients.

    The latter for good: findings/tensorflow-graphs-for-good.sh.

    A compiled function with a custom gradient that outlives this can be called, but not differentiated in a graph any
    more ("No gradient defined for operation").
    """
    tf.keras.backend.clear_session()
    for name in [name for name in gradient_registry._registry if "-" in name]:  # a graph's; others are operations'
        del gradient_registry._registry[name]
    give_back()
