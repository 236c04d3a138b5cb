"""What the parts of the translation study look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ganline.studies.finding import Kept


@dataclass(frozen=True)
class Translations:
    """N held-out inputs, what the translator makes of them, and what should have come out."""

    inputs: np.ndarray
    """uint8 (N, H, W, C)."""
    outputs: np.ndarray
    """uint8 (N, H', W', C')."""
    targets: np.ndarray
    """uint8 (N, H', W', C')."""
    measure: str
    """Of the distances: LPIPS, or L1 where that cannot be had."""
    distances: np.ndarray
    """float64 (N,): of outputs and targets."""
    baselines: Mapping[str, np.ndarray]
    """float64 (N,) by name: of what who has learned nothing would make, such as "copied" and "mean_colour"."""
    seed: int
    """By which the pairs were drawn."""
    kept: dict[str, Kept] = field(default_factory=dict)
    """Nothing: there are no latents."""

    @property
    def protocol(self) -> dict[str, Any]:
        """What the protocol of every number says."""
        return {"distance": self.measure, "pairs": len(self.distances), "seed": self.seed}
