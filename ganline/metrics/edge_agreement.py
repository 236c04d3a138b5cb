"""Edge agreement: do the edges of an output lie where those of its input lie (ganline.diagnosis.edges)?

How to read it: 1 is all, and `edge_agreement_chance`, what outputs score against the edges of another input, is
nothing. A change of style keeps edges; a change of shape need not.
"""

import numpy as np

from ganline.datasets.resize import like
from ganline.diagnosis.edges import LOWER, TOLERANCE, WEAKER, edge_agreement
from ganline.metrics import checks
from ganline.metrics.pairs import per_pair
from ganline.metrics.record import Case, Measure, Number, error_of


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
