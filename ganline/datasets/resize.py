"""From pixels of any size to an image of the size and channels that a network wants."""

import cv2
import numpy as np

from ganline.settings.schema import Fit, Interpolation

WHITE = 255
NEARLY_WHITE = 245
"""What a margin holds at least: faint shadows and the noise of JPEG files are part of it."""
FRAME = 7 / 8
"""Of the square's side: the longer one of what "trim" lays into it."""


def fit(
    pixels: np.ndarray,
    size: int,
    channels: int,
    how: Fit,
    interpolation: Interpolation = "area",
) -> np.ndarray:
    """Return `pixels` (uint8 (H, W), (H, W, 3) RGB or (H, W, 4) RGBA) as uint8 (size, size, channels).

    Alpha is laid over white. `how` says what happens to images that are not square: "crop" keeps the middle, "pad"
    adds white borders, "stretch" distorts. "trim" cuts white margins off all of them and lays what is left in the
    middle, its longer side FRAME of the square's: drawings by several hands come to one size. For `interpolation` see
    `resize`.
    """
    image = to_channels(pixels, channels)
    if how == "crop":
        image = _middle(image)
    elif how == "pad":
        image = _framed(image, size, size, interpolation)
    elif how == "trim":
        image = _framed(_trimmed(image), size, round(size * FRAME), interpolation)
    return resize(image, size, size, interpolation).reshape(size, size, channels)


def to_channels(pixels: np.ndarray, channels: int) -> np.ndarray:
    """Return uint8 pixels as grey (H, W) for 1 channel or RGB (H, W, 3) for 3, alpha laid over white."""
    if pixels.shape[2:] == (4,):
        colour, alpha = pixels[..., :3].astype(np.uint16), pixels[..., 3:].astype(np.uint16)
        pixels = ((colour * alpha + WHITE * (255 - alpha) + 127) // 255).astype(np.uint8)
    if pixels.ndim == 2:
        return pixels if channels == 1 else cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB)
    return cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY) if channels == 1 else pixels


def resize(image: np.ndarray, height: int, width: int, interpolation: Interpolation = "area") -> np.ndarray:
    """Return the image resized.

    "area" shrinks a side by averaging areas or enlarges it cubically, as it needs. "linear" is OpenCV's default,
    bilinear without antialiasing: shrinking skips pixels, but it gives what others' code that says nothing gives.
    """
    if interpolation == "linear":
        return cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
    smaller = (min(height, image.shape[0]), min(width, image.shape[1]))
    if smaller != image.shape[:2]:
        image = cv2.resize(image, smaller[::-1], interpolation=cv2.INTER_AREA)
    if (height, width) != image.shape[:2]:
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_CUBIC)
    return image


def like(images: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return images uint8 (N, H, W, 1, 3 or 4) in another `shape` (H', W', C'): stretched, grey or grey in RGB.

    Of RGB with alpha the colours are taken as they are.
    """
    height, width, channels = shape
    images = colours(images)
    if images.shape[1:] == shape:
        return images
    flat = images[..., 0] if images.shape[3] == 1 else images
    resized = [resize(to_channels(image, channels), height, width).reshape(shape) for image in flat]
    return np.stack(resized) if resized else np.empty((0, *shape), np.uint8)


def colours(images: np.ndarray) -> np.ndarray:
    """Return images (N, H, W, C) without alpha, which the fourth of four channels is."""
    return images[..., :3] if images.shape[3] == 4 else images


def enlarged(images: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return images uint8 (N, H, W, C) enlarged to (H', W') bicubically: uint8 (N, H', W', C).

    By the kernel of Keys 1981 with a = -1/2 and edges continued by their mirror image, as MATLAB's imresize has it, and
    with it the papers of super-resolution (OpenCV's a is -3/4).
    """
    down, across = (_cubic(side, longer) for side, longer in zip(images.shape[1:3], shape, strict=False))
    made = np.einsum("yh,nhwc,xw->nyxc", down, images.astype(np.float64), across, optimize=True)
    return np.rint(made).clip(0, 255).astype(np.uint8)


def _cubic(side: int, longer: int) -> np.ndarray:
    """Return what each of `side` pixels counts for in each of `longer` ones, float64 (longer, side); rows sum to 1."""
    centres = (np.arange(longer) + 0.5) * side / longer - 0.5
    weights = np.zeros((longer, side))
    for offset in range(-1, 3):
        taken = np.floor(centres).astype(int) + offset
        far = np.abs(centres - taken)
        near, off = 1 - 2.5 * far**2 + 1.5 * far**3, 2 - 4 * far + 2.5 * far**2 - 0.5 * far**3
        mirrored = np.where(taken < 0, -1 - taken, np.where(taken >= side, 2 * side - 1 - taken, taken))
        np.add.at(weights, (np.arange(longer), mirrored.clip(0, side - 1)), np.where(far <= 1, near, off))
    return weights


def _trimmed(image: np.ndarray) -> np.ndarray:
    """Return the image without white margins; one that is white all over as it is."""
    drawn = (image if image.ndim == 2 else image.min(axis=2)) < NEARLY_WHITE
    rows, columns = (np.flatnonzero(drawn.any(axis=axis)) for axis in (1, 0))
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] if rows.size else image


def _middle(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return image[top : top + side, left : left + side]


def _framed(image: np.ndarray, size: int, long: int, interpolation: Interpolation) -> np.ndarray:
    """Return the image, its longer side resized to `long`, in the middle of a white square of `size`."""
    height, width = (max(1, round(side * long / max(image.shape[:2]))) for side in image.shape[:2])
    canvas = np.full((size, size, *image.shape[2:]), WHITE, np.uint8)
    top, left = (size - height) // 2, (size - width) // 2
    canvas[top : top + height, left : left + width] = resize(image, height, width, interpolation)
    return canvas
