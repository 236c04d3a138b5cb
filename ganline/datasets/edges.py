"""Pictures with smoothed edges: what CartoonGAN is shown as no cartoon (Chen et al. 2018).

As The GAN Book (Chaudhary 2024, Skill 9) makes them: functions of a picture alone. OpenCV's Canny is not to be had
inside a training step, so they are made once, as a training begins, and kept in memory beside the pictures, of which
they take as much again.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np

from ganline.core.progress import track

SURE, UNSURE = 200, 100
"""Canny's thresholds: slopes that are edges, and those that are where they continue one."""
NEAR = np.ones((5, 5), np.uint8)
"""How far an edge reaches that is smoothed."""


def smoothed(image: np.ndarray) -> np.ndarray:
    """Return an image, uint8 (H, W, 1 or 3), blurred where an edge is near, and unchanged elsewhere.

    Edges are those that Canny finds in its grey picture, dilated by 5x5 pixels; blurred is the mean of the 5x5 pixels
    around, weighed by OpenCV's Gaussian of that size, the picture continued by its mirror image.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.shape[2] == 3 else image[..., 0]
    near = cv2.dilate(cv2.Canny(np.ascontiguousarray(grey), UNSURE, SURE), NEAR)
    blurred = cv2.GaussianBlur(image, (5, 5), 0, borderType=cv2.BORDER_REFLECT_101).reshape(image.shape)
    return np.where(near[..., None] > 0, blurred, image)


def all_smoothed(images: np.ndarray) -> np.ndarray:
    """Return `smoothed` of each of the images, uint8 (N, H, W, 1 or 3), in memory, with progress on the console."""
    made = np.empty(images.shape, np.uint8)
    for i, image in enumerate(track(_each(images), "smooth edges", len(images), "pictures")):
        made[i] = image
    return made


def _each(images: np.ndarray) -> Iterator[np.ndarray]:
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        yield from pool.map(smoothed, images)
