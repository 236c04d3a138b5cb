"""How unlike two images are to the eye: mean LPIPS of random pairs of fakes, beside that of real images.

Zhu et al. 2017, "Toward Multimodal Image-to-Image Translation", measure variety so; LPIPS is that of
ganline.extractors.lpips. How to read it: beside its floor, which is the same of real images. Below it there is too
little variety, or all images share something, such as a blur or a noise; above it they are odder than real ones. No
image is in two pairs, so that pairs are independent and the standard error is that of their mean.
"""

import numpy as np

from ganline.core.random import generator
from ganline.metrics import checks
from ganline.metrics.record import Case, Measure, Number, spread_of

PAIRS = 1000
"""At most."""
FEWEST = 20
"""Images, for ten pairs."""


def _compute(case: Case) -> dict[str, float]:
    if not (network := case.lpips) or isinstance(network, str):
        raise ValueError(f"LPIPS diversity: {network or 'its network was not asked for'}")
    images = checks.images(case.sample.images, "LPIPS diversity", rows=FEWEST)
    order = generator(case.seed, "lpips_diversity").permutation(len(images))
    pairs = min(PAIRS, len(images) // 2)
    values = network.distances(images[order[:pairs]], images[order[pairs : 2 * pairs]])
    return {
        "lpips_diversity": float(values.mean()),
        "lpips_diversity_stderr": float(values.std(ddof=1) / np.sqrt(pairs)),
    }


MEASURE = Measure(
    name="lpips_diversity",
    numbers={
        "lpips_diversity": Number(
            "LPIPS between two images",
            "diversity",
            "",
            "0 or more: how unlike two images are to the eye. Below its floor there is too little variety, or all "
            "share a blur or a noise; above it, they are odder than real ones.",
        ),
        "lpips_diversity_stderr": spread_of("LPIPS between two images"),
    },
    compute=_compute,
    answers="Are two images as unlike each other, to the eye, as two real ones are?",
    misleads="A few images, over and over, hardly lower it; and its network knows photographs: of drawings and letters "
    "it sees less.",
    source="Zhu et al. 2017, Toward Multimodal Image-to-Image Translation; Zhang et al. 2018, The Unreasonable "
    "Effectiveness of Deep Features as a Perceptual Metric",
    cost="5 s for 1,000 pairs of 64x64",
    lpips=True,
    protocol=lambda case: {"pairs": min(PAIRS, len(case.sample) // 2), "lpips_network": "AlexNet, version 0.1"},
)
