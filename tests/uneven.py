"""Numbers that look random and are the same in every version of every library, to compare packages on."""

import numpy as np


def uneven(count, dimensions, salt):
    """Return float64 (count, dimensions) in -1..1; another `salt` gives others."""
    i, j = np.ogrid[:count, :dimensions]
    mixed = ((7919 * i + 104_729 * j + 31 * i * j + 1_299_709 * salt) * 48_271) % 65_537
    return (mixed * (mixed + 17 + salt)) % 65_537 / 32_768.5 - 1.0


TRAIN, HELD_OUT = uneven(300, 6, 1), uneven(200, 6, 2)
FAKE = 1.2 * uneven(200, 6, 3) + 0.05 * np.arange(6)
NEAR = np.concatenate([TRAIN[:60] + 0.01, FAKE[:140]])
"""FAKE of which some nearly repeat training images."""
