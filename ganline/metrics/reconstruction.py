"""Reconstructions: can the model redraw held-out images that it has not seen?

SSIM and PSNR (see structural_similarity) of held-out images and of what an encoder and the generator make of them.
"""

from ganline.metrics.image_quality import JUDGED, similarity, some
from ganline.metrics.record import Case, Measure, Number


def _reconstruction(case: Case) -> dict[str, float]:
    images = some(case.real.images, case.seed)
    found = similarity(images, case.latent_maker.redraw(images))
    return {"reconstruction_ssim": found.ssim, "reconstruction_psnr": found.psnr}


MEASURE = Measure(
    "reconstruction",
    {
        "reconstruction_ssim": Number(
            "SSIM of reconstructions",
            "quality",
            "higher",
            "-1 to 1: how like held-out images are to what the model makes of them; 1 is equal.",
        ),
        "reconstruction_psnr": Number(
            "PSNR of reconstructions", "quality", "higher", "In dB, 58.9 for equal images; forgives blur."
        ),
    },
    _reconstruction,
    answers="Can the model redraw an image that it has not seen?",
    misleads="Good reconstructions say nothing about images drawn from the prior.",
    source="Wang et al. 2004, Image Quality Assessment: From Error Visibility to Structural Similarity",
    cost="1 s",
    needs=frozenset({"latents", "encoder"}),
    floor="",
    protocol=lambda case: {"redrawn": "held-out images", "n_redrawn": min(JUDGED, len(case.real))},
)
