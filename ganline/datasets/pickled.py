"""Small grey pictures and their classes as two pickles of numpy arrays, such as those of animal-mnist."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ganline.core.progress import track
from ganline.datasets.damage import UnreadableError, reading
from ganline.datasets.numpy_pickle import NumpyUnpickler


def write(images: Path, labels: Path, classes: Sequence[str], wanted: Sequence[str], folder: Path) -> None:
    """Write the pictures of the wanted classes as PNGs, CLASS/00017.png, numbered as in the pickle.

    Args:
        images: a pickle of uint8 (N, H, W).
        labels: a pickle of integers (N,), 0 to len(classes) - 1.
        classes: names in the order of the numbers.
        wanted: the classes to take.
        folder: where to write.

    Raises:
        UnreadableError: a pickle is cut off or garbled, or holds anything but such an array.
    """
    pixels, numbers = _array(images, "pictures, uint8", 3), _array(labels, "class numbers", 1)
    if (
        pixels.dtype != np.uint8
        or len(pixels) != len(numbers)
        or not 0 <= numbers.min() <= numbers.max() < len(classes)
    ):
        raise UnreadableError(
            f"{images.name} and {labels.name}: expected as many class numbers, 0 to {len(classes) - 1}, as pictures of "
            f"uint8, found {pixels.dtype} {pixels.shape} and {numbers.dtype} {numbers.shape}"
        )
    for name in wanted:
        (folder / name).mkdir()
    rows = [row for row, number in enumerate(numbers.tolist()) if classes[number] in wanted]
    for row in track(rows, "write pictures", len(rows), "pictures"):
        target = folder / classes[numbers[row]] / f"{row:05}.png"
        target.write_bytes(cv2.imencode(".png", pixels[row])[1].tobytes())


def _array(source: Path, what: str, axes: int) -> np.ndarray:
    with reading(source), source.open("rb") as pickled:
        found: Any = NumpyUnpickler(pickled).load()
    if not isinstance(found, np.ndarray) or found.dtype.kind not in "iu" or found.ndim != axes or not len(found):
        shape = f"{found.dtype} {found.shape}" if isinstance(found, np.ndarray) else type(found).__name__
        raise UnreadableError(f"{source.name}: expected {what} in {axes} axes, found {shape}")
    return found
