"""Projected gradient descent: FGSM in small steps from a random start, never farther than epsilon.

    x_0 = clip(x + u), u ~ U[-epsilon, epsilon];    x_i+1 = clip(project(x_i + step sign(grad J(x_i, y))))

where `project` keeps each pixel within epsilon of the original. With a target the step goes down J(x_i, t). An image
that deceives after any restart is kept; the others end as the last restart left them.
"""

import numpy as np
import tensorflow as tf

from ganline.core.random import key
from ganline.models.victims import Victim
from ganline.robustness.attacks.base import Adversarial, Aim, Attack, compiled, sign_of
from ganline.robustness.attacks.fgsm import loss_gradient
from ganline.settings.attacks import Pgd


def attack(victim: Victim, aim: Aim, settings: Pgd) -> Adversarial:
    """Return the images where the iterations ended; a query an iteration, and one to see what came of a restart."""
    numbers = np.array([settings.epsilon, settings.step], np.float32)
    found, queries = aim.images.copy(), np.zeros(len(aim.images), np.int64)
    left = np.arange(len(found))
    for restart in range(settings.restarts):
        start = tf.random.stateless_uniform(found.shape, key(aim.seed, "attack/pgd", restart), -1, 1).numpy()[left]
        found[left] = descend(
            victim, settings.iterations, aim.images[left], start, aim.classes[left], sign_of(aim), *numbers
        )
        queries[left] += settings.iterations + (settings.restarts > 1)
        if restart < settings.restarts - 1:
            now = victim.predict(found[left])
            left = left[(now == aim.classes[left]) == (aim.targets is None)]
        if not len(left):
            break
    return Adversarial(found, queries)


@compiled
def descend(
    victim: Victim,
    iterations: int,
    images: tf.Tensor,
    start: tf.Tensor,
    classes: tf.Tensor,
    sign: tf.Tensor,
    epsilon: tf.Tensor,
    step: tf.Tensor,
) -> tf.Tensor:
    """Return images after so many steps by which the loss of the classes, times the sign, grows.

    Args:
        victim: who is to be deceived.
        iterations: how many steps.
        images: float32 (N, H, W, C) in 0 to 1.
        start: where to begin, likewise, from -1 to 1 times epsilon about the images.
        classes: int64 (N,).
        sign: 1, or -1 where the classes are to be reached.
        epsilon: how far a pixel may go.
        step: how far in one of the steps.
    """
    low, high = tf.maximum(images - epsilon, 0), tf.minimum(images + epsilon, 1)
    now = tf.clip_by_value(images + epsilon * start, low, high)

    def descend(now: tf.Tensor) -> tuple[tf.Tensor]:
        return (tf.clip_by_value(now + sign * step * tf.sign(loss_gradient(victim, now, classes)), low, high),)

    return tf.while_loop(lambda _: True, descend, (now,), maximum_iterations=iterations)[0]


ATTACK = Attack(
    name="pgd",
    label="PGD",
    source="Madry et al. 2018, Towards Deep Learning Models Resistant to Adversarial Attacks",
    norm="linf",
    run=attack,
    settings=Pgd,
)
