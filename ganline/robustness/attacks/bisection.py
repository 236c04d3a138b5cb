"""What attacks share that weigh distance against deceit: the constant c, found for each image by bisection."""

import numpy as np

FACTOR = 10.0
"""By which c grows while it is too small."""


class Constants:
    """The weight of deceit against distance, float32 (N,): smaller where it deceives, larger where it does not."""

    def __init__(self, count: int, first: float) -> None:
        """Set up `count` constants, all at `first`."""
        self.now = np.full(count, first, np.float32)
        self._low, self._high = np.zeros(count, np.float32), np.full(count, np.inf, np.float32)

    def learn(self, deceived: np.ndarray) -> None:
        """Go on to the next constants; `deceived`, bool (N,), says what came of these."""
        self._high = np.where(deceived, np.minimum(self._high, self.now), self._high)
        self._low = np.where(deceived, self._low, np.maximum(self._low, self.now))
        grown = np.minimum(self.now * FACTOR, 1e10)
        halved = (self._low + np.where(np.isinf(self._high), 0, self._high)) / 2
        self.now = np.where(np.isinf(self._high), grown, halved).astype(np.float32)
