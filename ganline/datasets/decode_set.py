"""All images of a set, decoded in parallel, and what only the whole set can tell."""

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, Protocol

import cv2
import numpy as np

from ganline.core.progress import Bar
from ganline.datasets.complaints import Complaints
from ganline.datasets.decode import check_shape
from ganline.datasets.depth import WHITE, to_eight, white_of
from ganline.datasets.resize import fit
from ganline.datasets.unusable import DAMAGED, UnusableError
from ganline.settings.schema import Prepare

CHUNK = 32
KEPT = "kept"


class Record(NamedTuple):
    """What is found out about one source image by reading it; sizes are None where it cannot be decoded."""

    width: int | None
    height: int | None
    channels: int | None
    sha256: str
    status: str
    peak: int = 0
    """The brightest value, where nothing in the file says how many of its 16 bits are used."""


class Images(Protocol):
    """Source images: their files, and the bytes and pixels of each."""

    @property
    def files(self) -> Sequence[str]:
        """The files, in order."""

    def read(self, index: int) -> bytes:
        """Return the bytes of one image."""

    def decode(self, data: bytes) -> np.ndarray:
        """Return uint8 or uint16 pixels; see `ganline.datasets.decode.read`."""


def decode_set(images: Images, settings: Prepare, pixels: np.ndarray) -> tuple[list[Record], list[str]]:
    """Fill `pixels`, uint8 (N, size, size, channels), and return a record an image, in order, and sentences to tell."""

    def one(index: int, white: int = WHITE) -> Record:
        return _decode_one(images, index, settings, pixels, white)

    everything = range(len(images.files))
    cv2.setNumThreads(1)  # the pool is the parallelism; OpenCV lets other threads run meanwhile
    with Complaints() as complaints:
        records = _all("decode and resize", everything, one, complaints)
        white = white_of(max((record.peak for record in records), default=WHITE))
        deep = [index for index in everything if records[index].peak]
        said = _enlarged(records, settings.size)
        if not deep or white == WHITE:
            return records, said
        _all("read 16 bits anew", deep, lambda index: one(index, white), complaints)
    bits = white.bit_length()
    deep_said = f"none of the {len(deep)} pictures of 16 bits uses more than {bits}: {white} was read as white"
    return records, [*said, deep_said]


def _enlarged(records: Iterable[Record], size: int) -> list[str]:
    """Return a sentence where pictures were far smaller than what they became."""
    sides = [(record.width, record.height) for record in records if record.status == KEPT]
    small = [(width, height) for width, height in sides if width and height and 2 * min(width, height) < size]
    if not small:
        return []
    least = " x ".join(map(str, min(small, key=min)))
    return [
        f"{len(small)} of {len(sides)} pictures have sides of less than half of prepare.size = {size} (the smallest is "
        f"{least}): enlarged, they show no more detail than before"
    ]


def _all(label: str, indices: Sequence[int], one: Callable[[int], Record], complaints: Complaints) -> list[Record]:
    """Decode images in parallel, and those again, one by one, near which a library complained of damage."""

    def chunk(start: int) -> tuple[list[Record], bool]:
        mark = complaints.mark()
        return [one(index) for index in indices[start : start + CHUNK]], complaints.damage_since(mark)

    records: list[Record] = []
    suspects: list[int] = []
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool, Bar(label, len(indices), unit="images") as bar:
        for found, damage in pool.map(chunk, range(0, len(indices), CHUNK)):
            suspects += range(len(records), len(records) + len(found)) if damage else ()
            records += found
            bar.advance(len(found))
    _look_again(records, suspects, lambda place: one(indices[place]), complaints)
    return records


def _look_again(
    records: list[Record], suspects: Iterable[int], one: Callable[[int], Record], complaints: Complaints
) -> None:
    """Drop of the suspects those that a library complains of."""
    for place in suspects:
        if records[place].status == KEPT:
            mark = complaints.mark()
            record = one(place)
            if complaints.damage_since(mark):
                records[place] = record._replace(status=f"dropped: {DAMAGED}", peak=0)


def _decode_one(images: Images, index: int, settings: Prepare, pixels: np.ndarray, white: int) -> Record:
    data = images.read(index)
    digest = hashlib.sha256(data).hexdigest()
    width = height = channels = None
    peak = 0
    try:
        image = images.decode(data)
        height, width = image.shape[:2]
        channels = image.shape[2] if image.ndim == 3 else 1
        check_shape(height, width)
        if image.dtype != np.uint8:
            peak = int((image if image.ndim == 2 else image[..., :3]).max())  # an alpha channel tells nothing
            image = to_eight(image, white)
        pixels[index] = fit(image, settings.size, settings.channels, settings.fit, settings.interpolation)
    except UnusableError as reason:
        return Record(width, height, channels, digest, f"dropped: {reason}")
    return Record(width, height, channels, digest, KEPT, peak)
