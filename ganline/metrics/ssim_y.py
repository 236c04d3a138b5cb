"""SSIM as papers of super-resolution print it: on luminance, without the border (see luminance).

How to read it: 1 is equal, about 0 unrelated; beside bicubic enlargement.
"""

from ganline.metrics.luminance import on_luminance, scale_of
from ganline.metrics.record import Case, Measure, Number, error_of
from ganline.metrics.structural_similarity import ssim


def _compute(case: Case) -> dict[str, float]:
    return on_luminance(case, "ssim_y", ssim)


MEASURE = Measure(
    "ssim_y",
    {
        "ssim_y": Number("SSIM of luminance", "quality", "higher", "-1 to 1: 1 is equal. As papers print it."),
        "ssim_y_stderr": error_of("SSIM of luminance", "ssim_y", "over the pairs"),
    },
    _compute,
    answers="Has what was enlarged the structure of its target, as papers measure it?",
    misleads="It counts a shift by one pixel as far.",
    source="Ledig et al. 2017, Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial Network",
    cost="0.5 s",
    needs=frozenset({"pairs", "enlarges"}),
    floor="",
    protocol=lambda case: {"luminance": "Y of BT.601, 8 bits", "border": scale_of(case)},
)
