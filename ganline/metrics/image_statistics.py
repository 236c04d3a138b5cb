"""Low-level statistics of images: spectrum, edges, brightness, contrast, saturation.

Zeng et al. 2017, "Statistics of Deep Generated Images", and Durall et al. 2020, "Watch your Up-Convolution: CNN Based
Generative Deep Neural Networks are Failing to Reproduce Spectral Distributions", find that generated images that look
right give themselves away here. Each statistic is compared between two sets of images:

    spectrum       power of an image at each distance from frequency 0, in dB, averaged over images; then the mean
                   absolute difference over the distances
    the others     1-Wasserstein distance of the two distributions, integral of |F1 - F2|, for pixels in [0, 1]:
                   gradient magnitude of every pixel; mean, deviation and mean saturation of every image

All but saturation look at the brightness of colour images (Rec. 601 luma). How to read them: 0 for equal statistics,
less is better, beside the distance of real images to real images. Differences high in the spectrum are noise, blur or
the grid that upsampling leaves. They know nothing of what the images show: images in shreds can score well.
"""

from typing import NamedTuple

import cv2
import numpy as np
import scipy.fft
from scipy.stats import wasserstein_distance

from ganline.metrics import checks
from ganline.metrics.record import Case, Measure, Number

_BLOCK = 2**20
"""Pixels looked at together: some arrays of 8 MiB."""
_ROUNDING = 1 / 12 / 255**2
"""Power, at every frequency, of the error that rounding to 256 values makes: below it nothing is known."""


class SpectrumDistance(NamedTuple):
    """Mean absolute differences of mean log spectra in dB."""

    all: float
    """Over all frequencies but 0."""
    high: float
    """Over the upper third, up to the checkerboard of single pixels."""


def spectrum_distance(first: np.ndarray, second: np.ndarray) -> SpectrumDistance:
    """Return how far the spectra of images uint8 (N, H, W, C) and (M, H, W, C), C being 1 or 3, are apart.

    Raises:
        ValueError: not two such sets of one size, or a side under 4 pixels.
    """
    first, second = checks.image_pair(first, second, "spectrum distance")
    if min(first.shape[1:3]) < 4:
        raise ValueError(f"spectrum distance: images must be at least 4 pixels a side, got {first.shape[1:3]}")
    differences = np.abs(_mean_log_spectrum(first) - _mean_log_spectrum(second))
    return SpectrumDistance(float(differences.mean()), float(differences[-(len(differences) // 3) :].mean()))


def gradient_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Return the distance of the distributions of gradient magnitudes, 0 to about 1.4.

    Gradients are differences of neighbours across and down, exact to the last pixel value.

    Raises:
        ValueError: not two sets of images uint8 (N, H, W, 1 or 3) of one size, or a side under 2 pixels.
    """
    first, second = checks.image_pair(first, second, "gradient distance")
    if min(first.shape[1:3]) < 2:
        raise ValueError(f"gradient distance: images must be at least 2 pixels a side, got {first.shape[1:3]}")
    # Squared magnitudes are whole numbers, so counting replaces sorting and the distance is exact.
    shares = [np.cumsum(counts) / counts.sum() for counts in map(_squared_gradients, (first, second))]
    widths = np.diff(np.sqrt(np.arange(len(shares[0]))))
    return float(np.abs(shares[0] - shares[1])[:-1] @ widths / 255)


def brightness_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Return the distance of the distributions of image means, 0 to 1.

    Raises:
        ValueError: not two sets of images uint8 (N, H, W, 1 or 3) of one size.
    """
    first, second = checks.image_pair(first, second, "brightness distance")
    return _distance([grey.mean(axis=(1, 2)) for grey in (grey_images(first), grey_images(second))])


def contrast_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Return the distance of the distributions of image deviations, 0 to 0.5.

    Raises:
        ValueError: not two sets of images uint8 (N, H, W, 1 or 3) of one size.
    """
    first, second = checks.image_pair(first, second, "contrast distance")
    return _distance([_deviations(grey_images(images)) for images in (first, second)])


def saturation_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Return the distance of the distributions of images' mean saturations, (max - min) / max of a pixel, 0 to 1.

    Raises:
        ValueError: not two sets of images uint8 (N, H, W, 3) of one size.
    """
    first, second = checks.image_pair(first, second, "saturation distance")
    if first.shape[3] != 3:
        raise ValueError(f"saturation distance: images must have 3 channels, got {first.shape[3]}")
    return _distance([_saturations(images) for images in (first, second)])


def grey_images(images: np.ndarray) -> np.ndarray:
    """Return the brightness of images uint8 (N, H, W, 1 or 3), uint8 (N, H, W).

    Raises:
        ValueError: another number of channels.
    """
    count, height, width, channels = images.shape
    if channels == 1:
        return images[..., 0]
    if channels != 3:
        raise ValueError(f"brightness: images must have 1 or 3 channels, got {channels}")
    tall = np.ascontiguousarray(images).reshape(count * height, width, channels)
    return np.asarray(cv2.cvtColor(tall, cv2.COLOR_RGB2GRAY)).reshape(count, height, width)


def _mean_log_spectrum(images: np.ndarray) -> np.ndarray:
    """Return the mean over images of their power in dB at 1, 2, ... cycles per shorter side, (F,)."""
    height, width = images.shape[1:3]
    down, across = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    rings = np.rint(np.hypot(down, across) * min(height, width)).astype(int).ravel()
    # Of a real image's spectrum one half is computed; its columns stand for two, but for the first and an even last.
    twice = np.where((across == 0.0) | (across == 0.5), 1.0, 2.0).repeat(height, axis=0).ravel()
    order = np.argsort(rings, kind="stable")
    starts = np.flatnonzero(np.diff(rings[order], prepend=-1))
    weights = twice[order] / (height * width * 255.0**2)
    members = np.add.reduceat(twice[order], starts)
    total = np.zeros(len(starts))
    for some in blocks(images, _BLOCK):
        power = np.abs(scipy.fft.rfft2(grey_images(some).astype(np.float64))) ** 2
        rings_power = np.add.reduceat(power.reshape(len(some), -1)[:, order] * weights, starts, axis=1) / members
        total += np.log10(rings_power + _ROUNDING).sum(axis=0)
    return 10.0 * total[1:] / len(images)


def _squared_gradients(images: np.ndarray) -> np.ndarray:
    """Return how many pixels have each squared gradient magnitude, (130051,)."""
    counts = np.zeros(2 * 255**2 + 1, np.int64)
    for some in blocks(images, _BLOCK):
        grey = grey_images(some).astype(np.int32)
        corner = grey[:, :-1, :-1]
        squares = (grey[:, 1:, :-1] - corner) ** 2 + (grey[:, :-1, 1:] - corner) ** 2
        counts += np.bincount(squares.ravel(), minlength=len(counts))
    return counts


def _deviations(grey: np.ndarray) -> np.ndarray:
    return np.concatenate([some.std(axis=(1, 2), dtype=np.float64) for some in blocks(grey, _BLOCK)])


def _saturations(images: np.ndarray) -> np.ndarray:
    parts = []
    for some in blocks(images, _BLOCK):
        red, green, blue = np.moveaxis(some, 3, 0)  # many times faster than max and min over an axis of 3
        highest = np.maximum(np.maximum(red, green), blue)
        lowest = np.minimum(np.minimum(red, green), blue)
        parts.append(((highest - lowest) / np.maximum(highest, 1)).mean(axis=(1, 2)) * 255.0)
    return np.concatenate(parts)


def blocks(images: np.ndarray, most: int) -> list[np.ndarray]:
    """Return images (N, ...) in parts of about `most` numbers, and of one image at least."""
    return np.array_split(images, min(len(images), -(-images.size // most)))


def _distance(values: list[np.ndarray]) -> float:
    return float(wasserstein_distance(*values) / 255)


def _image_statistics(case: Case) -> dict[str, float]:
    images, real = case.sample.images, case.real.images
    spectrum = spectrum_distance(images, real)
    found = {
        "spectrum_distance": spectrum.all,
        "spectrum_distance_high": spectrum.high,
        "gradient_distance": gradient_distance(images, real),
        "brightness_distance": brightness_distance(images, real),
        "contrast_distance": contrast_distance(images, real),
    }
    return found | ({"saturation_distance": saturation_distance(images, real)} if images.shape[3] == 3 else {})


MEASURE = Measure(
    "image_statistics",
    {
        "spectrum_distance": Number(
            "Spectrum distance",
            "quality",
            "lower",
            "In dB, 0 is best: how far the power at each frequency is off, on average.",
        ),
        "spectrum_distance_high": Number(
            "Spectrum distance, high frequencies",
            "quality",
            "lower",
            "The same over the upper third: noise, blur, or the grid that upsampling leaves.",
        ),
        "gradient_distance": Number(
            "Gradient distance", "quality", "lower", "0 to 1.4, 0 is best: edges too soft, too hard or too many."
        ),
        "brightness_distance": Number(
            "Brightness distance", "quality", "lower", "0 to 1, 0 is best: images too dark, too bright or too even."
        ),
        "contrast_distance": Number(
            "Contrast distance", "quality", "lower", "0 to 0.5, 0 is best: images too flat or too stark."
        ),
        "saturation_distance": Number(
            "Saturation distance", "quality", "lower", "0 to 1, 0 is best: colours too pale or too strong."
        ),
    },
    _image_statistics,
    answers="Do images have the spectrum, edges, brightness, contrast and colourfulness of real ones?",
    misleads="It knows nothing of what images show: shreds of real images score well.",
    source="Zeng et al. 2017, Statistics of Deep Generated Images; Durall et al. 2020, Watch your Up-Convolution",
    cost="1 s",
)
