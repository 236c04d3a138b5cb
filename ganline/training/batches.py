"""Batches as a pure function of (seed, step): what a resumed run needs to see the same data."""

import copy
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ganline.core import replicas
from ganline.core.random import generator
from ganline.datasets.inputs import Derived
from ganline.training.devices import ONE, Devices

PLACES = "/places"
"""Ends the name in a chunk of what is drawn for an input."""
RESIDENT_BYTES = 2**31  # up to here the whole dataset lives on the device as it is stored


class Apart(NamedTuple):
    """An array whose rows are drawn by themselves, whatever is drawn of others: the other side of a translation."""

    values: np.ndarray


Data = Mapping[str, np.ndarray | Derived | Apart]


def batch_indices(
    count: int, batch_size: int, sampling: str, seed: int, first: int, steps: int, purpose: str = "data",
    shown: int | None = None,
) -> np.ndarray:  # fmt: skip
    """Return int32 (steps, batch_size): which of `count` examples the steps first, first + 1, ... see.

    "replacement" draws each batch independently; "shuffle" shows each example once an epoch, in an order that is a
    function of (seed, purpose, epoch), batches running on across the ends of epochs. `shown` says how many examples
    the steps before showed, where that is not a batch of this size each.
    """
    if sampling == "replacement":
        rows = [generator(seed, purpose, step).integers(0, count, batch_size) for step in range(first, first + steps)]
        return np.array(rows, np.int32)
    start = first * batch_size if shown is None else shown
    stop = start + steps * batch_size
    epochs = range(start // count, (stop - 1) // count + 1)
    order = np.concatenate([generator(seed, purpose, epoch).permutation(count) for epoch in epochs])
    offset = start - epochs[0] * count
    return order[offset : offset + stop - start].reshape(steps, batch_size).astype(np.int32)


class Feed:
    """Named arrays (image, label, ...) as batches inside a compiled loop: the same rows of all but those `Apart`.

    Inputs that are made of the image are so as a batch is made.

    Small data is placed on the device once and gathered there; larger data stays memory-mapped and is gathered on
    the host, a chunk of steps at a time.
    """

    def __init__(
        self, data: Data, batch_size: int, sampling: str, seed: int,
        devices: Devices = ONE, batch_parts: int = 1,
    ) -> None:  # fmt: skip
        """Serve `data`; "image" is uint8 (N, H, W, C), what is not `Apart` has as many rows.

        Several devices share out each of a batch's parts by itself: the first takes the first rows of each.
        """
        self._derived = {name: values for name, values in data.items() if isinstance(values, Derived)}
        stored = {name: values for name, values in data.items() if not isinstance(values, Derived)}
        arrays = {name: values.values if isinstance(values, Apart) else values for name, values in stored.items()}
        # The purpose by which the rows of each array are drawn: one for all, and one for each that is drawn apart.
        self._drawn_by = {n: f"data/{n}" if isinstance(values, Apart) else "data" for n, values in stored.items()}
        self._counts = _counts({name: len(array) for name, array in arrays.items()}, self._drawn_by)
        self._batch_size, self._sampling, self._seed = batch_size, sampling, seed
        self._devices, self._batch_parts = devices, batch_parts
        self._resident = sum(array.nbytes for array in arrays.values()) <= RESIDENT_BYTES
        self._arrays = arrays
        resident = self._resident
        self._on_device = [{n: tf.constant(a) for n, a in arrays.items()} for _ in devices.each()] if resident else []

    def sized(self, batch_size: int) -> "Feed":
        """Return this feed with batches of another size."""
        feed = copy.copy(self)
        feed._batch_size = batch_size
        return feed

    def chunk(self, first: int, steps: int, shown: int | None = None) -> dict[str, tf.Tensor]:
        """Return what the compiled loop takes for `steps` steps from `first`: tensors whose first axis is the step.

        `shown` says how many rows the steps before took, where that is not a batch of this size each.
        """
        rows = {purpose: self._rows(purpose, first, steps, shown) for purpose in self._counts}
        places = {
            name + PLACES: self._places(name, first, steps) for name, made in self._derived.items() if made.places
        }
        if self._resident:
            return {name: tf.constant(values) for name, values in (rows | places).items()}
        gathered = {name: array[rows[self._drawn_by[name]]] for name, array in self._arrays.items()}
        return {name: tf.constant(values) for name, values in (gathered | places).items()}

    def _rows(self, purpose: str, first: int, steps: int, shown: int | None) -> np.ndarray:
        count, size = self._counts[purpose], self._batch_size
        return self._shared_out(batch_indices(count, size, self._sampling, self._seed, first, steps, purpose, shown))

    def _places(self, name: str, first: int, steps: int) -> np.ndarray:
        """Return one of its places for each input of that name which is made of the batches' images."""
        places = self._derived[name].places
        return self._shared_out(
            batch_indices(places, self._batch_size, "replacement", self._seed, first, steps, f"places/{name}")
        )

    def batch(self, chunk: Mapping[str, tf.Tensor], i: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return the named tensors (batch_size, ...) of the chunk's step `i`, inside the compiled loop.

        Of several replicas each gets its share, (batch_size / replicas, ...).
        """
        rows = {name: self._own(values, i) for name, values in chunk.items()}
        places = {name: rows.pop(name + PLACES) for name, derived in self._derived.items() if derived.places}
        batch = self._stored(rows)
        for name, derived in self._derived.items():
            drawn = [tf.ensure_shape(places[name], batch["image"].shape[:1])] if name in places else []
            batch[name] = tf.cast(derived.make(tf.cast(batch["image"], tf.int32), *drawn), tf.uint8)
        return batch

    def _own(self, values: tf.Tensor, i: tf.Tensor) -> tf.Tensor:
        """Return what this replica is to see at step `i` of a chunk."""
        return values[i, replicas.index() - self._devices.first] if self._devices.count > 1 else values[i]

    def _stored(self, rows: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        size, device = self._batch_size // self._devices.count, replicas.index() - self._devices.first
        if not self._resident:
            # The shape is said anew: over chunks of several lengths, tracing forgets it.
            return {n: tf.ensure_shape(v, (size, *self._arrays[n].shape[1:])) for n, v in rows.items()}
        index = {purpose: tf.ensure_shape(values, (size,)) for purpose, values in rows.items()}
        return {n: tf.gather(values, index[self._drawn_by[n]]) for n, values in self._on_device[device].items()}

    def _shared_out(self, indices: np.ndarray) -> np.ndarray:
        """Return of indices (steps, batch_size) what this machine's devices see: (steps, devices, share of a batch).

        One device sees all of them, as they are.
        """
        devices, steps = self._devices, len(indices)
        if devices.count == 1:
            return indices
        parts = indices.reshape(steps, self._batch_parts, devices.count, -1)
        here = parts[:, :, devices.first : devices.first + devices.local]
        return here.swapaxes(1, 2).reshape(steps, devices.local, -1)


def _counts(lengths: Mapping[str, int], drawn_by: Mapping[str, str]) -> dict[str, int]:
    """Return how many rows there are to draw by each purpose; arrays of one purpose have as many."""
    counts: dict[str, int] = {}
    for name, purpose in drawn_by.items():
        if counts.setdefault(purpose, lengths[name]) != lengths[name]:
            raise ValueError(f"{name} has {lengths[name]} rows, and what is drawn with it {counts[purpose]}")
    return counts
