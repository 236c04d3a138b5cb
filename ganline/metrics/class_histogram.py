"""How generated images spread over the classes of the data: what mode collapse shows in.

From the class that a classifier finds most likely for each image: the entropy of the histogram of classes in bits,
-sum_c p_c log2 p_c, and the number of classes that are there. Ten classes equally often are 3.32 bits; The GAN Book
(Chaudhary 2024, Skill 3) shows a collapse from six digits and 2.34 bits to two digits and 0.98 bits.

How to read it: beside the same figures of real images. Far lower means that classes are missing or rare. Variety inside
a class is not seen.
"""

from typing import NamedTuple

import numpy as np

from ganline.metrics import checks

SEEN = 0.1
"""A class counts as seen from this part of an even share on: 1 % of the images where there are ten classes. The errors
of a good classifier alone stay below it."""


class ClassHistogram(NamedTuple):
    """What the histogram of the most likely classes says."""

    entropy: float
    """In bits, 0 to log2 of the number of classes."""
    seen: int
    """Classes that hold at least SEEN of an even share."""


def class_histogram(probabilities: np.ndarray) -> ClassHistogram:
    """Return entropy and classes seen of N images from their class probabilities, float (N, K).

    Raises:
        ValueError: not a finite matrix with at least one row.
    """
    probabilities = checks.matrix(probabilities, "probabilities", rows=1)
    count, classes = probabilities.shape
    shares = np.bincount(probabilities.argmax(axis=1), minlength=classes) / count
    present = shares[shares > 0]
    entropy = -np.sum(present * np.log2(present)) + 0.0  # + 0.0: one class alone gives 0, not -0
    return ClassHistogram(float(entropy), int(np.sum(shares >= SEEN / classes)))


def class_agreement(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of images whose most likely class is their label.

    Args:
        probabilities: float, (N, K).
        labels: integers 0 to K - 1, (N,).

    Raises:
        ValueError: not a finite matrix with at least one row, or not one label a row.
    """
    probabilities = checks.matrix(probabilities, "probabilities", rows=1)
    if labels.shape != (len(probabilities),):
        raise ValueError(f"labels: expected shape ({len(probabilities)},), got {labels.shape}")
    return float(np.mean(probabilities.argmax(axis=1) == labels))
