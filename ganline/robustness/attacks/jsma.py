"""The Jacobian-based saliency map attack: change few pixels, two at a time, those that help most.

With a = dZ_t / dx and b = d(sum of all other logits) / dx, each iteration changes the pair of pixels p, q with

    a_p + a_q > 0,    b_p + b_q < 0,    and    (a_p + a_q) |b_p + b_q|    as large as can be,

by theta, until the victim says the target t or the share gamma of the values is changed. (For a negative theta a and b
change their signs.) The paper aims at targets only; without one t is, in each iteration, the likeliest wrong class, and
any wrong class ends it.

The best of all pairs is found without looking at all of them: a pixel that two others beat in both a and -b is in none.
"""

import numpy as np
import tensorflow as tf

from ganline.robustness.attacks.base import Adversarial, Aim, Attack, compiled
from ganline.robustness.victims import Victim
from ganline.settings.attacks import Jsma

CLOSED = np.float32(-1e15)
"""Slope of a value that cannot be changed any more: low enough for no pair to have it, its square is a float32."""


def attack(victim: Victim, aim: Aim, settings: Jsma) -> Adversarial:
    """Return the images where the iterations ended; two queries, one for each slope, an iteration."""
    found = aim.images.reshape(len(aim.images), -1).copy()
    queries, changed = np.zeros(len(found), np.int64), np.zeros(found.shape, bool)
    left = np.arange(len(found))
    while len(left):
        queries[left] += 2
        images = found[left].reshape(-1, *victim.image_shape)
        resists, own, others = (
            each.numpy() for each in _slopes(victim, aim.targets is not None, images, aim.classes[left])
        )
        left, own, others = left[resists], own[resists], others[resists]
        pairs, helps = _pairs(own, others, found[left], changed[left], settings)
        left, pairs = left[helps], pairs[helps]
        changed[left[:, None], pairs] = True
        found[left[:, None], pairs] = np.clip(found[left[:, None], pairs] + np.float32(settings.theta), 0, 1)
    return Adversarial(found.reshape(aim.images.shape), queries)


@compiled
def _slopes(
    victim: Victim, targeted: bool, images: tf.Tensor, classes: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Return which images do not deceive yet, and a and b, float32 (N, values)."""
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(images)
        logits = victim.logits(images)
        likeliest = tf.argmax(logits, axis=1)
        wrong = tf.argmax(logits - 1e9 * tf.one_hot(classes, logits.shape[1]), axis=1)
        own = tf.gather(logits, classes if targeted else wrong, batch_dims=1)
        others = tf.reduce_sum(logits, axis=1) - own
    resists = likeliest != classes if targeted else likeliest == classes
    count = tf.shape(images)[0]
    return resists, *(tf.reshape(tape.gradient(each, images), (count, -1)) for each in (own, others))


def _pairs(
    own: np.ndarray, others: np.ndarray, images: np.ndarray, changed: np.ndarray, settings: Jsma
) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of two values each, int (N, 2), and of which images it helps to change them."""
    sign = np.float32(np.sign(settings.theta))
    fixed = images >= 1 if sign > 0 else images <= 0
    room = int(settings.gamma * images.shape[1]) - changed.sum(axis=1)
    fixed |= ~changed & (room < 2)[:, None]
    pairs, product = best_pairs(np.where(fixed, CLOSED, sign * own), np.where(fixed, CLOSED, -sign * others))
    return pairs, product > 0


def best_pairs(a: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each row the two places with the largest product of the sums of `a` and of `c`, both positive.

    Args:
        a: float32 (N, n).
        c: likewise.

    Returns:
        Places, int64 (N, 2), and products, float32 (N,); where no pair has two positive sums it is 0.
    """
    order = np.argsort(-a, axis=1)
    a, c = (np.take_along_axis(each, order, axis=1) for each in (a, c))
    # From the largest `a` on, a place can be of use only if fewer than two before it have a larger `c`.
    useful = c > _before(np.maximum.accumulate(np.minimum(c, _before(np.maximum.accumulate(c, 1))), 1))
    few = np.argsort(~useful, axis=1, kind="stable")[:, : max(useful.sum(axis=1).max(initial=0), 2)]
    a, c, order = (np.take_along_axis(each, few, axis=1) for each in (a, c, order))
    sums = [each[:, :, None] + each[:, None, :] for each in (a, c)]
    fits = (sums[0] > 0) & (sums[1] > 0) & ~np.eye(few.shape[1], dtype=bool)
    products = np.where(fits, sums[0] * sums[1], 0).reshape(len(a), few.shape[1] ** 2)
    best = products.argmax(axis=1)
    places = np.stack(np.unravel_index(best, fits.shape[1:]), axis=1)
    return np.take_along_axis(order, places, axis=1), np.take_along_axis(products, best[:, None], axis=1)[:, 0]


def _before(values: np.ndarray) -> np.ndarray:
    """Return each row moved on by one place, with the least of all in front."""
    return np.concatenate([np.full((len(values), 1), -np.inf, values.dtype), values[:, :-1]], axis=1)


ATTACK = Attack(
    name="jsma",
    label="JSMA",
    source="Papernot et al. 2016, The Limitations of Deep Learning in Adversarial Settings",
    norm="l0",
    run=attack,
    settings=Jsma,
)
