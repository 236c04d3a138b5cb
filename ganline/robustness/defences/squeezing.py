"""Feature squeezing: fewer shades and a median filter, and a detector of images that are told another class for it.

Xu et al. 2018, "Feature Squeezing: Detecting Adversarial Examples in Deep Neural Networks": rounding pixels to a few
bits and replacing each by the median of its neighbours take from attackers the room in which they work. The detector
rejects an image where the classifier's probabilities differ, before and after one of the two, by more (in L1) than
those of nearly all unharmed images do. The rounding hides gradients, and an attacker lets them pass it.
"""

import numpy as np
import tensorflow as tf

from ganline.models.victims import Logits, Victim
from ganline.robustness.defences.base import (
    Defence,
    Defended,
    Lesson,
    evading,
    loudness,
    straight_through,
    threshold,
)
from ganline.settings.defences import Squeezing


def defend(lesson: Lesson, settings: Squeezing) -> Defended:
    """Return the victim that sees images through both squeezers, and rejects those that either changes too much."""
    victim = lesson.victim
    squeezers: list[Logits] = [lambda images: rounded(images, settings.bits)]
    if settings.median > 1:
        squeezers.append(lambda images: median(images, settings.median))

    def squeezed(images: tf.Tensor) -> tf.Tensor:
        for squeezer in squeezers:
            images = squeezer(images)
        return images

    def score(images: tf.Tensor) -> tf.Tensor:
        plain = tf.nn.softmax(victim.logits(images))
        apart = [_l1(plain, tf.nn.softmax(victim.logits(straight_through(each, images)))) for each in squeezers]
        return tf.reduce_max(tf.stack(apart), axis=0)

    limit = threshold(_scores(score, lesson.kept_back), settings.false_alarms)

    def known() -> Victim:
        def logits(images: tf.Tensor) -> tf.Tensor:
            said = victim.logits(straight_through(squeezed, images))
            return evading(said, loudness(said, score(images) / limit))

        return Victim(logits, lesson.image_shape, lesson.classes)

    return Defended(
        lambda images: victim.logits(squeezed(images)),
        lesson.image_shape,
        lesson.classes,
        known,
        gradients=False,
        sees=squeezed,
        alarm=lambda images: score(images) / limit - 1.0,
    )


def rounded(images: tf.Tensor, bits: int) -> tf.Tensor:
    """Return images, float32 in 0 to 1, with pixels of 2^bits evenly spread values."""
    steps = float(2**bits - 1)
    return tf.round(images * steps) / steps


def median(images: tf.Tensor, size: int) -> tf.Tensor:
    """Return images (N, H, W, C) each of whose pixels is the median of a window of size x size, mirrored at the edges.

    Of an even number of pixels it is the higher of the middle two, and the window reaches up and left the farther, as
    SciPy's median_filter has both.
    """
    before = size // 2
    padding = [[0, 0], [before, size - 1 - before], [before, size - 1 - before], [0, 0]]
    wide, height, width = tf.pad(images, padding, "SYMMETRIC"), images.shape[1], images.shape[2]
    window = [wide[:, i : i + height, j : j + width] for i in range(size) for j in range(size)]
    return tf.sort(tf.stack(window, axis=-1), axis=-1)[..., len(window) // 2]


def _l1(one: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.abs(one - other), axis=1)


def _scores(score: Logits, images: np.ndarray) -> np.ndarray:
    return tf.function(score)(tf.constant(images)).numpy()


DEFENCE = Defence(
    "squeezing",
    "Feature squeezing",
    "Xu et al. 2018, Feature Squeezing: Detecting Adversarial Examples in Deep Neural Networks",
    "lets gradients pass the squeezers (BPDA) and keeps the detector's score low",
    hides=True,
    defend=defend,
    settings=Squeezing,
)
