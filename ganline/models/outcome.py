"""What counts as a success of an attack, and how far its images lie from the originals: counted here alone.

An attack is judged on the images that the victim had right. A failure stays a failure, whatever came back, and its
distance counts in no mean.
"""

from typing import NamedTuple

import numpy as np

from ganline.models.victims import Victim

SAME = 1e-6
"""Pixels that differ by less are the same: what rounding of float32 leaves."""


class Distances(NamedTuple):
    """Of each image from its original, float64 (N,) each."""

    l0: np.ndarray
    """Pixels changed in any channel."""
    l2: np.ndarray
    linf: np.ndarray


class Outcome(NamedTuple):
    """What became of N images."""

    had_right: np.ndarray
    """bool (N,): whether the victim told the original's class; of targeted attacks, whether it was not the target's."""
    succeeded: np.ndarray
    """bool (N,): of these, whether it is now deceived."""
    distances: Distances
    """Of all N; only those that succeeded say anything."""

    @property
    def success_rate(self) -> float:
        """Share of the images that the victim had right which deceive it now; NaN where it had none right."""
        return float(self.succeeded[self.had_right].mean()) if self.had_right.any() else float("nan")

    def mean(self, norm: str) -> float:
        """Return the mean distance ("l0", "l2", "linf") of the successes; NaN where there is none."""
        found = getattr(self.distances, norm)[self.succeeded]
        return float(found.mean()) if len(found) else float("nan")


def outcome(
    victim: Victim, images: np.ndarray, adversarial: np.ndarray, labels: np.ndarray, targets: np.ndarray | None = None
) -> Outcome:
    """Return what became of images under an attack.

    Args:
        victim: whom the images are shown to.
        images: the originals, float32 (N, H, W, C) in 0 to 1.
        adversarial: what the attack made of them, likewise.
        labels: their true classes, integers (N,).
        targets: the classes that a targeted attack aimed at, integers (N,); None where any error is a success.
    """
    before, after = victim.predict(images), victim.predict(adversarial)
    had_right = before == labels
    if targets is not None:
        had_right &= before != targets
    deceived = after != labels if targets is None else after == targets
    usable = np.isfinite(adversarial).all(axis=(1, 2, 3))
    return Outcome(had_right, had_right & deceived & usable, distances(images, adversarial))


def distances(images: np.ndarray, adversarial: np.ndarray) -> Distances:
    """Return how far images lie from their originals, both float32 (N, H, W, C)."""
    change = np.abs(adversarial.astype(np.float64) - images)
    l0 = (change > SAME).any(axis=3).sum(axis=(1, 2)).astype(np.float64)
    return Distances(l0, np.sqrt((change**2).sum(axis=(1, 2, 3))), change.max(axis=(1, 2, 3)))
