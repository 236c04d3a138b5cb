#!/usr/bin/env bash
# tensorflow 2.15.1: a graph in which a function with a gradient of its own was traced (tf.custom_gradient, tf.recompute_grad, and so
# tf.nn.silu, Keras's swish) is kept for good, with all that it holds: its gradient is entered in a registry that nothing is taken out
# of. A process that trains one model after the other never gets their memory back; tf.keras.backend.clear_session does not help.
# expected: a tf.function that is gone takes its graph with it, as it does with tf.nn.relu; seen: each of 20 graphs with silu stays.
# Exits with 0 while this is so, with 1 once it has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check 'tensorflow==2.15.1' 'numpy<2'
cat >"$work/graphs.py" <<'PYTHON'
import gc
import sys
import weakref

import tensorflow as tf

COUNT = 20


@tf.custom_gradient
def own(x):
    return x, lambda gradient: gradient


def kept(activation):
    """Return how many of COUNT traced graphs are there when their functions are gone."""
    graphs = []
    for _ in range(COUNT):
        function = tf.function(lambda x: activation(x) * 2.0, autograph=False)
        graphs.append(weakref.ref(function.get_concrete_function(tf.TensorSpec((None, 8))).graph))
        del function
    tf.keras.backend.clear_session()
    gc.collect()
    return sum(graph() is not None for graph in graphs)


found = {name: kept(activation) for name, activation in {"silu": tf.nn.silu, "own": own, "relu": tf.nn.relu}.items()}
print(f"graphs kept of {COUNT}: {found}")
sys.exit(0 if found == {"silu": COUNT, "own": COUNT, "relu": 0} else 1)
PYTHON
TF_CPP_MIN_LOG_LEVEL=3 "$work/venv/bin/python" "$work/graphs.py"
