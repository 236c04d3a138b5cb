"""Edge agreement: do the edges of an output lie where those of its input lie?

The boundary F measure of Martin, Fowlkes and Malik 2004, "Learning to Detect Natural Image Boundaries Using Local
Brightness, Color, and Texture Cues", in the form of Csurka et al. 2013, "What is a good evaluation measure for
semantic segmentation?": precision is the share of the output's edge pixels that have one of the input's within a
tolerance, .75 % of the image's diagonal and one pixel at least; recall is the share of the input's that have one of the
output's; F is their harmonic mean. Edges are Canny's (1986, "A Computational Approach to Edge Detection"), whose upper
threshold is the magnitude of gradient that 70 % of the image's pixels stay below, and whose lower one is .4 of it, as
in MATLAB's `edge`: so a change of contrast moves no edge.

How to read it: 1 is all, and `edge_agreement_chance`, what outputs score against the edges of another input, is
nothing. A change of style keeps edges; a change of shape need not.
"""

import math

import cv2
import numpy as np

from ganline.datasets.resize import like, to_channels
from ganline.metrics import checks
from ganline.metrics.pairs import per_pair
from ganline.metrics.record import Case, Measure, Number, error_of

TOLERANCE = 0.0075
"""Share of the diagonal."""
BLUR = 1.0
"""Deviation in pixels of the blur before gradients are taken."""
WEAKER = 0.7
"""Share of the pixels whose gradient is no edge's."""
LOWER = 0.4
"""The lower threshold over the upper one."""
LEAST = 16
"""Sobel's gradient below which there is no edge: that of a step of some 7 grey levels."""


def edge_agreement(outputs: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """Return F, float64 (N,), 0 to 1, of N pairs of images uint8 (N, H, W, C); NaN where the input has no edge."""
    pairs = zip(outputs, inputs, strict=True)
    return np.array([_agreement(edges(output), edges(given)) for output, given in pairs], np.float64)


def edges(image: np.ndarray) -> np.ndarray:
    """Return where an image uint8 (H, W, 1 or 3) has edges, bool (H, W)."""
    grey = to_channels(image[..., 0] if image.shape[2] == 1 else image, 1)
    smooth = cv2.GaussianBlur(grey, (0, 0), BLUR)
    across, down = cv2.Sobel(smooth, cv2.CV_16S, 1, 0), cv2.Sobel(smooth, cv2.CV_16S, 0, 1)
    strength = np.hypot(np.asarray(across, np.float32), np.asarray(down, np.float32))
    upper = max(LEAST, float(np.quantile(strength, WEAKER)))
    return cv2.Canny(across, down, LOWER * upper, upper, L2gradient=True).astype(bool)


def _agreement(output: np.ndarray, given: np.ndarray) -> float:
    if not given.any():
        return float("nan")
    if not output.any():
        return 0.0
    near = max(1.0, TOLERANCE * math.hypot(*given.shape))
    precision, recall = _near(output, given, near), _near(given, output, near)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _near(those: np.ndarray, others: np.ndarray, tolerance: float) -> float:
    """Return the share of those edge pixels that have one of the others within the tolerance."""
    distances = cv2.distanceTransform((~others).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return float(np.mean(distances[those] <= tolerance))


def _compute(case: Case) -> dict[str, float]:
    name, outputs = "edge_agreement", case.sample.images
    inputs = like(case.given_images, outputs.shape[1:])
    checks.image_pair(outputs, inputs, name, rows=2)
    found = edge_agreement(outputs, inputs)
    known = ~np.isnan(found)
    if known.sum() < 2:
        raise ValueError(f"edge agreement: {known.sum()} of {len(known)} inputs have an edge, and it takes two")
    found_of = per_pair(outputs[known], inputs[known], name, lambda _outputs, _inputs: found[known])
    chance = edge_agreement(np.roll(outputs, 1, axis=0)[known], inputs[known])
    return found_of | {f"{name}_chance": float(chance.mean())}


MEASURE = Measure(
    "edge_agreement",
    {
        "edge_agreement": Number(
            "Edge agreement",
            "quality",
            "higher",
            "0 to 1: whether the edges of outputs lie where those of their inputs lie. A change of style keeps them; "
            "who copies scores 1.",
        ),
        "edge_agreement_stderr": error_of("Edge agreement", "edge_agreement", "over the images"),
        "edge_agreement_chance": Number(
            "Edge agreement by chance",
            "quality",
            "",
            "0 to 1: what outputs score against the edges of another input. No more than this is none.",
            ranks=False,
        ),
    },
    _compute,
    answers="Do edges of the output lie where the input's are?",
    misleads="Who copies scores best; where shapes are to change, a good translation scores low; texture counts as "
    "edges.",
    source="Martin et al. 2004, Learning to Detect Natural Image Boundaries Using Local Brightness, Color, and Texture "
    "Cues; Csurka et al. 2013, What is a good evaluation measure for semantic segmentation?",
    cost="1 s for 1,000 images of 64x64",
    needs=frozenset({"unpaired"}),
    floor="",
    protocol=lambda case: {
        "edges": f"Canny, upper threshold at the quantile {WEAKER:g} of gradients, lower {LOWER:g} of it",
        "tolerance_of_diagonal": TOLERANCE,
    },
)
