"""What TensorFlow may do in another order at each step.

Sums of three tensors and more (findings/tensorflow-add-n.sh), and reads of a weight beside its update
(findings/tensorflow-lost-order.sh).
"""

from collections import Counter, defaultdict

import pytest
import tensorflow as tf
from tensorflow.python.eager import context

from ganline.core.determinism import keep_order
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


def races(nodes):
    """Return the pairs of operations on one variable, an update and what else, of which neither waits for the other."""
    by_name = {node.name: node for node in nodes}

    def before(node):  # in a loop, what comes of the round before is no path of this one
        names = [name.lstrip("^").split(":")[0] for name in node.input] if node.op != "NextIteration" else []
        return [by_name[name] for name in names if name in by_name]

    def ancestors(node):
        found, left = set(), [node]
        while left:
            new = [one for one in before(left.pop()) if one.name not in found]
            found.update(one.name for one in new)
            left += new
        return found

    def variable(name):
        name = name.split(":")[0]
        while name in by_name and by_name[name].op in ("Enter", "Identity", "Switch", "Merge"):
            name = by_name[name].input[0].split(":")[0]
        return name

    def is_handle(name):
        attributes = by_name[name].attr if name in by_name else {}
        return any(attributes[key].type == tf.resource.as_datatype_enum for key in ("T", "dtype") if key in attributes)

    reads, updates = defaultdict(set), defaultdict(set)
    for node in nodes:
        if node.op == "ReadVariableOp":
            reads[variable(node.input[0])].add(node.name)
        elif node.op.startswith(("ResourceApply", "Assign")):
            for name in filter(is_handle, map(variable, node.input)):
                updates[name].add(node.name)
    written = {name for names in updates.values() for name in names}
    known = {name: ancestors(by_name[name]) for name in written | {n for v in updates for n in reads[v]}}
    return [
        (one, update)
        for name, some in updates.items()
        for update in some
        for one in (reads[name] | some) - {update}
        if one not in known[update] and update not in known[one]
    ]


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
def test_no_training_has_sums_or_updates_whose_order_moves(tmp_path, monkeypatch, experiment):
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
    assert [pair for nodes in found for pair in races(nodes)] == []
    # The gradient of x ** 2 has x ** 1, whose kernel takes 20 times as long as a product; that of tf.square has none.
    assert [node.name for nodes in found for node in nodes if node.op == "Pow" and "gradient_tape" in node.name] == []


@pytest.mark.parametrize("kept", [False, True])
def test_no_update_overtakes_a_read(kept):
    """A critic's last layer, whose gradient is the same whatever its weights are."""
    hidden, last = tf.keras.layers.Dense(2), tf.keras.layers.Dense(1, use_bias=False)
    critic = tf.keras.Sequential([tf.keras.Input((4,)), hidden, last])
    optimizer, weights = tf.keras.optimizers.legacy.Adam(), critic.trainable_variables

    @tf.function
    def update(batch, steps):
        for _ in tf.range(steps):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(critic(batch)) - tf.reduce_mean(critic(-batch))
            optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return steps  # of a function that gives nothing the graph stays as it is

    tf.config.optimizer.set_experimental_options({"dependency_optimization": True})
    if kept:
        keep_order()
    _, graphs = graphs_of(update, tf.ones((3, 4)), tf.constant(2))
    keep_order()
    assert any(races(nodes) for nodes in graphs) is not kept
