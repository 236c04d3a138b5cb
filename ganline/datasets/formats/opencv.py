"""Reading with OpenCV, the first choice wherever it reads right."""

import cv2
import numpy as np

from ganline.datasets.unusable import DAMAGED, UnusableError

ORIENTED = cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH
"""Turns a JPEG as its EXIF data says, but loses alpha; IMREAD_UNCHANGED does the opposite."""
ORDER = {3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGBA}


def read(data: bytes, flags: int = cv2.IMREAD_UNCHANGED) -> np.ndarray:
    """Return grey (H, W), RGB (H, W, 3) or RGBA (H, W, 4) pixels as they are stored, mostly uint8 or uint16.

    Raises:
        UnusableError: OpenCV cannot decode it to its end.
    """
    try:
        # From memory OpenCV refuses files that are cut off; cv2.imread would fill the rest with grey.
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:
        pixels = None
    if pixels is None:
        raise UnusableError(DAMAGED)
    return pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, ORDER[pixels.shape[2]])
