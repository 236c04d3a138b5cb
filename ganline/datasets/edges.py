"""Pictures with sharper edges, and with smoothed ones: what CartoonGAN is shown of cartoons (Chen et al. 2018).

As The GAN Book (Chaudhary 2024, Skill 9) makes them. Both are functions of a picture alone. Sharpening is made as a
batch is made; OpenCV's Canny is not to be had inside a training step, so smoothed pictures are made once, as a training
begins, and kept in memory beside the pictures: they take as much of it again.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import cv2
import numpy as np

from ganline.core.progress import track

if TYPE_CHECKING:
    import tensorflow as tf

TAPS = (14, 62, 104, 62, 14)
"""The Gaussian of deviation 1 over five pixels in 1/256, as OpenCV 4.11 counts it for images of 8 bits."""
REACH = len(TAPS) // 2
SURE, UNSURE = 200, 100
"""Canny's thresholds: slopes that are edges, and those that are where they continue one."""
NEAR = np.ones((5, 5), np.uint8)
"""How far an edge reaches that is smoothed."""


def sharpened(images: "tf.Tensor", amount: float) -> "tf.Tensor":
    """Return images with their details laid on once more: (amount + 1) image - amount blurred, an unsharp mask.

    To the grey level what OpenCV's GaussianBlur of 5x5 pixels and deviation 1 and NumPy give, on any device.

    Args:
        images: float32 (N, H, W, C), whole numbers 0 to 255; sides of 3 pixels at least.
        amount: 0 or more; the document has 3.

    Returns:
        float32 (N, H, W, C), whole numbers 0 to 255.
    """
    import tensorflow as tf  # here: preparing pictures does without it

    height, width = images.shape[1:3]
    padded = tf.pad(images, [[0, 0], [REACH, REACH], [REACH, REACH], [0, 0]], "REFLECT")
    # Sums of whole numbers below 2^24: exact in float32, in whatever order.
    rows = tf.add_n([tap * padded[:, i : i + height] for i, tap in enumerate(TAPS)])
    blurred = tf.add_n([tap * rows[:, :, i : i + width] for i, tap in enumerate(TAPS)])
    blurred = tf.floor(blurred / 2**16 + 0.5)
    return tf.clip_by_value(tf.round((amount + 1) * images - amount * blurred), 0, 255)


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
