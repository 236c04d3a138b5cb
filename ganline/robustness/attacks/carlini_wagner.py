"""Carlini and Wagner's attack for L2: the nearest image that deceives, by gradient descent.

    minimise over w    ||x' - x||^2 + c f(x'),    x' = (tanh w + 1) / 2
    f = max(0, Z_y - max_{i != y} Z_i + confidence),    towards a target t: max(0, max_{i != t} Z_i - Z_t + confidence)

with Z the victim's logits, by Adam, and c by bisection for each image: smaller where it deceives, larger where not. The
nearest image that deceives is kept, over all iterations and constants. The paper starts from the original for each c;
here, on purpose, each starts from where the last one ended: with few iterations that decides whether it deceives at
all, and with many it comes as near (docs/robustness.md has figures).
"""

import numpy as np
import tensorflow as tf

from ganline.models.victims import Victim, margin
from ganline.robustness.attacks.base import Adversarial, Aim, Attack, compiled
from ganline.robustness.attacks.bisection import Constants
from ganline.settings.attacks import CarliniWagner

INSIDE = 0.999
"""tanh w of a white pixel, -INSIDE of a black one: at 1 no gradient would move it."""
SURE = 1e-4
"""By how much a logit must exceed the other: less might be gone when the victim looks at other images beside it."""
Adam = tuple[tf.Tensor, tf.Tensor, tf.Tensor]
"""What is learned, and Adam's averages of its gradient and of the gradient's square."""
Kept = tuple[tf.Tensor, tf.Tensor, tf.Tensor]
"""The nearest images that deceive, float32 (N, H, W, C), their squared distances and who deceived, (N,) each."""


def attack(victim: Victim, aim: Aim, settings: CarliniWagner) -> Adversarial:
    """Return the nearest images that deceive, and the originals where none did; a query an iteration."""
    count, targeted = len(aim.images), aim.targets is not None
    constants = Constants(count, settings.first_constant)
    w = np.arctanh((2 * aim.images - 1) * np.float32(INSIDE))
    nearest, distance = aim.images, np.full(count, np.inf, np.float32)
    numbers = np.array([settings.learning_rate, settings.confidence], np.float32)
    for _ in range(settings.constants):
        known = (victim, (settings.iterations, targeted), aim.images, aim.classes)
        w, nearest, distance, deceived = _descend(*known, w, nearest, distance, constants.now, *numbers)
        constants.learn(np.asarray(deceived))
    queries = np.full(count, settings.constants * settings.iterations, np.int64)
    return Adversarial(np.asarray(nearest), queries)


@compiled
def _descend(
    victim: Victim,
    how: tuple[int, bool],
    images: tf.Tensor,
    classes: tf.Tensor,
    w: tf.Tensor,
    nearest: tf.Tensor,
    distance: tf.Tensor,
    constant: tf.Tensor,
    learning_rate: tf.Tensor,
    confidence: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
    """Return w, the nearest images and their squared distances after the iterations, and who deceived in any."""
    iterations, targeted = how

    def descend(number: tf.Tensor, adam: Adam, kept: Kept) -> tuple[tf.Tensor, Adam, Kept]:
        with tf.GradientTape() as tape:
            tape.watch(adam[0])
            now = _in_range((tf.tanh(adam[0]) / INSIDE + 1) / 2)
            squared = tf.reduce_sum(tf.math.squared_difference(now, images), (1, 2, 3))
            lack = margin(victim.logits(now), classes, targeted) + confidence
            loss = squared + constant * tf.maximum(lack + SURE, 0)
        size = learning_rate * 0.1 ** (number / iterations)
        deceives = lack < -SURE
        stepped = adam_step(*adam, tape.gradient(loss, adam[0]), number, size)
        return number + 1, stepped, nearer(kept, now, squared, deceives)

    start = (0.0, (w, tf.zeros_like(w), tf.zeros_like(w)), (nearest, distance, tf.zeros_like(constant, tf.bool)))
    _, adam, kept = tf.while_loop(lambda *_: True, descend, start, maximum_iterations=iterations)
    return adam[0], *kept


def nearer(kept: Kept, now: tf.Tensor, squared: tf.Tensor, deceives: tf.Tensor) -> Kept:
    """Return what is kept after another look at images `now`, (N, ...), at these squared distances, (N,)."""
    nearest, distance, deceived = kept
    better = deceives & (squared < distance)
    nearest = tf.where(tf.reshape(better, (-1, *[1] * (now.shape.rank - 1))), now, nearest)
    return nearest, tf.where(better, squared, distance), deceived | deceives


def adam_step(
    values: tf.Tensor, mean: tf.Tensor, square: tf.Tensor, slope: tf.Tensor, number: tf.Tensor, size: tf.Tensor
) -> Adam:
    """Return values and both averages after one step of Adam; `number` counts from 0, `size` is the learning rate."""
    mean, square = 0.9 * mean + 0.1 * slope, 0.999 * square + 0.001 * slope**2
    size *= tf.sqrt(1 - 0.999 ** (number + 1)) / (1 - 0.9 ** (number + 1))
    return values - size * mean / (tf.sqrt(square) + 1e-8), mean, square


def _in_range(images: tf.Tensor) -> tf.Tensor:
    """Clip what INSIDE lets go .0005 too far, and let gradients pass."""
    return images + tf.stop_gradient(tf.clip_by_value(images, 0, 1) - images)


ATTACK = Attack(
    name="carlini_wagner",
    label="Carlini & Wagner (L2)",
    source="Carlini and Wagner 2017, Towards Evaluating the Robustness of Neural Networks",
    norm="l2",
    run=attack,
    settings=CarliniWagner,
)
