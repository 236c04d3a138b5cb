"""CMMD: squared maximum mean discrepancy of CLIP features under a Gaussian kernel, times 1,000.

Jayasumana et al. 2024, "Rethinking FID: Towards a Better Evaluation Metric for Image Generation". Features are brought
to length 1, as the authors' code has them, and with k(x, y) = exp(-|x - y|^2 / 2 sigma^2), sigma = 10,

    CMMD = 1000 MMD^2   of all images, see ganline.metrics.mmd

It is unbiased, as the paper says. The authors' code is not: it counts each image as its own neighbour, and so gives
1000 ((1 - K_x) / n + (1 - K_y) / m) more, where K is the mean kernel of different images of a set: 0.01 for 1,000
images whose cosines are 0.5 on average, a tenth of that for 10,000.

How to read it: 0 is best, about 0 for equal distributions, less is better. It means CMMD only where the extractor is
CLIP's image network (ViT-L/14 at 336 pixels in the paper), which a user brings as a file (extractor.kind = file).
"""

import numpy as np

from ganline.core.matrices import product
from ganline.metrics import checks, mmd
from ganline.metrics.record import Case, Measure, Number, error_of

SIGMA, TIMES = 10.0, 1000.0
FEWEST = 3


def clip_distance(first: np.ndarray, second: np.ndarray) -> mmd.Mmd:
    """Return CMMD between features (N, d) and (M, d), and its standard error.

    Raises:
        ValueError: not two finite matrices of as many dimensions, fewer than 3 images in one, or a row of zeros.
    """
    first, second = (checks.unit(features, "CMMD") for features in checks.pair(first, second, "CMMD", rows=FEWEST))
    found = mmd.unbiased(first, second, _kernel)
    return mmd.Mmd(TIMES * found.value, TIMES * found.standard_error)


def _kernel(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the kernel of vectors of length 1."""
    return np.asarray(np.exp((product(first, second.T) - 1.0) / SIGMA**2))


def _compute(case: Case) -> dict[str, float]:
    found = clip_distance(case.sample.features, case.real.features)
    return {"cmmd": found.value, "cmmd_stderr": found.standard_error}


MEASURE = Measure(
    name="cmmd",
    numbers={
        "cmmd": Number(
            "CMMD",
            "quality",
            "lower",
            "About 0 for equal distributions, and then negative as often as positive; more is worse. Of CLIP's "
            "features alone it compares with papers.",
        ),
        "cmmd_stderr": error_of("CMMD", "cmmd", mmd.JACKKNIFE),
    },
    compute=_compute,
    answers="How far are fakes from real images to CLIP's eye?",
    misleads="Its kernel is so wide that it sees little more than the mean of the features; of another network than "
    "CLIP its unit means nothing.",
    source="Jayasumana et al. 2024, Rethinking FID: Towards a Better Evaluation Metric for Image Generation",
    cost="4 s",
    needs=frozenset({"own file"}),
    protocol=lambda case: {"sigma": SIGMA, "times": TIMES, "estimator": "unbiased", "features": "brought to length 1"},
)
