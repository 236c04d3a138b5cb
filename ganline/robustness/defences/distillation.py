"""Defensive distillation: a classifier that learns the probabilities of another at a temperature.

Papernot et al. 2016, "Distillation as a Defense to Adversarial Perturbations against Deep Neural Networks": a teacher
learns with the softmax of its logits over a temperature T, a student of the same shape learns the teacher's softmax at
T, and is used at T = 1. There its logits are about T times as large, and the gradient of its softmax vanishes in
float32. It is hidden, not gone: Carlini & Wagner 2017 ("Towards Evaluating the Robustness of Neural Networks") attack
the logits over T.
"""

import numpy as np
import tensorflow as tf

from ganline.models.victims import Plan, Victim, as_floats, build, cross_entropy, fit, one_hot, victim_of
from ganline.robustness.defences.base import Defence, Defended, Lesson
from ganline.settings.defences import Distillation

APART = 104_729
"""Between the seeds of teacher and student."""


def defend(lesson: Lesson, settings: Distillation) -> Defended:
    """Return the student of a teacher, both of the victim's kind."""
    teacher = _taught(lesson, settings, one_hot(lesson.labels, lesson.classes), "teacher", lesson.seed)
    said = victim_of(teacher).logits_of(as_floats(np.asarray(lesson.images))) / settings.temperature
    student = _taught(lesson, settings, tf.nn.softmax(said).numpy(), "student", (lesson.seed + APART) % 2**31)

    def undistilled() -> Victim:
        return Victim(
            lambda images: student(images, training=False) / settings.temperature, lesson.image_shape, lesson.classes
        )

    return Defended(lambda images: student(images, training=False), lesson.image_shape, lesson.classes, undistilled)


def _taught(lesson: Lesson, settings: Distillation, targets: np.ndarray, who: str, seed: int) -> tf.keras.Model:
    """Return a network that learned these probabilities, float32 (N, classes), at the temperature."""
    network = build(lesson.kind, lesson.image_shape, lesson.classes, seed)
    fit(
        network,
        lambda chosen, step: (as_floats(lesson.images[chosen]), targets[chosen]),
        len(lesson.images),
        seed,
        f"distillation, {who}",
        lambda wanted, logits: cross_entropy(wanted, logits / settings.temperature),
        Plan(settings.steps),
    )
    return network


DEFENCE = Defence(
    "distillation",
    "Defensive distillation",
    "Papernot et al. 2016, Distillation as a Defense to Adversarial Perturbations against Deep Neural Networks",
    "attacks the logits as they were before the temperature was taken away",
    hides=True,
    defend=defend,
    settings=Distillation,
)
