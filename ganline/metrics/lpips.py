"""LPIPS: how far outputs are from their true partners to the eye of a network that was trained on photographs.

Zhang et al. 2018, "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", with AlexNet (see
ganline.extractors.lpips). How to read it: 0 is equal, less is better, .6 and more is unrelated. It agrees
better than L1, PSNR and SSIM with what people judge alike. It takes 31 pixels a side or more; grey counts as RGB.
"""

from ganline.metrics.pairs import per_pair
from ganline.metrics.record import Case, Measure, Number, error_of


def _compute(case: Case) -> dict[str, float]:
    if not (network := case.lpips) or isinstance(network, str):
        raise ValueError(f"LPIPS: {network or 'its network was not asked for'}")
    return per_pair(case.sample.images, case.real.images, "lpips", network.distances)


MEASURE = Measure(
    "lpips",
    {
        "lpips": Number(
            "LPIPS to the target",
            "quality",
            "lower",
            "0 or more: 0 is equal, .6 and more unrelated. Nearest of all to what people call alike.",
        ),
        "lpips_stderr": error_of("LPIPS to the target", "lpips", "over the pairs"),
    },
    _compute,
    answers="How far are outputs from their targets to the eye?",
    misleads="Its network knows photographs: of drawings and letters it sees less.",
    source="Zhang et al. 2018, The Unreasonable Effectiveness of Deep Features as a Perceptual Metric",
    cost="5 s for 1,000 pairs of 64x64",
    needs=frozenset({"pairs"}),
    floor="",
    lpips=True,
    protocol=lambda case: {"lpips_network": "AlexNet, version 0.1"},
)
