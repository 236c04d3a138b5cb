"""What a training takes, so that what runs reach can be held against it."""

import time
from collections.abc import Mapping

import numpy as np


class Cost:
    """Time by the clock and of processor cores, from the making of the step's graph to the last look.

    Checkpoints hold it: what stops, and shorter trainings that were gone on from, took counts, and what was lost with a
    killed process does not. It is that of one machine, and of a GPU nothing but the clock tells.
    """

    def __init__(self) -> None:
        """Begin to count."""
        self._before = np.zeros(2)
        self._begun = _now()

    def minutes(self) -> dict[str, float]:
        """Return minutes by the clock and core-minutes so far; nothing where a checkpoint did not hold them."""
        seconds = self._before + _now() - self._begun
        known = np.isfinite(seconds).all()
        return dict(zip(("train_minutes", "train_core_minutes"), (seconds / 60).tolist(), strict=True)) if known else {}

    def state(self) -> dict[str, np.ndarray]:
        """Return what `restore` takes."""
        return {"cost/seconds": self._before + _now() - self._begun}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from a state; one of an early version does not hold it."""
        self._before = state.get("cost/seconds", np.full(2, np.nan))
        self._begun = _now()


def _now() -> np.ndarray:
    """Return seconds by the clock and of this process on all cores, float64 (2,), each from a start of its own."""
    return np.array([time.monotonic(), time.process_time()])
