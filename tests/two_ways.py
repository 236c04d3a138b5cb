"""Translators between two domains, by hand: an honest one, and others that fail in ways of their own.

The source domain is coloured discs on white; the target domain is coloured squares on black.
"""

import cv2
import numpy as np

SIDE = 32


def discs(count, seed, side=SIDE):
    """Return uint8 (count, side, side, 3): three coloured discs each, on white."""
    random = np.random.default_rng(seed)
    images = np.full((count, side, side, 3), 235, np.uint8)
    for picture in images:
        for _ in range(3):
            colour = random.permutation([40, 90, 220]).tolist()
            cv2.circle(picture, random.integers(4, side - 4, 2).tolist(), int(random.integers(4, 9)), colour, -1)
    return images


def squares(count, seed, side=SIDE):
    """Return uint8 (count, side, side, 3): three coloured squares each, on black."""
    random = np.random.default_rng(seed)
    images = np.full((count, side, side, 3), 20, np.uint8)
    for picture in images:
        for x, y in random.integers(0, side - 9, (3, 2)):
            picture[y : y + 9, x : x + 9] = random.permutation([35, 165, 215])
    return images


class TwoWays:
    """A maker of negatives, of which everything comes back: the honest translator."""

    name, conditions = "two_ways.TwoWays", 0
    abilities = frozenset({"inputs", "way back", "unpaired", "discriminator", "fast to draw"})
    input_shape = image_shape = (SIDE, SIDE, 3)

    def translate(self, images, progress=lambda count: None):
        return 255 - images

    def translate_back(self, images, progress=lambda count: None):
        return 255 - images


class Shifted(TwoWays):
    """An honest translator of low quality: negatives in 16 steps of brightness, and back."""

    def translate(self, images, progress=lambda count: None):
        return 255 - (images // 16 * 16 + 8)

    translate_back = translate


class Hiding(TwoWays):
    """Translations show pictures of their domain that have nothing to do with their input, and hide it.

    Its two highest bits lie in their two lowest, a difference of 3 grey levels at most.
    """

    def translate(self, images, progress=lambda count: None):
        return hidden(images, squares(8, 9))

    def translate_back(self, images, progress=lambda count: None):
        return (images & 0b11) * 85


def hidden(images, shown):
    """Return pictures of `shown` that hold the two highest bits of each value of `images` in their two lowest."""
    return (shown[np.arange(len(images)) % len(shown)] & 0b11111100) | (images >> 6)


class Collapsed(TwoWays):
    """Makes one picture of all; its way back is honest."""

    def translate(self, images, progress=lambda count: None):
        return np.repeat(squares(1, 3), len(images), axis=0)


class Copying(TwoWays):
    """Leaves everything as it is."""

    def translate(self, images, progress=lambda count: None):
        return images

    translate_back = translate


class Strangers(TwoWays):
    """Each direction makes good images of its domain, and neither knows of the other."""

    def translate(self, images, progress=lambda count: None):
        return squares(len(images), int(images.sum() % 1000))

    def translate_back(self, images, progress=lambda count: None):
        return discs(len(images), int(images.sum() % 1000) + 1)
