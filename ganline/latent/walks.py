"""Walks learned for edits: which way must latents go for the image to be moved, zoomed, turned or coloured?

Jahanian et al. 2020, "On the 'steerability' of generative adversarial networks". With z in normal coordinates, a
strength a and the edit E_a, the walk w of an edit is the vector that minimises, by Adam,

    mean over z and a of |G(z + a w) - E_a(G(z))|^2  where E_a knows the pixels.

One straight walk does for all latents, so that it says what the generator can do, and not how well it can be inverted.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ganline.core.progress import Bar
from ganline.core.random import generator
from ganline.latent.directions import DECIMALS
from ganline.latent.image_edits import Edit, edited, far_between
from ganline.latent.inversion import adam, of_prior

if TYPE_CHECKING:
    import tensorflow as tf

AT_ONCE = 10
"""Steps between two words of progress."""


def operations(generate: "Callable[[tf.Tensor, tf.Tensor], tf.Tensor]", latent_dim: int) -> int:
    """Return the floating-point operations that drawing one image takes; see `learned` for what `generate` is."""
    import tensorflow as tf

    given = tf.TensorSpec((1, latent_dim), tf.float32), tf.TensorSpec((1,), tf.int32)
    graph = tf.function(generate, autograph=False).get_concrete_function(*given).graph
    asked = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation() | {"output": "none"}
    log = tf.get_logger()
    level = log.level
    log.setLevel("ERROR")  # it warns of what it calls itself
    try:
        return tf.compat.v1.profiler.profile(graph, options=asked).total_float_ops
    finally:
        log.setLevel(level)


def learned(
    generate: "Callable[[tf.Tensor, tf.Tensor], tf.Tensor]",
    edits: Sequence[Edit],
    normal: np.ndarray,
    labels: np.ndarray,
    steps: int,
    batch: int,
    learning_rate: float,
    seed: int,
    prior: str = "normal",
) -> np.ndarray:
    """Return the walk of each edit, for strength 1: float64 (E, L), in normal coordinates.

    Args:
        generate: takes latents float32 (n, L) of the prior and labels int32 (n,) to images float32 (n, H, W, C),
            0 to 255; TensorFlow must be able to differentiate it.
        edits: E of them, learned side by side.
        normal: float (N, L) latents to learn from, in normal coordinates.
        labels: integers (N,): what a conditional generator is asked for with each.
        steps: of Adam (Kingma & Ba 2015), one at least.
        batch: latents of a step and an edit.
        learning_rate: its first; it falls to 0 along a straight line.
        seed: of which latents a step takes, and of the strengths, -1 to 1.
        prior: "normal" for N(0, 1), "uniform" for U(-1, 1), "unit_uniform" for U(0, 1).

    Raises:
        ValueError: `generate` has no gradient.
    """
    import tensorflow as tf

    random, shape = generator(seed, "walks"), (steps, len(edits), batch)
    rows = tf.constant(random.integers(0, len(normal), shape), tf.int32)
    strengths = tf.constant(random.uniform(-1, 1, shape), tf.float32)
    latents, asked = tf.constant(normal, tf.float32), tf.constant(labels, tf.int32)
    drawn = tf.function(lambda: generate(of_prior(latents, prior), asked), autograph=False)()

    def error(walks: tf.Tensor, i: tf.Tensor) -> tf.Tensor:
        moved = tf.gather(latents, rows[i]) + strengths[i][..., None] * walks[:, None]
        images = generate(of_prior(tf.reshape(moved, (-1, normal.shape[1])), prior), _flat(tf.gather(asked, rows[i])))
        return _far(edits, tf.gather(drawn, rows[i]), strengths[i], images)

    def step(i: tf.Tensor, walks: tf.Tensor, mean: tf.Tensor, square: tf.Tensor):
        with tf.GradientTape() as tape:
            tape.watch(walks)
            far = error(walks, i)
        gradient = tape.gradient(far, walks)
        if gradient is None:
            raise ValueError("the generator has no gradient, so walks cannot be learned")
        done = tf.cast(i, tf.float32)
        change, mean, square = adam(gradient, mean, square, done, learning_rate * (1.0 - done / steps))
        return i + 1, walks - change, mean, square

    @tf.function(autograph=False)
    def descend(first: tf.Tensor, last: tf.Tensor, *state: tf.Tensor) -> tuple[tf.Tensor, ...]:
        return tf.while_loop(lambda i, *_: i < last, step, (first, *state))[1:]

    zeros = tf.zeros((len(edits), normal.shape[1]))
    return np.round(_in_parts(descend, steps, zeros).numpy().astype(np.float64), DECIMALS)


def _in_parts(descend: "Callable[..., tuple[tf.Tensor, ...]]", steps: int, walks: "tf.Tensor") -> "tf.Tensor":
    """Return what becomes of the walks, with Adam's means of gradients and of their squares, in `steps` steps."""
    import tensorflow as tf

    state = walks, tf.zeros_like(walks), tf.zeros_like(walks)
    with Bar("Learning walks", steps, unit="steps") as bar:
        for first in range(0, steps, AT_ONCE):
            last = min(first + AT_ONCE, steps)
            state = descend(tf.constant(first), tf.constant(last), *state)
            bar.advance(last - first)
    return state[0]


def _far(edits: Sequence[Edit], before: "tf.Tensor", strengths: "tf.Tensor", after: "tf.Tensor") -> "tf.Tensor":
    """Return how far images (E * n, H, W, C) are from those before, (E, n, H, W, C), edited: the sum over edits."""
    import tensorflow as tf

    each = zip(edits, tf.unstack(before), tf.unstack(strengths), tf.split(after, len(edits)), strict=True)
    far = [far_between(*edited(edit, old, by), new) for edit, old, by, new in each]
    return tf.reduce_sum(tf.reduce_mean(tf.stack(far), axis=1)) / 255.0**2


def _flat(values: "tf.Tensor") -> "tf.Tensor":
    import tensorflow as tf

    return tf.reshape(values, (-1,))
