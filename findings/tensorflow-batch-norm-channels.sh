#!/usr/bin/env bash
# tensorflow 2.15.1 on a processor with AVX-512 VNNI, where it uses oneDNN: batch norm of bfloat16 images (32, 64, 64, C) takes longer for
# 12 channels than for 16. For a number it takes 10 to 20 times as long: the kernel is a slow one wherever channels are no multiple of
# 16. In float32 a number takes 1.4 to 2.6 times as long. A network of mixed_bfloat16 with 12, 24 or 100 channels can spend most of its
# time there.
# expected: a number takes about as long in bfloat16 whatever the channels, or up to 3 times, as in float32; seen: 10 to 20 times.
# Exits with 0 while it is over 4 times in bfloat16 and under 4 in float32, with 1 once that has changed; with 0, too, having said so, on
# a processor without VNNI, where nothing was tried.
set -euo pipefail
grep -q avx512_vnni /proc/cpuinfo || { echo "not tried: this processor has no AVX-512 VNNI"; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check 'tensorflow==2.15.1' 'numpy<2'
TF_CPP_MIN_LOG_LEVEL=3 "$work/venv/bin/python" - <<'PYTHON'
import statistics
import sys
import time

import tensorflow as tf


def seconds(dtype, channels):
    """Return the processor time of batch norm in training mode for a number of the images; median of 15."""
    images = tf.cast(tf.random.stateless_normal((32, 64, 64, channels), [1, 2]), dtype)
    norm = tf.keras.layers.BatchNormalization(dtype=tf.keras.mixed_precision.Policy(POLICIES[dtype]))
    taken = []
    for _ in range(18):
        start = time.process_time()
        norm(images, training=True)
        taken.append(time.process_time() - start)
    return statistics.median(taken[3:]) / channels


POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}
times = {dtype: seconds(dtype, 12) / seconds(dtype, 16) for dtype in POLICIES}
for dtype, ratio in times.items():
    print(f"{dtype}: a number of 12 channels takes {ratio:.1f} times as long as one of 16")
sys.exit(0 if times["bfloat16"] > 4 > times["float32"] else 1)
PYTHON
