"""Progress that suits the place: a live bar on a terminal, a plain line every few seconds in a log."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

T = TypeVar("T")
SECONDS_BETWEEN_LINES = 5.0


class Bar:
    """A progress bar with a free text at its end. Use as a context manager and call `advance`."""

    def __init__(self, label: str, total: int, done: int = 0, unit: str = "") -> None:
        self.label, self.total, self.done, self.unit = label, total, done, unit
        self._first = done
        self._start = self._last_line = time.monotonic()
        self._rich: Progress | None = None
        if sys.stdout.isatty():
            self._rich = Progress(
                TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
                TextColumn("{task.fields[text]}"),
            )  # fmt: skip
            self._task = self._rich.add_task(label, total=total, completed=done, text="")

    def __enter__(self) -> "Bar":
        if self._rich:
            self._rich.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._rich:
            self._rich.stop()

    def advance(self, count: int = 1, text: str = "") -> None:
        """Count `count` more units as done and show `text` beside them."""
        self.done += count
        if self._rich:
            self._rich.update(self._task, completed=self.done, text=f"{self.rate:.1f} {self.unit}/s {text}")
            return
        now = time.monotonic()
        if self.done >= self.total or now - self._last_line >= SECONDS_BETWEEN_LINES:
            self._last_line = now
            left = (self.total - self.done) / self.rate if self.rate else 0.0
            speed = f"{self.rate:.1f} {self.unit}/s, {left:.0f} s left"
            print(f"{self.label}: {self.done}/{self.total}, {speed} {text}".rstrip(), flush=True)

    @property
    def rate(self) -> float:
        """Units a second since the bar was made."""
        return (self.done - self._first) / max(time.monotonic() - self._start, 1e-9)


def track(items: Iterable[T], label: str, total: int, unit: str = "") -> Iterator[T]:
    """Yield from `items` under a progress bar."""
    with Bar(label, total, unit=unit) as bar:
        for item in items:
            yield item
            bar.advance()
