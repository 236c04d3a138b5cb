"""PSNR of outputs against their true partners: 10 log10(255^2 / mean squared difference), in dB.

How to read it: beside its baselines; 20 is poor, 30 good, 58.9 (the difference that rounding makes) stands for equal.
Over all channels of RGB: on luminance alone, as papers of super-resolution print it, it is about 1.5 dB higher.
"""

import numpy as np

from ganline.metrics.image_quality import PSNR_LIMIT
from ganline.metrics.pairs import per_pair
from ganline.metrics.record import Case, Measure, Number, error_of
from ganline.metrics.structural_similarity import psnr


def _compute(case: Case) -> dict[str, float]:
    return per_pair(
        case.sample.images, case.real.images, "psnr", lambda one, other: np.minimum(psnr(one, other), PSNR_LIMIT)
    )


MEASURE = Measure(
    "psnr",
    {
        "psnr": Number(
            "PSNR to the target",
            "quality",
            "higher",
            "In dB, 58.9 for equal images: more is nearer. Of RGB; on luminance alone it would be higher.",
        ),
        "psnr_stderr": error_of("PSNR to the target", "psnr", "over the pairs"),
    },
    _compute,
    answers="How large is the error beside the range of a pixel?",
    misleads="It forgives blur, and hardly sees what people see.",
    source="Wang et al. 2004, Image Quality Assessment: From Error Visibility to Structural Similarity",
    cost="0.1 s",
    needs=frozenset({"pairs"}),
    floor="",
    baselines=True,
    default=True,
)
