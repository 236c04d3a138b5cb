"""L1 in the hole: the mean absolute difference of what was filled and what belongs there.

Pathak et al. 2016, "Context Encoders: Feature Learning by Inpainting", measure so. Over whole images all that was never
missing hides the error: a hole of a sixteenth of the image makes it sixteen times smaller.
"""

import numpy as np

from ganline.metrics.pairs import per_pair
from ganline.metrics.record import Case, Measure, Number, error_of


def hole_l1(outputs: np.ndarray, targets: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """Return the mean absolute difference where it is `hidden`, float64 (N,), 0 to 1; 0 where nothing is.

    Args:
        outputs: uint8 (N, H, W, C).
        targets: uint8 (N, H, W, C).
        hidden: bool (N, H, W).
    """
    apart = np.abs(outputs.astype(np.int16) - targets).mean(axis=3)
    return (apart * hidden).sum(axis=(1, 2)) / np.maximum(hidden.sum(axis=(1, 2)), 1) / 255


def _compute(case: Case) -> dict[str, float]:
    hidden = case.given_images[..., 3] == 0
    return per_pair(case.sample.images, case.real.images, "hole_l1", lambda one, other: hole_l1(one, other, hidden))


MEASURE = Measure(
    "hole_l1",
    {
        "hole_l1": Number(
            "L1 in the hole",
            "quality",
            "lower",
            "0 to 1, a share of the whole range of a pixel: 0 is equal. Read it beside the mean of the surroundings.",
        ),
        "hole_l1_stderr": error_of("L1 in the hole", "hole_l1", "over the pairs"),
    },
    _compute,
    answers="How far is what was filled from what belongs there?",
    misleads="The average of all that could be there scores best, and it is blurred.",
    source="Pathak et al. 2016, Context Encoders: Feature Learning by Inpainting",
    cost="0.3 s",
    needs=frozenset({"pairs", "holes"}),
    floor="",
)
