"""Nearest neighbours: the classes of the training images nearest to an image.

The features are the principal components of images. Those of the victim's own layers are no defence: what deceives it
has moved them already.
"""

import numpy as np
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier

from ganline.robustness.defences.base import Defence, Defended, Lesson
from ganline.robustness.defences.hiding import flat, hidden
from ganline.settings.defences import NearestNeighbours

MOST = 20_000
"""Training images among which neighbours are looked for, at most."""
COMPONENTS = 50
"""Features, at most."""


def defend(lesson: Lesson, settings: NearestNeighbours) -> Defended:
    """Return the vote of the nearest training images."""
    known = flat(lesson.images[:MOST]) / np.float32(255)
    count = min(COMPONENTS, *known.shape)
    features = PCA(count, svd_solver="randomized", random_state=lesson.seed).fit(known)
    neighbours = KNeighborsClassifier(min(settings.neighbours, len(known)))
    neighbours.fit(features.transform(known), lesson.labels[:MOST])

    def probabilities(images: np.ndarray) -> np.ndarray:
        return np.asarray(neighbours.predict_proba(features.transform(images)))

    return hidden(lesson, probabilities, neighbours.classes_, settings.surrogate_steps, "the neighbours")


DEFENCE = Defence(
    "nearest_neighbours",
    "Nearest neighbours",
    "Cover & Hart 1967, Nearest Neighbor Pattern Classification; as a defence The GAN Book, Chaudhary 2024, Skill 11",
    "trains a surrogate network on the neighbours' answers, and attacks that",
    hides=True,
    defend=defend,
    settings=NearestNeighbours,
)
