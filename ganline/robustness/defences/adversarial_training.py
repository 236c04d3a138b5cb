"""Adversarial training: a classifier that learns from images under attack.

Madry et al. 2018, "Towards Deep Learning Models Resistant to Adversarial Attacks": each batch is attacked by projected
gradient descent from a random start, and the classifier learns from what comes of it,

    min over weights, E max over |d|_inf <= epsilon of the cross-entropy of x + d.

Capacity matters (their section 4): the classifier is twice as wide as the victim. At the full epsilon a fresh network
learns to tell nothing apart, so epsilon rises to it in the first part of the steps.
"""

import numpy as np

from ganline.core.random import generator
from ganline.models.victims import Plan, as_floats, build, fit, one_hot, victim_of
from ganline.robustness.attacks.pgd import descend
from ganline.robustness.defences.base import Defence, Defended, Lesson
from ganline.settings.defences import AdversarialTraining

RISE = 0.4
"""Share of the steps in which epsilon rises."""
WIDTH = 2
"""Times the victim's. On MNIST, of 500 digits under PGD at 0.3 that knew it (20 steps), as wide as the victim told 85 %
right after 2,000 steps, and this 91 % after 2,500."""


def defend(lesson: Lesson, settings: AdversarialTraining) -> Defended:
    """Return a wider classifier of the victim's kind that learned from images under attack."""
    network = build(lesson.kind, lesson.image_shape, lesson.classes, lesson.seed, WIDTH)
    learner, targets = victim_of(network), one_hot(lesson.labels, lesson.classes)
    largest = np.array([settings.epsilon, settings.step], np.float32)

    def examples(chosen: np.ndarray, step: int) -> tuple[np.ndarray, np.ndarray]:
        images, labels = as_floats(lesson.images[chosen]), lesson.labels[chosen].astype(np.int64)
        drawn = generator(lesson.seed, "adversarial_training/start", step).uniform(-1, 1, images.shape)
        now = largest * np.float32(min(1.0, (step + 1) / (RISE * settings.steps)))
        start = drawn.astype(np.float32)
        return descend(learner, settings.iterations, images, start, labels, np.float32(1), *now), targets[chosen]

    fit(network, examples, len(lesson.images), lesson.seed, "adversarial training", plan=Plan(settings.steps))
    return Defended(learner.logits, lesson.image_shape, lesson.classes)


DEFENCE = Defence(
    "adversarial_training",
    "Adversarial training",
    "Madry et al. 2018, Towards Deep Learning Models Resistant to Adversarial Attacks",
    "attacks the classifier itself, which hides nothing",
    hides=False,
    defend=defend,
    settings=AdversarialTraining,
)
