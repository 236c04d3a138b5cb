"""Random numbers as pure functions of (seed, purpose, step).

Nothing here keeps state, so a resumed run draws what an uninterrupted one draws. Keras's Dropout and
tf.random.normal keep hidden state outside checkpoints and must not be used in training steps.
"""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf


def purpose_number(purpose: str) -> int:
    """Return a fixed 31-bit number for a purpose such as "noise/discriminator"."""
    return zlib.crc32(purpose.encode()) & 0x7FFFFFFF


def key(seed: int, purpose: str, step: "tf.Tensor | int") -> "tf.Tensor":
    """Return the int32 key of shape (2,) for TensorFlow's stateless ops at one step."""
    import tensorflow as tf  # here, not above: NumPy's half of this module is used where TensorFlow is not loaded

    base = tf.constant([seed, purpose_number(purpose)], tf.int32)
    return tf.random.experimental.stateless_fold_in(base, tf.cast(step, tf.int32))


def generator(seed: int, purpose: str, step: int = 0) -> np.random.Generator:
    """Return a NumPy generator that depends on nothing but its arguments."""
    return np.random.Generator(np.random.Philox(key=[(seed << 32) | purpose_number(purpose), step]))


class _Keys:
    """Hands out one key after the other, all derived from one."""

    def __init__(self, first: "tf.Tensor") -> None:
        self._first, self._count = first, 0

    def next(self) -> "tf.Tensor":
        import tensorflow as tf

        self._count += 1
        return tf.random.experimental.stateless_fold_in(self._first, self._count)


_scopes: list[_Keys] = []


@contextmanager
def layer_keys(first: "tf.Tensor") -> Iterator[None]:
    """Let the random layers called inside draw their keys, in call order, from `first`."""
    _scopes.append(_Keys(first))
    try:
        yield
    finally:
        _scopes.pop()


def next_layer_key() -> "tf.Tensor":
    """Return the next key for a random layer.

    Raises:
        RuntimeError: called outside `layer_keys`, where the numbers would depend on hidden state.
    """
    if not _scopes:
        raise RuntimeError("a random layer was called in training mode outside ganline.random.layer_keys")
    return _scopes[-1].next()
