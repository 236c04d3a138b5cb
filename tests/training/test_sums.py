"""Sums of three tensors and more whose order TensorFlow may choose anew at each step (findings/tensorflow-add-n.sh)."""

from collections import Counter

import pytest
import tensorflow as tf
from tensorflow.python.eager import context

from ganline.training import loop
from tests.fitting import EXPERIMENTS
from tests.training.test_loop import TINY, start

SAME_MEMORY = {"Identity", "Reshape", "Squeeze", "ExpandDims", "StopGradient", "Bitcast", "PreventGradient"}
OF_ZEROS = {"wgan-gp-fashion-mnist": 3}
"""Sums that may move and do no harm: of a batch norm's second gradient, of which two of the first three terms are 0."""
KEPT = {"Const", "ReadVariableOp", "Placeholder", "_Arg", "Arg"}


def graphs_of(function, *args):
    """Call a tf.function; return what it gives and the nodes of each graph that TensorFlow made of it."""
    context.enable_run_metadata()
    try:
        result = function(*args)
        graphs = [graph.post_optimization_graph for graph in context.export_run_metadata().function_graphs]
    finally:
        context.disable_run_metadata()
    return result, [part for graph in graphs for part in (graph.node, *(f.node_def for f in graph.library.function))]


def moving_sums(nodes):
    """Return the sums whose first two terms both may or may not be free when they are taken, by their readers."""

    def output(name):
        node, _, port = name.partition(":")
        return node, port.rpartition(":")[2] or "0"

    by_name = {node.name: node for node in nodes}
    readers = Counter(output(name) for node in nodes for name in node.input if not name.startswith("^"))

    def held(term):
        node = by_name.get(term[0])
        if readers[term] > 1 or node is None or node.op in KEPT:
            return True
        return node.op in SAME_MEMORY and held(output(node.input[0]))

    sums = {node.name: [output(i) for i in node.input if not i.startswith("^")] for node in nodes if node.op == "AddN"}
    return [name for name, terms in sums.items() if len(terms) > 2 and held(terms[0]) and held(terms[1])]


@pytest.mark.parametrize("read_elsewhere", [False, True])
def test_a_moving_sum_is_found(read_elsewhere):
    @tf.function
    def total(terms):
        a, b, c = (tf.sin(term * 1.5) for term in terms)
        others = tf.reduce_sum(tf.cos(a)) + tf.reduce_sum(tf.cos(b)) if read_elsewhere else 0.0
        return tf.add_n([a, b, c], name="watched"), others

    _, graphs = graphs_of(total, [tf.ones((4, 4))] * 3)
    found = {name for nodes in graphs for name in moving_sums(nodes)}
    assert ("watched" in found) is read_elsewhere, [f"{n.op} {n.name} {n.input}" for nodes in graphs for n in nodes]


@pytest.mark.slow
@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_no_training_has_sums_whose_order_moves(tmp_path, monkeypatch, experiment):
    found, compile_steps = [], loop.compile_steps

    def watched(*args):
        run = compile_steps(*args)

        def noted(*given):
            metrics, graphs = graphs_of(run, *given)
            found.extend(graphs)
            return metrics

        return noted

    monkeypatch.setattr(loop, "compile_steps", watched)
    start(tmp_path, experiment, TINY)
    assert any(len(nodes) > 100 for nodes in found)
    moving = [name for nodes in found for name in moving_sums(nodes)]
    assert len(moving) == OF_ZEROS.get(experiment, 0), moving
