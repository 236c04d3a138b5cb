"""There and back through both directions of a translator, and what the return rests on: the picture, or what it hides.

A cycle loss asks that an image comes back as it was. Where a translation shows less than the image held, training
obeys by hiding the rest in it, as noise that no eye sees and the way back reads (Chu, Zhmoginov and Sandler 2017,
"CycleGAN, a Master of Steganography"). Noise as faint, added before going back, tells the two apart: it overwrites what
is hidden, and does little to what is shown (Bashkirova, Usman and Saenko 2019, "Adversarial Self-Defense for
Cycle-Consistent GANs", measure this sensitivity).
"""

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from ganline.core.random import generator

NOISE = 4.0
"""Deviation, in grey levels of 256, of the noise by which hiding is judged: hardly seen, and more than what hides."""

HARDLY = 0.1
"""Share of an image, over its mean image, that must come back for anything to be known of it."""

Way = Callable[[np.ndarray], np.ndarray]
"""uint8 images (N, H, W, C) of one domain -> uint8 (N, H', W', C') of the other."""


class Cycle(NamedTuple):
    """Mean absolute differences, 0 to 1, shares of the whole range of a pixel."""

    error: float
    """Of what was put in and what comes back."""
    disturbed: float
    """The same where the translation was disturbed before going back."""
    disturbance: float
    """Of the translation and the disturbed one."""
    ignorance: float
    """Of what was put in and its mean over all images: what a way back gets that knows nothing of its image."""

    @property
    def share(self) -> float:
        """`error` over `ignorance`: 0 where all comes back, 1 and more where nothing does."""
        return self.error / max(self.ignorance, 1e-6)

    @property
    def lost(self) -> float:
        """Share of what came back that the disturbance takes away, 0 and less to 1 and more; NaN where hardly
        anything did.
        """
        known = self.ignorance - self.error
        return (self.disturbed - self.error) / known if known > HARDLY * self.ignorance else float("nan")

    @property
    def gain(self) -> float:
        """How much the error grows over what the disturbance changes; about 1 and less where nothing is hidden."""
        return (self.disturbed - self.error) / max(self.disturbance, 1e-6)


def cycle(images: np.ndarray, translated: np.ndarray, back: Way, disturb: Way) -> Cycle:
    """Return what comes back of N images uint8 (N, H, W, C) from their translations uint8 (N, H', W', C')."""
    disturbed = disturb(translated)
    mean = np.broadcast_to(images.mean(axis=0).round().astype(np.uint8), images.shape)
    return Cycle(
        apart(images, back(translated)), apart(images, back(disturbed)), apart(translated, disturbed),
        apart(images, mean),
    )  # fmt: skip


def noised(images: np.ndarray, deviation: float, seed: int) -> np.ndarray:
    """Return uint8 images (N, H, W, C) with noise of this deviation in grey levels, a function of the seed alone."""
    noise = generator(seed, "diagnosis/noise").normal(0.0, deviation, images.shape)
    return np.clip(np.rint(images + noise), 0, 255).astype(np.uint8)


def apart(first: np.ndarray, second: np.ndarray) -> float:
    """Return the mean absolute difference, 0 to 1, of uint8 images of one shape."""
    return float(np.mean([cv2.absdiff(one, other).mean() for one, other in zip(first, second, strict=True)]) / 255)
