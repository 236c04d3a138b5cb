"""Identity error: what a translator does to an image that already is what it should become.

Taigman et al. 2017, "Unsupervised Cross-Domain Image Generation", and Zhu et al. 2017, "Unpaired Image-to-Image
Translation using Cycle-Consistent Adversarial Networks", section 5.2, train by it. How to read it: 0 leaves such images
as they are. It takes images of one form in both domains.
"""

import numpy as np

from ganline.metrics.l1 import l1
from ganline.metrics.pairs import per_pair
from ganline.metrics.record import Case, Measure, Number, error_of


def _compute(case: Case) -> dict[str, float]:
    maker, inputs, targets = case.image_maker, case.given_images, case.real.images
    _require_one_form(inputs, targets)
    found = per_pair(maker.translate(targets), targets, "identity_l1", l1)
    if "way back" in case.abilities:
        found |= per_pair(maker.translate_back(inputs), inputs, "identity_back_l1", l1)
    return found


def _require_one_form(inputs: np.ndarray, targets: np.ndarray) -> None:
    if inputs.shape[1:] != targets.shape[1:]:
        raise ValueError(
            f"identity error: images of the target domain, of shape {targets.shape[1:]}, cannot be given in place of "
            f"inputs of shape {inputs.shape[1:]}"
        )


MEASURE = Measure(
    "identity_error",
    {
        "identity_l1": Number(
            "Identity error",
            "quality",
            "lower",
            "0 to 1: how much held-out images of the target domain are changed, though nothing is to be changed.",
        ),
        "identity_l1_stderr": error_of("Identity error", "identity_l1", "over the images"),
        "identity_back_l1": Number(
            "Identity error of the way back",
            "quality",
            "lower",
            "0 to 1: the same of held-out inputs that are given to the way back.",
        ),
        "identity_back_l1_stderr": error_of("Identity error of the way back", "identity_back_l1", "over the images"),
    },
    _compute,
    answers="Does it leave alone what already is what it should become?",
    misleads="Who copies scores best.",
    source="Taigman et al. 2017, Unsupervised Cross-Domain Image Generation",
    cost="two translations an image",
    needs=frozenset({"unpaired"}),
    floor="",
)
