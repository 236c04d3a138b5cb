#!/usr/bin/env bash
# tensorflow 2.15.1 on a processor, with enable_op_determinism(): of two equal Keras networks with equal weights, trained on equal data in
# one process, the second gets other gradients. TensorFlow's graph optimizer sorts the terms of a sum of tensors, as of the gradients of
# a tensor that three layers read, by the names of the operations that make them, as text: dense_10 comes before dense_9. Keras counts layers'
# names through the process. expected: equal bits, since nothing differs but names; seen: other bits where the count passes 9, and equal ones
# after tf.keras.backend.reset_uids() before each network.
# Exits with 0 while this is so, with 1 once it has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check 'tensorflow==2.15.1' 'numpy<2'
TF_CPP_MIN_LOG_LEVEL=3 "$work/venv/bin/python" - <<'PYTHON'
import sys

import numpy as np
import tensorflow as tf

tf.config.experimental.enable_op_determinism()
draw = np.random.default_rng(0)
shapes = [(64, 64)] + [(64, 64)] * 3
values = [draw.standard_normal(shape).astype("float32") for shape in shapes]
data = tf.constant(draw.standard_normal((32, 64)), tf.float32)


def gradient():
    """Return bits of the gradient of the first kernel, which three layers read, and the layers' names."""
    inputs = tf.keras.Input((64,))
    first = tf.keras.layers.Dense(64, use_bias=False, name="shared")(inputs)
    heads = [tf.keras.layers.Dense(64, use_bias=False) for _ in range(3)]
    network = tf.keras.Model(inputs, [head(first) for head in heads])
    network.set_weights(values)

    @tf.function
    def of(batch):
        with tf.GradientTape() as tape:
            loss = tf.add_n([tf.reduce_sum(tf.sin(out)) for out in network(batch)])
        return tape.gradient(loss, network.trainable_variables[0])

    return of(data).numpy().tobytes(), [head.name for head in heads]


def five():
    return [gradient() for _ in range(5)]


counted = five()
anew = []
for _ in range(5):
    tf.keras.backend.reset_uids()
    anew.append(gradient())
for bits, names in counted:
    print(names, "as the first" if bits == counted[0][0] else "other bits")
print("names from the start again:", "all equal" if len({bits for bits, _ in anew}) == 1 else "not equal")
differ = len({bits for bits, _ in counted}) > 1
sys.exit(0 if differ and len({bits for bits, _ in anew}) == 1 else 1)
PYTHON
