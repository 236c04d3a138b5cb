"""Stopping cleanly: a signal asks the loop to finish its call, save and leave."""

import signal
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stopped(Exception):  # noqa: N818 - not an error: the run can go on later
    """Training was asked to stop and has saved its state."""

    def __init__(self, signal_number: int, step: int) -> None:
        """Remember which signal asked, and the step that was saved."""
        super().__init__(f"stopped by {signal.Signals(signal_number).name}; saved at step {step}, start again to go on")
        self.signal_number, self.step = signal_number, step


class StopRequest:
    """While entered, SIGTERM and SIGINT set `signal_number` once; a second one acts as usual."""

    def __init__(self) -> None:
        """Nothing asked yet."""
        self.signal_number: int | None = None

    def __enter__(self) -> "StopRequest":
        self._before: dict[int, Any] = {number: signal.signal(number, self._ask) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()

    def _ask(self, number: int, _: FrameType | None) -> None:
        self.signal_number = number
        print(f"\n{signal.Signals(number).name}: finishing the step and saving", flush=True)
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
