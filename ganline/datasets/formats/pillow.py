"""Reading with Pillow what OpenCV does not read, or reads wrongly."""

import io

import numpy as np
from PIL import Image, ImageCms, ImageOps

from ganline.datasets.formats.profile import to_srgb
from ganline.datasets.unusable import DAMAGED, NO_WHITE, SEVERAL, TOO_LARGE, UnusableError, check_pixels

PLAIN = {"1": "L", "L": "L", "RGB": "RGB", "CMYK": "RGB", "YCbCr": "RGB"}
"""Modes without alpha, and what they become."""
PROFILED = ("RGB", "RGBA")
"""Modes that are in the colours of their profile still when they have become RGB(A)."""


def read(data: bytes, form: str, one_picture: bool = True) -> np.ndarray:
    """Return grey (H, W), RGB (H, W, 3) or RGBA (H, W, 4) pixels, uint8 or uint16, turned as the EXIF data says.

    Args:
        data: the file.
        form: Pillow's name of its format, such as "GIF".
        one_picture: whether a file of several frames is refused; a TIFF's pages are counted by `tiff`.

    Raises:
        UnusableError: it is damaged, too large, has several frames, or values without a known white.
    """
    try:
        image = Image.open(io.BytesIO(data), formats=[form])
        check_pixels(*image.size)
        image.load()  # first, because damage can look like one more frame
        if one_picture and getattr(image, "n_frames", 1) > 1:
            raise UnusableError(SEVERAL)
        profile = image.info.get("icc_profile") if image.mode in PROFILED else None
        return to_srgb(_pixels(ImageOps.exif_transpose(image)), profile or b"")
    except UnusableError:
        raise
    except Image.DecompressionBombError:
        raise UnusableError(TOO_LARGE) from None
    except Exception:  # its readers let out what they meet: OSError, SyntaxError, ValueError, struct.error, ...
        raise UnusableError(DAMAGED) from None


def _pixels(image: Image.Image) -> np.ndarray:
    if image.mode == "I" or image.mode.startswith("I;16"):
        return np.asarray(image).astype(np.uint16)
    if image.mode == "F":
        raise UnusableError(NO_WHITE)
    if image.mode == "LAB":
        lab, rgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        return np.asarray(ImageCms.profileToProfile(image, lab, rgb, outputMode="RGB"))
    if "transparency" in image.info or image.mode not in {*PLAIN, "P"}:
        return np.asarray(image.convert("RGBA"))
    return np.asarray(image.convert(PLAIN.get(image.mode, "RGB")))
