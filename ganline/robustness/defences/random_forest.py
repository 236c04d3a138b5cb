"""A random forest on pixels: its answers jump, so no gradient says where to go (Breiman 2001)."""

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from ganline.robustness.defences.base import Defence, Defended, Lesson
from ganline.robustness.defences.hiding import flat, hidden
from ganline.settings.defences import RandomForest

MOST = 20_000
"""Training images that it grows on, at most: a minute on two cores."""


def defend(lesson: Lesson, settings: RandomForest) -> Defended:
    """Return a forest that was grown on the training images; it looks at them with as many threads as there are cores.

    What it answers does not depend on their number: trees are grown each from a seed of its own.
    """
    forest = RandomForestClassifier(settings.trees, random_state=lesson.seed, n_jobs=-1)
    forest.fit(flat(lesson.images[:MOST]) / np.float32(255), lesson.labels[:MOST])
    return hidden(lesson, forest.predict_proba, forest.classes_, settings.surrogate_steps, "the forest")


DEFENCE = Defence(
    "random_forest",
    "Random forest",
    "Breiman 2001, Random Forests; as a defence The GAN Book, Chaudhary 2024, Skill 11",
    "trains a surrogate network on the forest's answers, and attacks that",
    hides=True,
    defend=defend,
    settings=RandomForest,
)
