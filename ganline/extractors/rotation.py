"""A classifier of four rotations: where there are no classes, it learns by which right angle an image was turned.

For that it must see what is in the image (Gidaris et al. 2018).
"""

import numpy as np

from ganline.extractors.classifier import Batch, network, trained
from ganline.extractors.network import About, Extractor
from ganline.settings.schema import Extractor as Settings

__all__ = ["ABOUT", "network", "rotation_accuracy", "train_rotation"]
ABOUT = About(frozenset({"probabilities", "places", "fast to look"}))
ROTATIONS = ("0 degrees", "90 degrees", "180 degrees", "270 degrees")
"""The classes, counterclockwise."""


def train_rotation(images: np.ndarray, settings: Settings, seed: int) -> Extractor:
    """Return a classifier of the four rotations of uint8 images (N, H, H, C) by right angles (Gidaris et al. 2018).

    An epoch shows every image in all four rotations, side by side in one batch. Pure and deterministic like
    `train_classifier`.

    Raises:
        UserError: nothing learned.
    """

    def batch(chosen: np.ndarray) -> Batch:
        upright = images[chosen]  # turned here, not all beforehand: memory for one batch is enough
        turned = [np.rot90(upright, quarters, axes=(1, 2)) for quarters in range(len(ROTATIONS))]
        return np.concatenate(turned), np.repeat(np.arange(len(ROTATIONS), dtype=np.int32), len(chosen))

    images_a_batch = max(1, settings.batch_size // len(ROTATIONS))
    return trained("rotation", ROTATIONS, images, batch, images_a_batch, settings, seed)


def rotation_accuracy(extractor: Extractor, images: np.ndarray) -> float:
    """Return the share of all four rotations of uint8 images (N, H, H, C) that a rotation extractor tells apart."""
    found = [
        extractor.extract(np.rot90(images, quarters, axes=(1, 2))).probabilities.argmax(axis=1) == quarters
        for quarters in range(len(ROTATIONS))
    ]
    return float(np.mean(found))
