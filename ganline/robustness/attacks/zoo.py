"""Zeroth order optimisation: Carlini and Wagner's aim, reached by asking for answers alone (ZOO-ADAM).

    minimise over x' in [0, 1]    ||x' - x||^2 + c max(0, log F_y - max_{i != y} log F_i)

(towards a target t: log F of the likeliest other minus log F_t), F the victim's probabilities. An iteration takes
`coordinates` values of the image, at random and steep ones more often, asks for each a little nearer to mid-grey, and
takes a step of Adam on each by the slope that follows. c doubles every few iterations until the image deceives; the
nearest image that does is kept. An image stops once it deceives and comes no nearer. The paper asks above and below, of
which one is the image itself wherever pixels are black or white, starts again from the original for each c, and chooses
values of large images from coarse to fine; this is for images of some thousand values.
"""

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from ganline.core.random import key
from ganline.models.victims import Victim, margin
from ganline.robustness.attacks.base import Adversarial, Aim, Attack, compiled
from ganline.robustness.attacks.carlini_wagner import SURE, Kept, adam_step, nearer
from ganline.settings.attacks import Zoo

AT_A_TIME = 5
"""Iterations in one compiled call, after which images stop and constants grow."""
NEARER = 0.9
"""What share of its squared distance an image must fall below in that time to go on."""
LARGEST_CONSTANT = 1e6


class State(NamedTuple):
    """Of each image of N, float32: where it is, Adam's memory of it (N, values), and the nearest that deceives."""

    images: np.ndarray
    means: np.ndarray
    squares: np.ndarray
    counts: np.ndarray
    """Steps of each value."""
    constants: np.ndarray
    nearest: np.ndarray
    distances: np.ndarray
    """Squared; infinite while none deceives."""


def attack(victim: Victim, aim: Aim, settings: Zoo) -> Adversarial:
    """Return the nearest images that deceive, and the originals where none did, with their number of queries."""
    count, values = len(aim.images), int(np.prod(victim.image_shape))
    coordinates = min(settings.coordinates, values)
    flat = aim.images.reshape(count, -1)
    zeros, ones = np.zeros_like(flat), np.ones(count, np.float32)
    state = State(flat, zeros, zeros, zeros, ones * settings.first_constant, flat, ones * np.inf)
    found, queries, left = flat.copy(), np.zeros(count, np.int64), np.arange(count)
    numbers = np.array([settings.learning_rate, settings.difference], np.float32)
    for number in range(0, settings.iterations, AT_A_TIME):
        rows = min(AT_A_TIME, settings.iterations - number)
        random = key(aim.seed, "attack/zoo", number)
        dice = tf.random.stateless_uniform((count, rows, values), random, 1e-6, 1 - 1e-6).numpy()[left]
        how = (aim.targets is not None, coordinates)
        before, state = (
            state,
            State(
                *(each.numpy() for each in _descend(victim, how, flat[left], aim.classes[left], dice, *numbers, *state))
            ),
        )
        queries[left] += rows * (coordinates + 1) + 1
        found[left] = state.nearest
        goes_on = np.isinf(state.distances) | (state.distances < NEARER * before.distances)
        grown = np.where(np.isinf(state.distances), np.minimum(2 * state.constants, LARGEST_CONSTANT), state.constants)
        left, state = left[goes_on], State(*(each[goes_on] for each in state._replace(constants=grown)))
        if not len(left):
            break
    return Adversarial(found.reshape(aim.images.shape), queries)


@compiled
def _descend(
    victim: Victim,
    how: tuple[bool, int],
    originals: tf.Tensor,
    classes: tf.Tensor,
    dice: tf.Tensor,
    rate: tf.Tensor,
    difference: tf.Tensor,
    images: tf.Tensor,
    means: tf.Tensor,
    squares: tf.Tensor,
    counts: tf.Tensor,
    constants: tf.Tensor,
    nearest: tf.Tensor,
    distances: tf.Tensor,
) -> tuple[tf.Tensor, ...]:
    """Return the state after as many iterations as `dice`, float32 (N, iterations, values) in 0 to 1, are for."""
    targeted, coordinates = how

    def lack(flat: tf.Tensor, classes: tf.Tensor) -> tf.Tensor:
        return margin(victim.logits(tf.reshape(flat, (-1, *victim.image_shape))), classes, targeted)

    def rise(images: tf.Tensor, here: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        """Return the slopes, (N, coordinates), of the part of the loss that the victim's answers make."""
        moves = tf.where(images > 0.5, -tf.minimum(difference, images), tf.minimum(difference, 1 - images))
        moves = moves[:, None] * mask
        many = tf.reshape(lack(images[:, None] + moves, tf.repeat(classes, coordinates)), (-1, coordinates))
        risen = tf.maximum(many, 0) - tf.maximum(here, 0)[:, None]
        return constants[:, None] * risen / tf.reduce_sum(moves, 2)

    def descend(number: tf.Tensor, images: tf.Tensor, here: tf.Tensor, adam: Kept, kept: Kept) -> tuple[Any, ...]:
        mask = tf.one_hot(_places(adam[0], adam[2], dice[:, number], coordinates), images.shape[1])
        chosen = tf.reduce_sum(mask, 1)
        slope = tf.einsum("nb,nbv->nv", rise(images, here, mask), mask) + 2 * (images - originals) * chosen
        stepped = adam_step(images, adam[0], adam[1], slope, adam[2], rate)
        images, means, squares = (
            tf.where(chosen > 0, new, old) for new, old in zip(stepped, (images, *adam[:2]), strict=True)
        )
        images = tf.clip_by_value(images, 0, 1)
        squared, here = tf.reduce_sum((images - originals) ** 2, 1), lack(images, classes)
        return number + 1, images, here, (means, squares, adam[2] + chosen), nearer(kept, images, squared, here < -SURE)

    kept = (nearest, distances, tf.zeros_like(constants, tf.bool))
    start = (0, images, lack(images, classes), (means, squares, counts), kept)
    _, images, _, adam, kept = tf.while_loop(lambda *_: True, descend, start, maximum_iterations=tf.shape(dice)[1])
    return images, *adam, constants, *kept[:2]


def _places(means: tf.Tensor, counts: tf.Tensor, dice: tf.Tensor, coordinates: tf.Tensor) -> tf.Tensor:
    """Return the places, int32 (N, coordinates), to ask at: those never asked for, then steep ones more often.

    They are drawn without replacement, in proportion to the mean slopes and a tenth of their mean over the image.
    """
    steepness = tf.abs(means) / (1 - 0.9 ** tf.maximum(counts, 1))
    weights = steepness + 0.1 * tf.reduce_mean(steepness, 1, keepdims=True) + 1e-12
    scores = tf.math.log(weights) - tf.math.log(-tf.math.log(dice))
    return tf.math.top_k(tf.where(counts > 0, scores, 1e6 + dice), coordinates).indices


ATTACK = Attack(
    name="zoo",
    label="ZOO",
    source="Chen et al. 2017, ZOO: Zeroth Order Optimization Based Black-box Attacks",
    norm="l2",
    run=attack,
    settings=Zoo,
    gradients=False,
    at_once=5,
)
