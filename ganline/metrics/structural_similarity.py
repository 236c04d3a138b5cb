"""SSIM, MS-SSIM and PSNR: how alike two images are, pixel by pixel of the same place.

Wang et al. 2004, "Image Quality Assessment: From Error Visibility to Structural Similarity". In a Gaussian window of
11 pixels (deviation 1.5) round each pixel, with means m, variances v, covariance c, and the constants
a = (0.01 * 255)^2 and b = (0.03 * 255)^2:

    SSIM = (2 m1 m2 + a) / (m1^2 + m2^2 + a)  *  (2 c + b) / (v1 + v2 + b)
                     luminance                   contrast and structure

averaged over the pixels whose window lies inside the image. Wang et al. 2003, "Multiscale Structural Similarity for
Image Quality Assessment", multiply weighted powers of the second factor over five scales, each half as large as the one
before, with SSIM itself at the last. PSNR is 10 log10(255^2 / mean squared difference), in dB.

How to read them: 1 (and infinite PSNR) for equal images, about 0 for unrelated ones; more is more alike. Channels are
compared one by one and averaged. All three punish a shift by one pixel and forgive blur, PSNR most of all.
"""

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from ganline.metrics import checks

WINDOW = 11
"""Pixels a side of the window, and so of the smallest image that can be compared."""
WEIGHTS = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])
"""Of the five scales, the finest first."""
_TAPS = cv2.getGaussianKernel(WINDOW, 1.5, cv2.CV_64F)
_LUMINANCE, _CONTRAST = (0.01 * 255) ** 2, (0.03 * 255) ** 2
_BLOCK = 2**17
"""Pixels compared at a time: a dozen arrays of 1 MiB, which suit the processor's cache."""


class MultiScale(NamedTuple):
    """MS-SSIM of N pairs, and how it was made."""

    values: np.ndarray
    """float64 (N,), 0 to 1: where contrast and structure are opposed on the whole, 0."""
    scales: int
    """Scales used: 5, or fewer where the images are small."""


def ssim(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return SSIM, float64 (N,), -1 to 1, of N pairs of images uint8 (N, H, W, C).

    Raises:
        ValueError: not two sets of as many images of one size, or a side under 11 pixels.
    """
    first, second = _pairs(first, second, "SSIM", WINDOW)
    return _by_blocks(lambda x, y: _compare(_planes(x), _planes(y))[0], first, second)


def ms_ssim(first: np.ndarray, second: np.ndarray) -> MultiScale:
    """Return MS-SSIM of N pairs of images uint8 (N, H, W, C).

    Raises:
        ValueError: not two sets of as many images of one size, or a side under 11 pixels.
    """
    first, second = _pairs(first, second, "MS-SSIM", WINDOW)
    scales = scales_that_fit(*first.shape[1:3])
    weights = WEIGHTS[:scales] / WEIGHTS[:scales].sum()

    def compare(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        x, y = _planes(x), _planes(y)
        product = np.ones(len(x))
        for scale, weight in enumerate(weights):
            whole, structure = _compare(x, y)
            # A negative mean has no real power; it means no similarity.
            product *= np.maximum(whole if scale == scales - 1 else structure, 0.0) ** weight
            x, y = _halve(x), _halve(y)
        return product

    return MultiScale(_by_blocks(compare, first, second), scales)


def scales_that_fit(height: int, width: int) -> int:
    """Return how many scales of MS-SSIM keep the smaller side at 11 pixels or more, 1 to 5; 0 under 11 pixels."""
    return sum(min(height, width) >> scale >= WINDOW for scale in range(len(WEIGHTS)))


def psnr(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return PSNR in dB, float64 (N,), of N pairs of images uint8 (N, H, W, C); infinite for equal images.

    Raises:
        ValueError: not two sets of as many images of one size.
    """
    first, second = _pairs(first, second, "PSNR", 1)
    squares = _by_blocks(lambda x, y: ((x.astype(np.float64) - y) ** 2).mean(axis=(1, 2)).reshape(-1), first, second)
    with np.errstate(divide="ignore"):
        return 10.0 * np.log10(255.0**2 / squares)


def _pairs(first: np.ndarray, second: np.ndarray, measure: str, side: int) -> tuple[np.ndarray, np.ndarray]:
    first, second = checks.image_pair(first, second, measure)
    if len(first) != len(second):
        raise ValueError(f"{measure}: compares images in pairs, got {len(first)} and {len(second)}")
    if min(first.shape[1:3]) < side:
        raise ValueError(f"{measure}: images must be at least {side} pixels a side, got {first.shape[1:3]}")
    return first, second


def _by_blocks(
    function: Callable[[np.ndarray, np.ndarray], np.ndarray], first: np.ndarray, second: np.ndarray
) -> np.ndarray:
    """Return (N,): the mean over channels of `function`, which returns (n * C,) for some of the pairs."""
    step = max(1, _BLOCK // first[0].size)
    starts = range(0, len(first), step)
    parts = [function(first[i : i + step], second[i : i + step]) for i in starts]
    return np.concatenate(parts).reshape(len(first), -1).mean(axis=1)


def _planes(images: np.ndarray) -> np.ndarray:
    """Return float64 (N * C, H, W)."""
    count, height, width, channels = images.shape
    return images.transpose(0, 3, 1, 2).reshape(count * channels, height, width).astype(np.float64)


def _compare(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean SSIM and the mean of its contrast and structure, (n,) each, of planes (n, H, W)."""
    mean1, mean2 = _weighted_mean(first), _weighted_mean(second)
    product, squares = mean1 * mean2, mean1**2 + mean2**2
    covariance = _weighted_mean(first * second) - product
    variances = _weighted_mean(first**2 + second**2) - squares
    structure = (2.0 * covariance + _CONTRAST) / (variances + _CONTRAST)
    whole = structure * (2.0 * product + _LUMINANCE) / (squares + _LUMINANCE)
    return whole.mean(axis=(1, 2)), structure.mean(axis=(1, 2))


def _weighted_mean(planes: np.ndarray) -> np.ndarray:
    """Return (n, H - 10, W - 10): the windows' means."""
    # All planes on top of one another are one image to OpenCV. Windows that reach into the next are cut off.
    blurred = cv2.sepFilter2D(planes.reshape(-1, planes.shape[2]), cv2.CV_64F, _TAPS, _TAPS)
    edge = WINDOW // 2
    return np.asarray(blurred).reshape(planes.shape)[:, edge:-edge, edge:-edge]


def _halve(planes: np.ndarray) -> np.ndarray:
    """Return the means of 2x2 pixels; an odd last row or column is left out."""
    count, height, width = planes.shape
    even = planes[:, : height // 2 * 2, : width // 2 * 2]
    return even.reshape(count, height // 2, 2, width // 2, 2).mean(axis=(2, 4))
