"""Several devices that train one model together: which one am I, what is my share, what do we say together.

A training step is written as for one device. Under one of TensorFlow's strategies every replica runs it on its share of
the batch. What a step does across replicas stands here, and is nothing at all where there is one device.

TensorFlow traces the step in a thread a replica; they take turns where replicas exchange something. So what a step
keeps in Python between two such places must be a thread's own.
"""

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from ganline.core.errors import UserError

if TYPE_CHECKING:
    import tensorflow as tf

EXAMPLE = '{"cluster": {"worker": ["first:2222", "second:2222"]}, "task": {"type": "worker", "index": 0}}'


class _Own(threading.local):
    parts = 1
    apart = False


_own = _Own()


def count() -> int:
    """Return how many replicas run the step that calls this; 1 outside a step."""
    import tensorflow as tf  # here, not above: the checks of parameters do without it

    return 1 if tf.distribute.in_cross_replica_context() else tf.distribute.get_strategy().num_replicas_in_sync


def index() -> int:
    """Return the number of the replica that calls this, from 0, over all machines."""
    import tensorflow as tf

    context = tf.distribute.get_replica_context()
    return int(tf.get_static_value(context.replica_id_in_sync_group))


def share(number: int) -> int:
    """Return a replica's share of a number of examples."""
    return number // count()


def mean(value: "tf.Tensor") -> "tf.Tensor":
    """Return the mean of `value` over the replicas; no gradient flows through it.

    Raises:
        RuntimeError: called inside `apart`.
    """
    import tensorflow as tf

    if count() == 1:
        return value
    if _own.apart:
        raise RuntimeError("replicas exchange a value where the state of a network is changed for one of them alone")
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.MEAN, tf.stop_gradient(value))


@contextmanager
def apart() -> Iterator[None]:
    """Make sure that replicas exchange nothing inside, so that no other one's thread takes its turn there."""
    before, _own.apart = _own.apart, True
    try:
        yield
    finally:
        _own.apart = before


@contextmanager
def parts(number: int) -> Iterator[None]:
    """Say that the batches inside are so many batches laid behind each other: each is shared out by itself."""
    before, _own.parts = _own.parts, number
    try:
        yield
    finally:
        _own.parts = before


def mine(draw: "Callable[[tf.Tensor], tf.Tensor]", shape: "tf.Tensor | tuple[int, ...]") -> "tf.Tensor":
    """Return this replica's rows, of `shape` (N, ...), of what `draw` makes for the batches of all replicas together.

    So all replicas together use the very numbers that one device would use.
    """
    import tensorflow as tf

    replicas = count()
    if replicas == 1:
        return draw(shape)
    rows, rest = shape[0], tf.convert_to_tensor(shape, tf.int32)[1:]
    whole = draw(tf.concat([[rows * replicas], rest], 0))
    blocks = tf.reshape(whole, tf.concat([[_own.parts, replicas, rows // _own.parts], rest], 0))
    return tf.reshape(blocks[:, index()], shape)


class Cluster(NamedTuple):
    """What TF_CONFIG says of the machines that train together, and of this one."""

    workers: int
    number: int
    """Of this worker, from 0; the chief is 0."""

    @property
    def chief(self) -> bool:
        """Whether this worker writes what the training leaves."""
        return self.number == 0


def cluster(strategy: str) -> Cluster:
    """Return this machine's place in a training by compute.strategy: alone, or as TF_CONFIG has it.

    Raises:
        UserError: compute.strategy is multi_worker, and TF_CONFIG is missing or says something else.
    """
    if strategy != "multi_worker":
        return Cluster(1, 0)
    text = os.environ.get("TF_CONFIG", "")
    try:
        config = json.loads(text)
        machines, task = config["cluster"], config["task"]
        tasks = [(kind, i) for kind in ("chief", "worker") for i in range(len(machines.get(kind, ())))]
        if set(machines) - {"chief", "worker"}:
            raise ValueError(f"the cluster has {', '.join(machines)}")
        return Cluster(len(tasks), tasks.index((task["type"], task["index"])))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        found = f"TF_CONFIG = {text!r} is not that ({error})" if text else "it is not set"
        raise UserError(
            "compute.strategy = multi_worker: TF_CONFIG must list the machines (chief and workers only) and say which "
            f"one this is, as in {EXAMPLE}; {found}. On one machine use compute.strategy = mirrored"
        ) from None
