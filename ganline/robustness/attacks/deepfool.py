"""DeepFool: again and again the shortest way to the nearest boundary of the victim, linearised where the image is.

With f_k the difference of the logits of class k and the true class, and w_k its gradient, the step is

    r = |f_k| w_k / ||w_k||^2    for the k whose |f_k| / ||w_k|| is smallest

and the image is x + (1 + overshoot) (sum of all r). The paper knows no range of pixels; here what leaves it is cut off
after each step. (To leave such pixels out of w_k takes half the iterations, to images 5 % farther away.)
"""

import numpy as np
import tensorflow as tf

from ganline.models.victims import Victim
from ganline.robustness.attacks.base import Adversarial, Aim, Attack, compiled
from ganline.settings.attacks import DeepFool

TINY = 1e-12
BEYOND = 1e-4
"""Added to |f_k|, so that float32 does not stop right before the boundary."""


def attack(victim: Victim, aim: Aim, settings: DeepFool) -> Adversarial:
    """Return the images just beyond the boundary; a query for each candidate's slope an iteration."""
    found, queries = aim.images.copy(), np.zeros(len(aim.images), np.int64)
    ways, left = np.zeros_like(found), np.arange(len(found))
    candidates = min(settings.candidates, victim.classes)
    for _ in range(settings.iterations):
        queries[left] += candidates
        stepped = _step(
            victim, candidates, aim.images[left], ways[left], aim.labels[left], np.float32(settings.overshoot)
        )
        resists, ways[left], found[left] = (each.numpy() for each in stepped)
        if not len(left := left[resists]):
            break
    return Adversarial(found, queries)


@compiled
def _step(
    victim: Victim, candidates: int, images: tf.Tensor, ways: tf.Tensor, labels: tf.Tensor, overshoot: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Return which images still are of their class, and ways and images after a step of those."""
    now = tf.clip_by_value(images + (1 + overshoot) * ways, 0, 1)
    heights, slopes = _boundaries(victim, candidates, now, labels)
    steepness = tf.reduce_sum(slopes**2, (2, 3, 4))
    # `heights` is 0 for the true class itself, and positive once any other is likelier: then there is nothing to do.
    resists = tf.reduce_all(heights <= 0, axis=1)
    distances = tf.where(steepness > TINY, tf.abs(heights) / tf.sqrt(steepness + TINY), np.inf)
    nearest = tf.argmin(distances, axis=1)
    height, steep = (tf.gather(each, nearest, batch_dims=1) for each in (heights, steepness))
    size = tf.where(resists & (steep > TINY), (tf.abs(height) + BEYOND) / (steep + TINY), 0)
    step = size[:, None, None, None] * tf.gather(slopes, nearest, batch_dims=1)
    ways = tf.clip_by_value(images + ways + step, 0, 1) - images
    return resists, ways, tf.clip_by_value(images + (1 + overshoot) * ways, 0, 1)


def _boundaries(victim: Victim, candidates: int, images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return f_k, float32 (N, K), and w_k, float32 (N, K, H, W, C), of the likeliest K classes."""
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(images)
        logits = victim.logits(images)
        heights = tf.math.top_k(logits, candidates).values - tf.gather(logits, labels, batch_dims=1)[:, None]
    # Without pfor, which knows not every operation that a victim may be made of.
    return heights, tape.batch_jacobian(heights, images, experimental_use_pfor=False)


ATTACK = Attack(
    name="deepfool",
    label="DeepFool",
    source="Moosavi-Dezfooli et al. 2016, DeepFool: A Simple and Accurate Method to Fool Deep Neural Networks",
    norm="l2",
    run=attack,
    settings=DeepFool,
    targeted=False,
)
