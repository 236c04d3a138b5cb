"""The Jacobian-based saliency map attack: change few pixels, two at a time, those that help most.

With F the victim's probabilities, a = dF_t / dx and b = d(sum of all other F) / dx, each iteration changes the pair of
pixels p, q with

    a_p + a_q > 0,    b_p + b_q < 0,    and    (a_p + a_q) |b_p + b_q|    as large as can be,

by theta, until the victim says the target t or the share gamma of the values is changed. Probabilities sum to 1, so
b = -a, and the best of all pairs are the two largest a. These are the two where log F_t is steepest, which tells them
apart where F_t is too small for a float32. (For a negative theta the slopes change their signs.)

The paper takes logits for F, whose map sums up the slopes of all other classes, of those without a chance, too, and
ends where no pair lowers that sum; with probabilities a class counts as much as it is in the way. Carlini and Wagner
2017 call the two JSMA-Z and JSMA-F. docs/robustness.md has both beside each other.

The paper aims at targets only; without one t is, in each iteration, the likeliest wrong class, and any wrong class ends
it.
"""

import numpy as np
import tensorflow as tf

from ganline.models.victims import Victim
from ganline.robustness.attacks.base import Adversarial, Aim, Attack, compiled
from ganline.settings.attacks import Jsma


def attack(victim: Victim, aim: Aim, settings: Jsma) -> Adversarial:
    """Return the images where the iterations ended; a query an iteration."""
    found = aim.images.reshape(len(aim.images), -1).copy()
    queries, changed = np.zeros(len(found), np.int64), np.zeros(found.shape, bool)
    left = np.arange(len(found))
    while len(left):
        queries[left] += 1
        images = found[left].reshape(-1, *victim.image_shape)
        resists, slopes = (each.numpy() for each in _slopes(victim, aim.targets is not None, images, aim.classes[left]))
        left, slopes = left[resists], slopes[resists]
        pairs, helps = _pairs(slopes, found[left], changed[left], settings)
        left, pairs = left[helps], pairs[helps]
        changed[left[:, None], pairs] = True
        found[left[:, None], pairs] = np.clip(found[left[:, None], pairs] + np.float32(settings.theta), 0, 1)
    return Adversarial(found.reshape(aim.images.shape), queries)


@compiled
def _slopes(victim: Victim, targeted: bool, images: tf.Tensor, classes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return which images do not deceive yet, and the slopes of log F_t, float32 (N, values)."""
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = victim.logits(images)
        likeliest = tf.argmax(logits, axis=1)
        wrong = tf.argmax(logits - 1e9 * tf.one_hot(classes, logits.shape[1]), axis=1)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(classes if targeted else wrong, logits)
    resists = likeliest != classes if targeted else likeliest == classes
    return resists, tf.reshape(-tape.gradient(losses, images), (tf.shape(images)[0], -1))


def _pairs(
    slopes: np.ndarray, images: np.ndarray, changed: np.ndarray, settings: Jsma
) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of two values each, int (N, 2), and of which images it helps to change them."""
    sign = np.float32(np.sign(settings.theta))
    closed = images >= 1 if sign > 0 else images <= 0
    room = int(settings.gamma * images.shape[1]) - changed.sum(axis=1)
    closed |= ~changed & (room < 2)[:, None]
    gains = np.where(closed, -np.inf, sign * slopes)
    pairs = np.argpartition(-gains, 1, axis=1)[:, :2]
    return pairs, np.take_along_axis(gains, pairs, axis=1).sum(axis=1) > 0


ATTACK = Attack(
    name="jsma",
    label="JSMA",
    source="Papernot et al. 2016, The Limitations of Deep Learning in Adversarial Settings",
    norm="l0",
    run=attack,
    settings=Jsma,
)
