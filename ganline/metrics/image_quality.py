"""How sharp images are, and how like the nearest real image each one is.

Sharpness is the variance of an image's Laplacian (Pech-Pacheco et al. 2000, "Diatom Autofocusing in Brightfield
Microscopy"), with L = up + down + left + right - 4 centre on pixel values of 0 to 255, averaged over images. Nearest
similarity is the mean SSIM and PSNR (see structural_similarity) of each image and the real one nearest to it, by
Euclidean distance of pixels.

How to read them: beside the same figures of real images. Less sharp is blur, sharper is noise or ragged edges. A low
nearest similarity is unlike anything real, 1 is a copy. The nearest real image of a blurred or empty one is rather
like it, so it is the two together that tell; and the images may all be alike.
"""

from typing import NamedTuple

import numpy as np

from ganline.core.random import generator
from ganline.metrics import checks
from ganline.metrics.distances import nearest
from ganline.metrics.image_statistics import blocks, grey_images
from ganline.metrics.log_likelihood import SIDE, pixels
from ganline.metrics.record import Case, Measure, Number
from ganline.metrics.structural_similarity import psnr, ssim

JUDGED = 1000
"""Images whose nearest real image is looked for, and held-out images that are reconstructed."""

PSNR_LIMIT = 10 * np.log10(12 * 255**2)
"""58.9 dB, where the difference is that of rounding to whole pixel values. Equal images, of infinite PSNR, count as
this, so that a mean exists."""
_BLOCK = 2**22
"""Numbers held at a time: 32 MiB."""


class Similarity(NamedTuple):
    """Means over pairs."""

    ssim: float
    psnr: float
    """In dB, each pair's at most PSNR_LIMIT."""


def sharpness(images: np.ndarray) -> float:
    """Return the mean variance of the Laplacian of images uint8 (N, H, W, 1 or 3), 0 or more.

    Raises:
        ValueError: not such images, or a side under 3 pixels.
    """
    images = checks.images(images, "sharpness")
    if min(images.shape[1:3]) < 3:
        raise ValueError(f"sharpness: images must be at least 3 pixels a side, got {images.shape[1:3]}")
    total = 0.0
    for some in blocks(images, _BLOCK):
        grey = grey_images(some).astype(np.float64)
        across = grey[:, 1:-1, :-2] + grey[:, 1:-1, 2:]
        laplacian = across + grey[:, :-2, 1:-1] + grey[:, 2:, 1:-1] - 4.0 * grey[:, 1:-1, 1:-1]
        total += laplacian.var(axis=(1, 2)).sum()
    return float(total / len(images))


def similarity(first: np.ndarray, second: np.ndarray) -> Similarity:
    """Return the mean similarity of N pairs of images uint8 (N, H, W, C).

    Raises:
        ValueError: not two sets of as many images of one size, or a side under 11 pixels.
    """
    return Similarity(float(ssim(first, second).mean()), float(np.minimum(psnr(first, second), PSNR_LIMIT).mean()))


def nearest_similarity(images: np.ndarray, real: np.ndarray) -> Similarity:
    """Return the mean similarity of images uint8 (N, H, W, C) to the nearest of real ones uint8 (M, H, W, C).

    Raises:
        ValueError: not two such sets of one size, or a side under 11 pixels.
    """
    images, real = checks.image_pair(images, real, "nearest similarity")
    return similarity(images, real[nearest(pixels(images), pixels(real), 1).indices[:, 0]])


def _image_quality(case: Case) -> dict[str, float]:
    found = nearest_similarity(some(case.sample.images, case.seed), case.real.images)
    return {"sharpness": sharpness(case.sample.images), "nearest_ssim": found.ssim, "nearest_psnr": found.psnr}


def some(images: np.ndarray, seed: int) -> np.ndarray:
    """Return JUDGED of the images, or all where there are fewer."""
    return images[generator(seed, "pixels").permutation(len(images))[:JUDGED]]


MEASURE = Measure(
    "image_quality",
    {
        "sharpness": Number(
            "Sharpness",
            "quality",
            "",
            "0 or more: variance of the Laplacian. Below its floor images are blurred, above it noisy or ragged.",
        ),
        "nearest_ssim": Number(
            "SSIM to the nearest real image",
            "quality",
            "",
            "-1 to 1: low is unlike anything real, 1 is a copy of a held-out image.",
        ),
        "nearest_psnr": Number(
            "PSNR to the nearest real image",
            "quality",
            "",
            "In dB, 58.9 for copies: low is unlike anything real. A little blur raises it.",
        ),
    },
    _image_quality,
    answers="Are single images as sharp, and as close to something real, as real ones are?",
    misleads="A collapse onto simple images comes close to real ones, and a shift by one pixel counts as far.",
    source="Wang et al. 2004, Image Quality Assessment: From Error Visibility to Structural Similarity; "
    "Pech-Pacheco et al. 2000, Diatom Autofocusing in Brightfield Microscopy",
    cost="1 s",
    protocol=lambda case: {
        "nearest_of": "held-out images, by Euclidean distance of pixels",
        "nearest_shrunk_to": SIDE,
        "nearest_judged": min(JUDGED, len(case.sample)),
    },
)
