"""SSIM of outputs against their true partners (see structural_similarity).

How to read it: 1 is equal, about 0 unrelated. It takes 11 pixels a side, and punishes a shift by one.
"""

from ganline.metrics.pairs import per_pair
from ganline.metrics.record import Case, Measure, Number, error_of
from ganline.metrics.structural_similarity import ssim


def _compute(case: Case) -> dict[str, float]:
    return per_pair(case.sample.images, case.real.images, "ssim", ssim)


MEASURE = Measure(
    "ssim",
    {
        "ssim": Number("SSIM to the target", "quality", "higher", "-1 to 1: 1 is equal, about 0 unrelated."),
        "ssim_stderr": error_of("SSIM to the target", "ssim", "over the pairs"),
    },
    _compute,
    answers="Have outputs the structure of their targets?",
    misleads="It hardly looks at colour, and counts a shift by one pixel as far.",
    source="Wang et al. 2004, Image Quality Assessment: From Error Visibility to Structural Similarity",
    cost="1 s",
    needs=frozenset({"pairs"}),
    floor="",
    baselines=True,
    default=True,
)
