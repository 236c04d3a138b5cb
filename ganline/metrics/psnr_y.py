"""PSNR as papers of super-resolution print it: on luminance, without the border (see luminance).

How to read it: beside bicubic enlargement, which is what every method is to beat; one dB is a visible step.
"""

import numpy as np

from ganline.metrics.image_quality import PSNR_LIMIT
from ganline.metrics.luminance import on_luminance, scale_of
from ganline.metrics.record import Case, Measure, Number, error_of
from ganline.metrics.structural_similarity import psnr


def _compute(case: Case) -> dict[str, float]:
    return on_luminance(case, "psnr_y", lambda one, other: np.minimum(psnr(one, other), PSNR_LIMIT))


MEASURE = Measure(
    "psnr_y",
    {
        "psnr_y": Number(
            "PSNR of luminance",
            "quality",
            "higher",
            "In dB, 58.9 for equal images; as papers print it.",
        ),
        "psnr_y_stderr": error_of("PSNR of luminance", "psnr_y", "over the pairs"),
    },
    _compute,
    answers="How large is the error of what was enlarged, as papers measure it?",
    misleads="It forgives blur: what is sharp and a little wrong scores below what is blurred.",
    source="Ledig et al. 2017, Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial Network",
    cost="0.1 s",
    needs=frozenset({"pairs", "enlarges"}),
    floor="",
    protocol=lambda case: {"luminance": "Y of BT.601, 8 bits", "border": scale_of(case)},
)
