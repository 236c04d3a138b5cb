"""Colour profiles: pictures of a wider gamut (Display P3 of phones, Adobe RGB) become sRGB."""

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

SRGB = ImageCms.createProfile("sRGB")
CLOSE = 3
"""Grey levels by which the many profiles that mean sRGB differ from it; they change nothing."""
PATCHES = np.stack(np.meshgrid(*[np.arange(0, 256, 51, np.uint8)] * 3), -1).reshape(1, -1, 3)


def to_srgb(pixels: np.ndarray, profile: bytes) -> np.ndarray:
    """Return uint8 RGB(A) pixels as sRGB by their ICC profile; others, and all with an unusable one, as they are."""
    if not profile or pixels.dtype != np.uint8 or pixels.ndim == 2:
        return pixels
    transform = _transform(profile)
    if transform is None:
        return pixels
    colours = _apply(transform, np.ascontiguousarray(pixels[..., :3]))
    return np.dstack([colours, pixels[..., 3:]])


@lru_cache(maxsize=64)
def _transform(profile: bytes) -> ImageCms.ImageCmsTransform | None:
    """Return None where the profile is damaged, is not for RGB, or means sRGB."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        transform = ImageCms.buildTransform(source, SRGB, "RGB", "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC)
    except (ImageCms.PyCMSError, OSError):
        return None
    off = np.abs(_apply(transform, PATCHES).astype(int) - PATCHES).max()
    return transform if off > CLOSE else None


def _apply(transform: ImageCms.ImageCmsTransform, pixels: np.ndarray) -> np.ndarray:
    return np.asarray(transform.apply(Image.fromarray(pixels)))
