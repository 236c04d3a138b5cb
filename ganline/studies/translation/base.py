"""What the parts of the translation study look at."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


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
    """float64 (N,) by name: of what who has learned nothing would make, "copied" and "mean_colour"."""
