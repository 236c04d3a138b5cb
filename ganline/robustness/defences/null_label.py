"""Blocking transfer: a class more, the null label, for images that look attacked.

Hosseini et al. 2017, "Blocking Transferability of Adversarial Examples in Black-Box Learning Systems": what deceives
one classifier often deceives another. So the defended one learns, for images perturbed by so much, to put into the
null label the probability that a classifier is wrong on images perturbed by as much, and the rest into the true class.
Perturbed images are those of FGSM on the victim; here that probability is measured on images kept back, at levels from
0 to the largest epsilon. What is told null is rejected.
"""

import numpy as np
import tensorflow as tf

from ganline.core.random import generator
from ganline.models.victims import Plan, Victim, as_floats, build, fit, one_hot
from ganline.robustness.defences.base import Defence, Defended, Lesson, evading
from ganline.settings.defences import NullLabel

GENTLE = 0.25
"""What the null label's logit beyond the others counts, to an attacker who evades it, so that float32 feels it."""
LEVELS = 9
"""At which the victim's errors are measured; between them lies a straight line."""


def defend(lesson: Lesson, settings: NullLabel) -> Defended:
    """Return a classifier of the victim's kind that learned the null label, which is its last class."""
    classes = lesson.classes
    network = build(lesson.kind, lesson.image_shape, classes + 1, lesson.seed)
    signs, targets = _signs(lesson.victim), one_hot(lesson.labels, classes + 1)
    levels = np.linspace(0, settings.epsilon, LEVELS)
    errors = _errors(lesson, levels)

    def examples(chosen: np.ndarray, step: int) -> tuple[np.ndarray, np.ndarray]:
        images, true = as_floats(lesson.images[chosen]), targets[chosen]
        epsilon = generator(lesson.seed, "null_label/epsilon", step).uniform(0, settings.epsilon, len(images))
        moved = images + epsilon[:, None, None, None].astype(np.float32) * signs(images, lesson.labels[chosen]).numpy()
        null = np.interp(epsilon, levels, errors).astype(np.float32)[:, None]
        aimed = (1 - null) * true + null * one_hot(np.full(len(images), classes), classes + 1)
        return np.concatenate([images, np.clip(moved, 0, 1)]), np.concatenate([true, aimed])

    fit(network, examples, len(lesson.images), lesson.seed, "null label", plan=Plan(settings.steps))

    def said(images: tf.Tensor) -> tf.Tensor:
        return network(images, training=False)

    def alarm(images: tf.Tensor) -> tf.Tensor:
        found = said(images)
        return found[:, classes] - tf.reduce_max(found[:, :classes], axis=1)

    def known() -> Victim:
        def logits(images: tf.Tensor) -> tf.Tensor:
            found = said(images)[:, :classes]
            return evading(found, tf.stop_gradient(tf.reduce_max(found, axis=1)) + GENTLE * alarm(images))

        return Victim(logits, lesson.image_shape, classes)

    return Defended(lambda images: said(images)[:, :classes], lesson.image_shape, classes, known, alarm=alarm)


def _signs(victim: Victim):  # type: ignore[no-untyped-def]
    """Return a compiled function: images and labels -> the signs of the loss's gradient, float32 as the images."""

    @tf.function(reduce_retracing=True)
    def signs(images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(images)
            loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, victim.logits(images))
        return tf.sign(tape.gradient(loss, images))

    return lambda images, labels: signs(tf.constant(images), tf.constant(labels, tf.int32))


def _errors(lesson: Lesson, levels: np.ndarray) -> np.ndarray:
    """Return how often the victim errs on images kept back that are perturbed by so much, float (LEVELS,), rising.

    Its class is what the victim says of it unharmed.
    """
    images = lesson.kept_back
    told = lesson.victim.predict(images)
    signs = _signs(lesson.victim)(images, told).numpy()
    found = [np.mean(lesson.victim.predict(np.clip(images + np.float32(at) * signs, 0, 1)) != told) for at in levels]
    return np.maximum.accumulate(found)


DEFENCE = Defence(
    "null_label",
    "Null label",
    "Hosseini et al. 2017, Blocking Transferability of Adversarial Examples in Black-Box Learning Systems",
    "attacks the classifier itself, the null label's probability counted as the true class's",
    hides=False,
    defend=defend,
    settings=NullLabel,
)
