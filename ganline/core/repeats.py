"""Pictures that a dataset holds twice, by the distance of each to the nearest other.

What a measure calls usual of images that were never shown (how near they come to training images, or to one another)
must not rest on pictures that were: one in a hundred would set a first percentile to 0, and every copy would pass.
"""

import numpy as np

SAME = 0.01
"""Of the mean distance to the nearest other image: nearer than this, an image is the other one again, perhaps saved
anew. In dozens of dimensions no two different ones come so near."""


def repeats(distances: np.ndarray) -> np.ndarray:
    """Return bool (N,): which images repeat another, by their distances to the nearest other image, (N,) >= 0."""
    return np.asarray(distances <= SAME * np.mean(distances))
