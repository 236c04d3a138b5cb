"""Random numbers as pure functions of (seed, purpose, step).

Nothing here keeps state, so a resumed run draws what an uninterrupted one draws. Keras's Dropout and
tf.random.normal keep hidden state outside checkpoints and must not be used in training steps.
"""

import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

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


def normal(shape: "tf.Tensor | tuple[int, ...]", seed: "tf.Tensor") -> "tf.Tensor":
    """Return draws from N(0, 1), float32 of `shape` (N, ...): this replica's rows of those for the whole batch."""
    import tensorflow as tf

    from ganline.core import replicas

    return replicas.mine(lambda whole: tf.random.stateless_normal(whole, seed), shape)


def uniform(
    shape: "tf.Tensor | tuple[int, ...]", seed: "tf.Tensor", low: float = 0, high: float = 1, dtype: Any = "float32"
) -> "tf.Tensor":
    """Return draws from U[low, high), of `shape` (N, ...): this replica's rows of those for the whole batch."""
    import tensorflow as tf

    from ganline.core import replicas

    return replicas.mine(lambda whole: tf.random.stateless_uniform(whole, seed, low, high, dtype), shape)


def bernoulli(chance: float, shape: "tf.Tensor | tuple[int, ...]", seed: "tf.Tensor") -> "tf.Tensor":
    """Return bool draws of `shape` (N, ...), each true with a chance: this replica's rows of those for the whole batch.

    A draw of 32 bits makes two, or four where bytes can tell the chance, so this takes half as long as to compare
    `uniform`, or less; in bfloat16, whose draws are multiples of 1/128, a chance of .7 would be one of .695.

    Args:
        chance: in [2^-16, 1]; it is rounded to 2^-16.
        shape: of what is returned.
        seed: a key.
    """
    import tensorflow as tf

    from ganline.core import replicas

    kind = tf.int8 if float(chance * 2**8).is_integer() else tf.int16
    least = min(round((1 - chance) * 2 ** (8 * kind.size)) + kind.min, kind.max)

    def drawn(whole: "tf.Tensor") -> "tf.Tensor":
        count, each = tf.reduce_prod(whole), 4 // kind.size
        words = tf.random.stateless_uniform([(count + each - 1) // each], seed, None, None, tf.int32)
        return tf.reshape(tf.reshape(tf.bitcast(words, kind), [-1])[:count], whole) >= least

    return replicas.mine(drawn, shape)


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


class _Scopes(threading.local):
    """A stack for each thread: see ganline.core.replicas."""

    def __init__(self) -> None:
        self.open: list[_Keys] = []


_scopes = _Scopes()


@contextmanager
def layer_keys(first: "tf.Tensor") -> Iterator[None]:
    """Let the random layers called inside draw their keys, in call order, from `first`."""
    _scopes.open.append(_Keys(first))
    try:
        yield
    finally:
        _scopes.open.pop()


def next_layer_key() -> "tf.Tensor":
    """Return the next key for a random layer.

    Raises:
        RuntimeError: called outside `layer_keys`, where the numbers would depend on hidden state.
    """
    if not _scopes.open:
        raise RuntimeError("a random layer was called in training mode outside ganline.core.random.layer_keys")
    return _scopes.open[-1].next()
