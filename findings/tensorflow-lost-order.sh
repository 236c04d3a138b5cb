#!/usr/bin/env bash
# tensorflow 2.15.1 on a processor, all options as they come: in a compiled training step a weight may be read after its update, though
# the program reads it before. Its graph says so at first (an edge from the read to the update). The dependency optimizer drops that edge
# where a longer path leads from the read through IdentityN, as the gradients of Keras's optimizers do, and takes IdentityN apart later,
# and the path with it. It hits a weight whose own gradient does not depend on it: the last layer of a critic without a bias, in the
# Wasserstein loss. expected: each read before its update; seen: reads that no path ties to it; with dependency_optimization off, none.
# Exits with 0 while this is so, with 1 once it has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check 'tensorflow==2.15.1' 'numpy<2'
cat >"$work/lost_order.py" <<'PYTHON'
import sys

import tensorflow as tf
from tensorflow.python.eager import context


def untied():
    """Train a critic for two steps; return the reads of its last kernel that its update does not wait for."""
    layers = tf.keras.layers
    critic = tf.keras.Sequential([tf.keras.Input((4,)), layers.Dense(2), layers.Dense(1, use_bias=False, name="last")])
    optimizer, weights = tf.keras.optimizers.legacy.Adam(), critic.trainable_variables

    @tf.function
    def train(batch, steps):
        for _ in tf.range(steps):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(critic(batch)) - tf.reduce_mean(critic(-batch))
            optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
        return steps

    context.enable_run_metadata()
    train(tf.ones((3, 4)), tf.constant(2))
    graphs = [graph.post_optimization_graph for graph in context.export_run_metadata().function_graphs]
    context.disable_run_metadata()
    nodes = {node.name: node for node in max(graphs, key=lambda graph: len(graph.node)).node}

    def inputs(name):
        return [one.lstrip("^").split(":")[0] for one in nodes[name].input] if nodes[name].op != "NextIteration" else []

    reads = {name: inputs(name)[0] for name, node in nodes.items() if node.op == "ReadVariableOp" and "last/MatMul" in name}
    (update,) = [name for name, node in nodes.items() if "ResourceApply" in node.op and node.input[0] in reads.values()]
    before, left = set(), [update]
    while left:
        new = set(inputs(left.pop())) - before
        before |= new
        left += new
    return [name for name in reads if name not in before], len(reads)


found, count = untied()
tf.config.optimizer.set_experimental_options({"dependency_optimization": False})
without, same = untied()
print(f"reads that the update does not wait for: {len(found)} of {count}; without the optimizer {len(without)} of {same}")
sys.exit(0 if found and not without and count else 1)
PYTHON
TF_CPP_MIN_LOG_LEVEL=3 "$work/venv/bin/python" "$work/lost_order.py"
