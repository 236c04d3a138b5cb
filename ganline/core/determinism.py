"""How the arithmetic of a process is set up: determinism and precision."""

import tensorflow as tf
from tensorflow.core.protobuf import rewriter_config_pb2
from tensorflow.python.eager import context


def configure(precision: str, deterministic: bool) -> None:
    """Have this process compute in `precision` (a policy of Keras); call it before any function is compiled."""
    if deterministic:
        be_deterministic()
    else:
        keep_order()
    tf.keras.mixed_precision.set_global_policy(precision)


def be_deterministic() -> None:
    """Make equal programs give equal bits on this machine.

    enable_op_determinism is not enough on a CPU (TensorFlow 2.15.1). Where the graph optimizer reckons that a function
    takes over four fifths of a device's memory, which it takes to be 256 MiB for a CPU, its memory optimizer turns sums
    of three and more tensors, such as gradients, into additions to one variable in the order in which they are ready.
    TensorFlow has no public option against that. docs/reproducibility.md has the figures.
    """
    tf.config.experimental.enable_op_determinism()
    config, known = tf.compat.v1.ConfigProto(), context.context()
    if known._config is not None:
        config.CopyFrom(known._config)
    config.graph_options.rewrite_options.memory_optimization = rewriter_config_pb2.RewriterConfig.NO_MEM_OPT
    known._config = config
    # Constant folding does no harm any more, but with it recorded results would have other last digits. This call also
    # makes TensorFlow read the above.
    tf.config.optimizer.set_experimental_options({"constant_folding": False})
    keep_order()


def keep_order() -> None:
    """Have every read of a weight that stands before its update come before it, in functions compiled from now on.

    TensorFlow's dependency optimizer (2.15.1) drops the edge from a read to the update where a longer path leads there
    through IdentityN, as the gradients of Keras's optimizers do, and then takes IdentityN apart, and with it the path.
    The read may then see the updated weight. It hits weights on which their own gradient does not depend: the last
    layer of a critic, whose score is the loss. findings/tensorflow-lost-order.sh shows it.
    """
    tf.config.optimizer.set_experimental_options({"dependency_optimization": False})


def name_anew() -> None:
    """Have Keras count layers' names from the start again; call it before a network that will be trained is made.

    TensorFlow's graph optimizer (2.15.1) sorts the terms of a sum by the names of what makes them, and Keras counts
    layers through the whole process: of the second of two equal networks, whose layers are conv2d_9 to conv2d_11 where
    the first's are conv2d to conv2d_2, gradients would be added in another order, and differ in their last bits.
    """
    tf.keras.backend.reset_uids()


def begin_network(seed: int) -> None:
    """Have the weights of the networks made next be a function of `seed`, and what they learn too; see name_anew.

    Keras's initializers draw from hidden state, which is set here.
    """
    name_anew()
    tf.keras.utils.set_random_seed(seed % 2**32)
