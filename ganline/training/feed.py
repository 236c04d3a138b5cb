"""Batches as a pure function of (seed, step): what a resumed run needs to see the same data."""

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from ganline.random import generator

RESIDENT_BYTES = 2**31  # up to here the whole dataset lives on the device as it is stored


def batch_indices(count: int, batch_size: int, sampling: str, seed: int, first: int, steps: int) -> np.ndarray:
    """Return int32 (steps, batch_size): which of `count` examples the steps first, first + 1, ... see.

    "replacement" draws each batch independently; "shuffle" shows each example once an epoch, in an order that is a
    function of (seed, epoch), batches running on across the ends of epochs.
    """
    if sampling == "replacement":
        rows = [generator(seed, "data", step).integers(0, count, batch_size) for step in range(first, first + steps)]
        return np.array(rows, np.int32)
    start, stop = first * batch_size, (first + steps) * batch_size
    epochs = range(start // count, (stop - 1) // count + 1)
    order = np.concatenate([generator(seed, "data", epoch).permutation(count) for epoch in epochs])
    offset = start - epochs[0] * count
    return order[offset : offset + stop - start].reshape(steps, batch_size).astype(np.int32)


class Feed:
    """Named arrays of equal length (image, label, ...) as batches inside a compiled loop.

    Small data is placed on the device once and gathered there; larger data stays memory-mapped and is gathered on
    the host, a chunk of steps at a time.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray], batch_size: int, sampling: str, seed: int) -> None:
        """Serve `arrays`; "image" is uint8 (N, H, W, C)."""
        self._count = len(arrays["image"])
        self._batch_size, self._sampling, self._seed = batch_size, sampling, seed
        self._resident = sum(array.nbytes for array in arrays.values()) <= RESIDENT_BYTES
        self._arrays = {n: tf.constant(array) for n, array in arrays.items()} if self._resident else arrays

    def chunk(self, first: int, steps: int) -> dict[str, tf.Tensor]:
        """Return what the compiled loop takes for `steps` steps from `first`: tensors whose first axis is the step."""
        indices = batch_indices(self._count, self._batch_size, self._sampling, self._seed, first, steps)
        if self._resident:
            return {"index": tf.constant(indices)}
        return {name: tf.constant(array[indices]) for name, array in self._arrays.items()}

    def batch(self, chunk: Mapping[str, tf.Tensor], i: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return the named tensors (batch_size, ...) of the chunk's step `i`, inside the compiled loop."""
        if not self._resident:
            # The shape is said anew: over chunks of several lengths, tracing forgets it.
            return {n: tf.ensure_shape(v[i], (self._batch_size, *self._arrays[n].shape[1:])) for n, v in chunk.items()}
        index = tf.ensure_shape(chunk["index"][i], (self._batch_size,))
        return {name: tf.gather(values, index) for name, values in self._arrays.items()}
