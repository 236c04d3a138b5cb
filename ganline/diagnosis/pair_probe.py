"""A quick look at what a translator makes of a few inputs whose true partners are known."""

from typing import Any

import cv2
import numpy as np

from ganline.core.random import generator
from ganline.datasets.inputs import Inputs
from ganline.datasets.resize import like
from ganline.diagnosis.cycles import apart
from ganline.diagnosis.probe import CannotJudgeError

PAIRS = 64
"""Translated each time: enough for a mean, few enough to be quick."""
FEWEST = 8
"""Pairs that a comparison takes."""
SIDE = 8
"""Pixels a side to which images are shrunk where they are compared with each other."""
COLOURLESS = 0.02
"""Colourfulness of targets below which there is none to be missed."""
ALIKE = 1 / 255
"""Mean difference below which two sets of images are the same."""


class PairProbe:
    """Holds a few inputs and their true partners, and measures against them what became of the inputs."""

    def __init__(self, inputs: Inputs, partners: np.ndarray, seed: int) -> None:
        """Choose training pairs: inputs uint8 (N, H, W, C) and partners uint8 (N, H', W', C').

        Raises:
            CannotJudgeError: there are too few, or inputs and partners are the same.
        """
        if len(partners) < FEWEST:
            raise CannotJudgeError(f"there are {len(partners)} training pairs, and a comparison needs {FEWEST}")
        rows = np.sort(generator(seed, "diagnosis/pairs").permutation(len(partners))[:PAIRS])
        self.inputs, self._targets = np.asarray(inputs[rows]), np.asarray(partners[rows])
        """uint8 (n, H, W, C), n being PAIRS at most: what is to be translated at each look."""
        self._copies = like(self.inputs, self._targets.shape[1:])
        mean = np.zeros_like(self._targets) + self._targets.mean(axis=(0, 1, 2)).round().astype(np.uint8)
        self._unlike_input = apart(self._targets, self._copies)
        if self._unlike_input < ALIKE:
            raise CannotJudgeError("inputs and their partners are the same pictures")
        self._baseline = max(
            min(self._unlike_input, apart(self._targets, np.broadcast_to(mean, self._targets.shape))), ALIKE
        )
        self._colour, self._spread = colourfulness(self._targets), spread(self._targets)

    def measure(self, outputs: np.ndarray) -> dict[str, float]:
        """Return what uint8 outputs (n, H', W', C'), one for each of `inputs`, show.

        error: mean absolute difference to the targets over that of the better of two baselines: the inputs copied, and
            the targets' mean colour. Below 1 the translator is of use.
        copied: mean absolute difference to the inputs over that of the targets; 0 where the inputs are copied.
        saturation: colourfulness over that of the targets; NaN where these have none.
        spread: root mean square distance between two outputs, shrunk to 8x8, over that of two targets; NaN where these
            are all alike.
        """
        return {
            "error": apart(outputs, self._targets) / self._baseline,
            "copied": apart(outputs, self._copies) / self._unlike_input,
            "saturation": colourfulness(outputs) / self._colour if self._colour >= COLOURLESS else np.nan,
            "spread": spread(outputs) / self._spread if self._spread >= ALIKE else np.nan,
        }

    def state(self) -> dict[str, np.ndarray]:
        """Return what `restore` takes: nothing, for each look stands for itself."""
        return {}

    def restore(self, state: Any) -> None:
        """Go on from a state."""


def colourfulness(images: np.ndarray) -> float:
    """Return the mean difference of a pixel's largest and least channel, 0 (grey) to 1, of uint8 (N, H, W, C)."""
    return float((images.max(axis=3) - images.min(axis=3)).mean() / 255)


def spread(images: np.ndarray) -> float:
    """Return the root mean square distance between two of uint8 images (N, H, W, C), shrunk to 8x8, 0 to 1."""
    small = [cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA).reshape(-1) for image in images]
    return float(np.sqrt(2 * np.var(np.stack(small) / 255, axis=0, ddof=1).mean()))
