"""How the arithmetic of a process is set up: determinism and precision."""

import tensorflow as tf

from ganline.params import Compute


def configure(compute: Compute) -> None:
    """Apply `compute` to this process; call it before any network is built."""
    if compute.deterministic:
        tf.config.experimental.enable_op_determinism()
    tf.keras.mixed_precision.set_global_policy(compute.precision)
