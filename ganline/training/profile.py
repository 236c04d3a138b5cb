"""Where the time of training steps goes: TensorFlow's profiler, read without TensorBoard.

Each operation that ran has a name, a kind, the shapes it was given and a duration; the graph knows the shape of what it
made. Together that is arithmetic and memory traffic, to be held against what the machine reaches in the same minutes.
"""

import re
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from math import prod, sqrt
from pathlib import Path
from typing import Any, NamedTuple

import tensorflow as tf
from tensorflow.tsl.profiler.protobuf.xplane_pb2 import XPlane, XSpace

from ganline.models.base import Model
from ganline.training.batches import Feed
from ganline.training.loop import compile_steps

Shape = tuple[int, ...]
Arrays = list[tuple[tf.DType, Shape]]
"""Element type and shape of each of several tensors."""

PREFIX = re.compile(r"^_(Mkl)?(Native)?(Fused)?")
"""What the names of kinds begin with where TensorFlow put another kernel, or one for several operations, in place."""
INLINED = re.compile(r"^.*/(?:body|then|else)/_\d+/")
"""What is put before the name that an operation has in the function that it is written in."""
ARRAY = re.compile(r"([a-z0-9_]+)\[([\d,]*)\]")
NAMES = {"float": "float32", "double": "float64"}
CALLS = ("While", "StatelessWhile", "PartitionedCall", "StatefulPartitionedCall", "If", "StatelessIf")
"""Kinds that only stand for operations of functions, which are counted by themselves."""
PASSES = {"ResourceApplyAdam": 7, "ResourceApplyRMSProp": 7, "ResourceApplyKerasMomentum": 5}
"""How often an optimizer passes over as many bytes as its gradient has, which is all that is known of its operands."""


MEASURED, MOST_STEPS = 2.0, 50
"""Seconds of steps that are measured at a time, and how many steps at most."""


class Operation(NamedTuple):
    """What the calls of one operation, or of several, came to in a step."""

    name: str
    kind: str
    seconds: float
    calls: float
    flops: float
    """Multiplications and additions, of convolutions and matrix products alone."""
    bytes: float
    """Of all it was given and made, each once."""


class Rates(NamedTuple):
    """What the machine reaches."""

    convolution: float
    """FLOP/s of a convolution of 5x5, 128 to 128 channels, 28x28 pixels, batch 8."""
    product: float
    """FLOP/s of a product of two matrices of 2,048x2,048."""
    memory: float
    """Bytes/s read and written by the sum of two arrays of 64 MiB."""

    def needed(self, operation: Operation) -> float:
        """Return the seconds that the operation's arithmetic or its memory would take at these rates."""
        peak = self.product if "MatMul" in operation.kind else self.convolution
        return max(operation.flops / peak, operation.bytes / self.memory)

    def to_win(self, operation: Operation) -> float:
        """Return how many of the operation's seconds are beyond that."""
        return max(0.0, operation.seconds - self.needed(operation))


class Profile(NamedTuple):
    """Steps of one training, measured."""

    seconds: float
    """A step takes without the profiler."""
    operations: list[Operation]
    """One a place in the graph, those that took longest first."""
    rates: Rates

    def kinds(self) -> list[Operation]:
        """Return operations of one kind as one, called by it, those that took longest first."""
        return _summed((operation._replace(name=operation.kind) for operation in self.operations), 1)

    def to_mend(self, count: int) -> list[Operation]:
        """Return so many operations, those first that take most beyond what the machine could do them in."""
        return sorted(self.operations, key=lambda operation: -self.rates.to_win(operation))[:count]


def profile(model: Model, feed: Feed) -> Profile:
    """Return where the time of training steps goes: of the model's last phase, where it has several.

    Shares add up where operations run one after the other: set TF_NUM_INTEROP_THREADS=1 before TensorFlow starts.
    The model is trained meanwhile.
    """
    model.make_optimizers()
    model.enter(len(model.phases) - 1)
    feed = feed.sized(model.batch_size)
    run: Any = compile_steps(model, feed, xla=False)
    first = tf.constant(model.phases[-1], tf.int64)

    def call(steps: int) -> float:
        chunk, start = feed.chunk(0, steps), time.perf_counter()
        for values in run(chunk, first).values():
            values.numpy()
        return (time.perf_counter() - start) / steps

    call(1)  # compiles
    call(2)  # over chunks of any length
    steps = max(1, min(MOST_STEPS, round(MEASURED / call(1))))
    kind = tf.keras.mixed_precision.global_policy().compute_dtype
    before, seconds = rates(kind), statistics.median(call(steps) for _ in range(3))
    graph = run.get_concrete_function(feed.chunk(0, steps), first).graph
    operations = record(lambda: call(steps), steps, graph)
    return Profile(seconds, operations, Rates(*map(max, before, rates(kind))))


def rates(kind: str) -> Rates:
    """Return what the machine reaches now in a float type, such as bfloat16: the best of three."""
    images, kernel = tf.ones((8, 28, 28, 128), kind), tf.ones((5, 5, 128, 128), kind)
    matrix, array = tf.ones((2048, 2048), kind), tf.ones(2**26 // tf.as_dtype(kind).size, kind)
    calls: list[tuple[float, Callable[[], tf.Tensor]]] = [
        (2 * 25 * 128 * tf.size(images).numpy(), lambda: tf.nn.conv2d(images, kernel, 1, "SAME")),
        (2 * 2048**3, lambda: tf.matmul(matrix, matrix)),
        (3 * 2**26, lambda: array + array),
    ]
    return Rates(*(work / min(_seconds(call) for _ in range(3)) for work, call in calls))


def record(call: Callable[[], object], steps: int, graph: tf.Graph) -> list[Operation]:
    """Return the operations that a compiled call of so many steps ran, by their names, those that took longest first.

    Args:
        call: runs them, and returns when they are done.
        steps: how many of the call are one each.
        graph: of the compiled function.
    """
    options = tf.profiler.experimental.ProfilerOptions(
        host_tracer_level=3, python_tracer_level=0, device_tracer_level=0
    )
    with tempfile.TemporaryDirectory() as folder:
        with tf.profiler.experimental.Profile(folder, options):
            call()
        space = XSpace()
        for file in Path(folder).rglob("*.xplane.pb"):
            space.MergeFromString(file.read_bytes())
    return _summed(_known(chain.from_iterable(map(_ran, space.planes)), _made(graph)), steps)


def _summed(operations: Iterable[Operation], steps: int) -> list[Operation]:
    """Return those of one name as one, each number a step's."""
    groups: dict[tuple[str, str], list[Operation]] = defaultdict(list)
    for operation in operations:
        groups[operation.name, operation.kind].append(operation)
    sums = [
        Operation(*which, *(sum(column) / steps for column in zip(*(one[2:] for one in group), strict=True)))
        for which, group in groups.items()
    ]
    return sorted(sums, key=lambda operation: -operation.seconds)


def _ran(plane: XPlane) -> Iterator[tuple[str, str, float, Arrays]]:
    """Yield name, kind, seconds and operands of each operation that a device ran."""
    shape = next((number for number, stat in plane.stat_metadata.items() if stat.name == "shape"), None)
    for event in chain.from_iterable(line.events for line in plane.lines):
        told = plane.event_metadata[event.metadata_id]
        given = [stat for stat in event.stats if stat.metadata_id == shape]
        name, _, kind = told.name.rpartition(":")
        if given and told.display_name == kind and kind not in CALLS:
            text = given[0].str_value or plane.stat_metadata[given[0].ref_value].name
            yield name, PREFIX.sub("", kind), event.duration_ps / 1e12, _arrays(text)


def _arrays(text: str) -> Arrays:
    """Return the operands that the profiler writes as (float[4,32,32,8];int32[4])."""
    found = ((NAMES.get(kind, kind), sides) for kind, sides in ARRAY.findall(text))
    return [(tf.as_dtype(kind), tuple(map(int, filter(None, sides.split(","))))) for kind, sides in found]


def _made(graph: tf.Graph) -> dict[str, Arrays]:
    """Return what each operation of the graph and its functions makes, where all sides are known."""
    definition = graph.as_graph_def(add_shapes=True)
    nodes = chain(definition.node, *(function.node_def for function in definition.library.function))
    return {node.name: list(_outputs(node)) for node in nodes if node.attr["_output_shapes"].list.shape}


def _outputs(node: tf.compat.v1.NodeDef) -> Iterator[tuple[tf.DType, Shape]]:
    kinds = (node.attr[name].type for name in ("DstT", "dtype", "T") if name in node.attr)
    kind = tf.as_dtype(next(filter(None, kinds), tf.float32))  # 0 stands for lists of types
    for shape in node.attr["_output_shapes"].list.shape:
        if not shape.unknown_rank and all(side.size >= 0 for side in shape.dim):
            yield kind, tuple(side.size for side in shape.dim)


def _known(ran: Iterable[tuple[str, str, float, Arrays]], made: Mapping[str, Arrays]) -> Iterator[Operation]:
    """Yield each of what ran with its arithmetic and its bytes."""
    for name, kind, seconds, given in ran:
        own = INLINED.sub("", name)
        makes = made.get(own, [])
        yield Operation(
            own.replace("while/", ""), kind, seconds, 1, flops(kind, given, makes), _bytes(kind, given, makes)
        )


def flops(kind: str, given: Arrays, makes: Arrays) -> float:
    """Return the multiplications and additions of a convolution, its gradients or a matrix product; of others 0."""
    sizes, results = [prod(shape) for _, shape in given], [prod(shape) for _, shape in makes]
    if not results or len(given) < 2:
        return 0.0
    if kind in ("Conv2D", "Conv2DWithBias"):  # a kernel (K, L, C, F) makes each number by K L C
        return 2.0 * results[0] * sizes[1] / given[1][1][3]
    if kind.startswith("Conv2DBackpropInput"):  # given a shape, the kernel and (N, H, W, F)
        return 2.0 * sizes[2] * sizes[1] / given[1][1][3]
    if kind.startswith("Conv2DBackpropFilter"):  # makes a kernel of (N, H, W, F)
        return 2.0 * sizes[2] * results[0] / makes[0][1][-1]
    if "MatMul" in kind:  # (b, m, k), (b, k, n) and (b, m, n), each turned or not
        return 2.0 * sqrt(sizes[0] * sizes[1] * results[0] / max(1, prod(given[0][1][:-2])))
    return 0.0


def _bytes(kind: str, given: Arrays, makes: Arrays) -> float:
    if kind in PASSES:
        return float(PASSES[kind] * _size(given[-1:]))
    return float(_size(given) + _size(makes))


def _size(arrays: Sequence[tuple[tf.DType, Shape]]) -> int:
    return sum(kind.size * prod(shape) for kind, shape in arrays)


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
