"""L1: the mean absolute difference of outputs and their true partners, pixel by pixel.

Isola et al. 2017, "Image-to-Image Translation with Conditional Adversarial Networks", train by it. How to read it: 0 is
equal, less is better. Of several outputs that could be right it is least for their average, grey and blurred.
"""

import numpy as np

from ganline.metrics.pairs import per_pair
from ganline.metrics.record import Case, Measure, Number, error_of


def l1(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return the mean absolute difference, float64 (N,), 0 to 1, of N pairs of images uint8 (N, H, W, C).

    It is a share of the whole range of 255; where images go from -1 to 1, as in Pix2Pix's loss, it is twice as large.
    """
    apart = (np.abs(one.astype(np.int16) - other).mean() for one, other in zip(outputs, targets, strict=True))
    return np.fromiter(apart, np.float64) / 255


def _compute(case: Case) -> dict[str, float]:
    return per_pair(case.sample.images, case.real.images, "l1", l1)


MEASURE = Measure(
    "l1",
    {
        "l1": Number(
            "L1 to the target",
            "quality",
            "lower",
            "0 to 1, a share of the whole range of a pixel: 0 is equal. Blur and grey lower it.",
        ),
        "l1_stderr": error_of("L1 to the target", "l1", "over the pairs"),
    },
    _compute,
    answers="How far are outputs from their targets, pixel by pixel?",
    misleads="The average of all that could be right scores best, and it is blurred and grey.",
    source="Isola et al. 2017, Image-to-Image Translation with Conditional Adversarial Networks",
    cost="0.2 s",
    needs=frozenset({"pairs"}),
    floor="",
    baselines=True,
    default=True,
)
