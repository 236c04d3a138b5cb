"""What the C libraries below OpenCV and Pillow say on stderr while they decode.

libjpeg and libtiff make up pixels for damaged data and only print that they did: OpenCV 4.11 and Pillow 13 do not tell
their callers.
"""

import os
import re
import sys
import tempfile
from types import TracebackType
from typing import Self, TextIO

import cv2

STDERR = 2
VERBOSE, SILENT = 6, 0
"""OpenCV's log levels. It prints what libtiff says at its most verbose one only."""
DAMAGE = re.compile(
    rb"[Cc]orrupt|[Pp]remature|Bad code|bad Huffman|Decoding error|Not enough data|not yet in table|Discarding \d"
    rb"|mismatch|Read error|Inconsistent progression|Unsupported marker|Invalid JPEG"
)
"""Words of libjpeg-turbo 3 and libtiff 4 for data that they had to make up or leave out. Other lines, such as those on
unknown tags, are harmless."""


class Complaints:
    """Keeps what is printed on the process's stderr; Python's own goes where it went. A context manager.

    Who complained is not said: where several threads decode, look again one by one.
    """

    def __enter__(self) -> Self:
        sys.stderr.flush()
        self._kept = tempfile.TemporaryFile()
        self._before = os.dup(STDERR)
        os.dup2(self._kept.fileno(), STDERR)
        self._python = sys.stderr
        if _writes_to_stderr(sys.stderr):
            sys.stderr = os.fdopen(os.dup(self._before), "w", buffering=1, errors="backslashreplace")
        cv2.setLogLevel(VERBOSE)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        cv2.setLogLevel(SILENT)  # what is wrong with a file is told by the manifest
        if sys.stderr is not self._python:
            sys.stderr.close()
            sys.stderr = self._python
        os.dup2(self._before, STDERR)
        os.close(self._before)
        self._kept.close()

    def mark(self) -> int:
        """Return how many bytes have been printed."""
        return os.fstat(self._kept.fileno()).st_size

    def damage_since(self, mark: int) -> bool:
        """Return whether something printed since then tells of damaged data."""
        length = self.mark() - mark
        return length > 0 and DAMAGE.search(os.pread(self._kept.fileno(), length, mark)) is not None


def _writes_to_stderr(stream: TextIO) -> bool:
    try:
        return stream.fileno() == STDERR
    except (OSError, ValueError):  # a stream in memory
        return False
