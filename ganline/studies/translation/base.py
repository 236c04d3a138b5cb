"""What the parts of the translation study look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ganline.diagnosis.cycles import Way
from ganline.studies.finding import Kept

NONE = np.empty(0)


@dataclass
class Translations:
    """N held-out inputs, what the translator makes of them, and where that is known what should have come out."""

    inputs: np.ndarray
    """uint8 (N, H, W, C)."""
    outputs: np.ndarray
    """uint8 (N, H', W', C')."""
    targets: np.ndarray | None
    """uint8 (N, H', W', C'); None where nobody knows."""
    measure: str = ""
    """Of the distances: LPIPS, or L1 where that cannot be had; "" where no targets are known."""
    distances: np.ndarray = field(default_factory=lambda: NONE)
    """float64 (N,): of outputs and targets; none where these are not known."""
    baselines: Mapping[str, np.ndarray] = field(default_factory=dict)
    """float64 (N,) by name: of what who has learned nothing would make, such as "copied" and "mean_colour"."""
    seed: int = 0
    """By which the inputs were drawn."""
    there: Way | None = None
    """The translator, for what else is to be sent through it."""
    back: Way | None = None
    """Its way back; None where it has none."""
    others: np.ndarray | None = None
    """uint8 (M, H', W', C'): held-out images of the target domain, where there is a way back."""
    styles: np.ndarray | None = None
    """uint8 (N, H', W', C'): the pictures in whose style each was to be drawn; None where there is no such thing."""
    kept: dict[str, Kept] = field(default_factory=dict)
    """Nothing: there are no latents."""

    @property
    def protocol(self) -> dict[str, Any]:
        """What the protocol of every number says."""
        pairs = {"distance": self.measure, "pairs": len(self.distances)}
        return (pairs if self.measure else {"inputs": len(self.inputs)}) | {"seed": self.seed}

    @property
    def abilities(self) -> frozenset[str]:
        """What it has, in the words of ganline.core.abilities, as far as parts ask."""
        return frozenset({"inputs"} | ({"way back"} if self.back else set()))

    @cached_property
    def othered(self) -> np.ndarray:
        """What `others` become in the source domain, uint8 (M, H, W, C)."""
        assert self.back and self.others is not None
        return self.back(self.others)
