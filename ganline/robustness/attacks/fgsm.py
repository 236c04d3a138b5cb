"""The fast gradient sign method: one step of each pixel along the sign of the loss's gradient.

    x' = clip(x + epsilon sign(grad_x J(x, y)), 0, 1)

with J the cross-entropy of the victim's logits; towards a target t: x - epsilon sign(grad_x J(x, t)).
"""

import numpy as np
import tensorflow as tf

from ganline.models.victims import Victim
from ganline.robustness.attacks.base import Adversarial, Aim, Attack, compiled, sign_of
from ganline.settings.attacks import Fgsm


def attack(victim: Victim, aim: Aim, settings: Fgsm) -> Adversarial:
    """Return the images after the step; one query each."""
    epsilon = np.float32(settings.epsilon)
    found = _step(victim, None, aim.images, aim.classes, sign_of(aim) * epsilon)
    return Adversarial(found.numpy(), np.ones(len(aim.images), np.int64))


def loss_gradient(victim: Victim, images: tf.Tensor, classes: tf.Tensor) -> tf.Tensor:
    """Return the gradient, float32 (N, H, W, C), of each image's cross-entropy with its class, int64 (N,)."""
    with tf.GradientTape() as tape:
        tape.watch(images)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(classes, victim.logits(images))
    return tape.gradient(losses, images)


@compiled
def _step(victim: Victim, _: None, images: tf.Tensor, classes: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
    return tf.clip_by_value(images + step * tf.sign(loss_gradient(victim, images, classes)), 0, 1)


ATTACK = Attack(
    name="fgsm",
    label="FGSM",
    source="Goodfellow et al. 2015, Explaining and Harnessing Adversarial Examples",
    norm="linf",
    run=attack,
    settings=Fgsm,
)
