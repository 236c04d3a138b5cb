"""How the arithmetic of a process is set up: determinism and precision."""

import tensorflow as tf

from ganline.params import Compute


def configure(compute: Compute) -> None:
    """Apply `compute` to this process; call it before any function is compiled."""
    if compute.deterministic:
        be_deterministic()
    tf.keras.mixed_precision.set_global_policy(compute.precision)


def be_deterministic() -> None:
    """Make equal programs give equal bits on this machine.

    enable_op_determinism is not enough on a CPU: a compiled loop over training steps still differed in the last bits
    from run to run (TensorFlow 2.15.1; docs/reproducibility.md has the figures). The cause is the graph optimizer's
    constant folding inside the loop; without it the loop is exact, and no slower.
    """
    tf.config.experimental.enable_op_determinism()
    tf.config.optimizer.set_experimental_options({"constant_folding": False})
