"""How the arithmetic of a process is set up: determinism and precision."""

import os

import tensorflow as tf

from ganline.params import Compute


def configure(compute: Compute) -> None:
    """Apply `compute` to this process; call it before any tensor is made.

    Raises:
        RuntimeError: see be_deterministic.
    """
    if compute.deterministic:
        be_deterministic()
    tf.keras.mixed_precision.set_global_policy(compute.precision)


def be_deterministic() -> None:
    """Make equal programs give equal bits on this machine.

    enable_op_determinism is not enough on a CPU: with two or more operations of a training step at work at once, its
    gradients were seen to differ in the last bits from run to run (TensorFlow 2.15.1, 2 cores, with the old and the new
    Keras optimizers alike). One operation at a time, each still on all cores, was exact.

    Raises:
        RuntimeError: TensorFlow already runs with more threads, and the variable TF_NUM_INTEROP_THREADS was not 1.
    """
    tf.config.experimental.enable_op_determinism()
    if "1" not in (
        str(tf.config.threading.get_inter_op_parallelism_threads()),
        os.environ.get("TF_NUM_INTEROP_THREADS"),
    ):
        tf.config.threading.set_inter_op_parallelism_threads(1)
