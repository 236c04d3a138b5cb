"""MS-SSIM of outputs against their true partners (see structural_similarity), at as many scales as the images allow.

How to read it: 1 is equal, 0 unrelated. Numbers of different scales (protocol.json says how many) do not compare.
"""

from ganline.metrics.pairs import per_pair
from ganline.metrics.record import Case, Measure, Number, error_of
from ganline.metrics.structural_similarity import ms_ssim, scales_that_fit


def _compute(case: Case) -> dict[str, float]:
    return per_pair(case.sample.images, case.real.images, "pair_ms_ssim", lambda one, other: ms_ssim(one, other).values)


MEASURE = Measure(
    "pair_ms_ssim",
    {
        "pair_ms_ssim": Number(
            "MS-SSIM to the target", "quality", "higher", "0 to 1: 1 is equal. Coarse structure counts as well as fine."
        ),
        "pair_ms_ssim_stderr": error_of("MS-SSIM to the target", "pair_ms_ssim", "over the pairs"),
    },
    _compute,
    answers="Have outputs the structure of their targets, fine and coarse?",
    misleads="It hardly looks at colour.",
    source="Wang et al. 2003, Multiscale Structural Similarity for Image Quality Assessment",
    cost="2 s",
    needs=frozenset({"pairs"}),
    floor="",
    baselines=True,
    default=True,
    protocol=lambda case: {"ms_ssim_scales": scales_that_fit(*case.real.images.shape[1:3])},
)
