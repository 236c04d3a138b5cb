"""The luminance of what is enlarged, as papers of super-resolution compare it.

They measure on Y of YCbCr alone (ITU-R BT.601, as MATLAB's rgb2ycbcr gives it, rounded to 8 bits), and leave out a
border as wide as the scale, where enlarging lacks neighbours. So figures compare with theirs where images and scale are
theirs, too, and small images were made as theirs were: by MATLAB's bicubic imresize, which ours are not.
"""

from collections.abc import Callable

import numpy as np

from ganline.metrics.pairs import per_pair
from ganline.metrics.record import Case


def luminance(images: np.ndarray) -> np.ndarray:
    """Return Y, uint8 (N, H, W, 1), 16 to 235, of images uint8 (N, H, W, 3); grey images as they are."""
    if images.shape[3] == 1:
        return images
    y = 16 + images @ (np.array([65.481, 128.553, 24.966]) / 255)
    return np.floor(y + 0.5).astype(np.uint8)[..., None]


def scale_of(case: Case) -> int:
    """Return by how much the images are larger than what they were made of."""
    return case.real.images.shape[1] // case.given_images.shape[1]


def on_luminance(case: Case, name: str, compare: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> dict[str, float]:
    """Return what `per_pair` returns of Y, less the border.

    Raises:
        ValueError: as `per_pair`, or nothing is left.
    """
    border, side = scale_of(case), min(case.real.images.shape[1:3])
    if side <= 2 * border:
        raise ValueError(f"{name}: nothing is left of {side} pixels without a border of {border}")
    inner = (slice(None), slice(border, -border), slice(border, -border))
    outputs, targets = (luminance(images[inner]) for images in (case.sample.images, case.real.images))
    return per_pair(outputs, targets, name, compare)
