#!/usr/bin/env bash
# tensorflow 2.15.1 on a processor, with enable_op_determinism(): tf.add_n of three tensors adds them in another order from call to
# call, where other operations read the first two as well. Its kernel adds in place into the first term whose memory nobody else holds,
# and takes that term first: which one that is depends on which of the others are done. expected: equal bits at each call; seen: two
# results, those of (a + b) + c and of (c + b) + a. Gradients are summed by it.
# Exits with 0 while this is so, with 1 once it has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check 'tensorflow==2.15.1' 'numpy<2'
TF_CPP_MIN_LOG_LEVEL=3 "$work/venv/bin/python" - <<'PYTHON'
import collections
import sys

import numpy as np
import tensorflow as tf

tf.config.experimental.enable_op_determinism()
draw = np.random.default_rng(0)
terms = [tf.constant(draw.standard_normal((512, 512)), tf.float32) for _ in range(3)]


@tf.function
def total(terms):
    a, b, c = (term * 1.5 for term in terms)
    others = tf.reduce_sum(tf.sin(tf.cos(a))) + tf.reduce_sum(tf.sin(tf.cos(b)))
    return tf.add_n([a, b, c]), others


seen = collections.Counter(total(terms)[0].numpy().tobytes() for _ in range(300))
a, b, c = (term * 1.5 for term in terms)
named = {"(a + b) + c": a + b + c, "(c + b) + a": c + b + a}
for name, value in named.items():
    print(f"{name}: {seen.pop(value.numpy().tobytes(), 0)} of 300")
print(f"other results: {sum(seen.values())}")
again = {total(terms)[0].numpy().tobytes() for _ in range(300)}
sys.exit(0 if len(again) > 1 else 1)
PYTHON
