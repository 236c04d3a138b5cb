"""Do the edges of one image lie where those of another lie?

The boundary F measure of Martin, Fowlkes and Malik 2004, "Learning to Detect Natural Image Boundaries Using Local
Brightness, Color, and Texture Cues", in the form of Csurka et al. 2013, "What is a good evaluation measure for
semantic segmentation?": precision is the share of the output's edge pixels that have one of the input's within a
tolerance, .75 % of the image's diagonal and one pixel at least; recall is the share of the input's that have one of the
output's; F is their harmonic mean. Edges are Canny's (1986, "A Computational Approach to Edge Detection"), whose upper
threshold is the magnitude of gradient that 70 % of the image's pixels stay below, and whose lower one is .4 of it, as
in MATLAB's `edge`: so a change of contrast moves no edge.
"""

import math

import cv2
import numpy as np

from ganline.datasets.resize import to_channels

TOLERANCE = 0.0075
"""Share of the diagonal."""
BLUR = 1.0
"""Deviation in pixels of the blur before gradients are taken."""
WEAKER = 0.7
"""Share of the pixels whose gradient is no edge's."""
LOWER = 0.4
"""The lower threshold over the upper one."""
LEAST = 16
"""Sobel's gradient below which there is no edge: that of a step of some 7 grey levels."""


def edge_agreement(outputs: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """Return F, float64 (N,), 0 to 1, of N pairs of images uint8 (N, H, W, C); NaN where the input has no edge."""
    pairs = zip(outputs, inputs, strict=True)
    return np.array([_agreement(edges(output), edges(given)) for output, given in pairs], np.float64)


def edges(image: np.ndarray) -> np.ndarray:
    """Return where an image uint8 (H, W, 1 or 3) has edges, bool (H, W)."""
    grey = to_channels(image[..., 0] if image.shape[2] == 1 else image, 1)
    smooth = cv2.GaussianBlur(grey, (0, 0), BLUR)
    across, down = cv2.Sobel(smooth, cv2.CV_16S, 1, 0), cv2.Sobel(smooth, cv2.CV_16S, 0, 1)
    strength = np.hypot(np.asarray(across, np.float32), np.asarray(down, np.float32))
    upper = max(LEAST, float(np.quantile(strength, WEAKER)))
    return cv2.Canny(across, down, LOWER * upper, upper, L2gradient=True).astype(bool)


def _agreement(output: np.ndarray, given: np.ndarray) -> float:
    if not given.any():
        return float("nan")
    if not output.any():
        return 0.0
    near = max(1.0, TOLERANCE * math.hypot(*given.shape))
    precision, recall = _near(output, given, near), _near(given, output, near)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _near(those: np.ndarray, others: np.ndarray, tolerance: float) -> float:
    """Return the share of those edge pixels that have one of the others within the tolerance."""
    distances = cv2.distanceTransform((~others).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return float(np.mean(distances[those] <= tolerance))
