"""Videos through a translator, frame by frame, with OpenCV. Sound is not kept."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from ganline.core.errors import UserError
from ganline.core.files import whole_file
from ganline.core.progress import Bar
from ganline.datasets.damage import shown
from ganline.datasets.unusable import UnusableError
from ganline.models.tiles import Translates, translated

CODES = {".mp4": "mp4v", ".m4v": "mp4v", ".mov": "mp4v", ".mkv": "mp4v", ".avi": "MJPG"}
"""Endings of the videos that can be written, and how their frames are coded: by what every OpenCV wheel brings."""
USUAL_RATE = 25.0
"""Frames a second, where a file does not say."""


class Video:
    """A video that can be read."""

    def __init__(self, path: Path) -> None:
        """Open it and read its first frame.

        Raises:
            UserError: that does not work.
        """
        self._capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
        read, frame = self._capture.read() if self._capture.isOpened() else (False, None)
        if not read or frame is None:
            raise UserError(
                f"{shown(path)} is neither a picture nor a video that OpenCV can read (damaged, cut off or of a kind "
                f"that it does not know)"
            )
        self._first = frame
        self.rate = self._capture.get(cv2.CAP_PROP_FPS) or USUAL_RATE
        self.frames = max(1, int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT)))
        """How many the file says that there are."""

    def __iter__(self) -> Iterator[np.ndarray]:
        """Yield the frames, RGB uint8 (H, W, 3), turned as the file says."""
        frame, read = self._first, True
        while read:
            yield cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
            read, frame = self._capture.read()
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._capture.release()


def translate(source: Path, target: Path, translator: Translates) -> list[str]:
    """Write `source`, frame by frame through the translator, to `target`, whole or not at all; return what to tell.

    Raises:
        UserError: it cannot be read, or OpenCV cannot write such a video.
    """
    video, done = Video(source), 0
    with whole_file(target) as temporary, Bar(shown(source.name), video.frames, unit="frames") as bar:
        writer: cv2.VideoWriter | None = None
        for frame in video:
            try:
                made = translated(translator, frame)
            except UnusableError as reason:
                raise UserError(f"{shown(source)}: {reason}") from None
            writer = writer or _writer(temporary, target, video.rate, made.shape)
            writer.write(cv2.cvtColor(made, cv2.COLOR_GRAY2BGR if made.shape[2] == 1 else cv2.COLOR_RGB2BGR))
            done += 1
            bar.total = max(bar.total, done)
            bar.advance()
        assert writer
        writer.release()
    said = [f"{shown(target)} is written, {done} frames without sound"]
    if done < video.frames:
        said.append(f"the file says that it has {video.frames} frames; the others could not be read")
    if any(side % 2 for side in made.shape[:2]):
        said.append("the sides of a video are even: the last row or column of odd ones is left out")
    return said


def _writer(temporary: Path, target: Path, rate: float, shape: tuple[int, ...]) -> cv2.VideoWriter:
    code = cv2.VideoWriter.fourcc(*CODES[target.suffix.lower()])
    writer = cv2.VideoWriter(str(temporary), cv2.CAP_FFMPEG, code, rate, (shape[1], shape[0]))
    if not writer.isOpened():
        raise UserError(
            f"{shown(target)}: OpenCV cannot write a video of {shape[1]} x {shape[0]} pixels as {target.suffix}"
        )
    return writer
