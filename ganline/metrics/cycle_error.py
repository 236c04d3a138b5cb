"""Cycle error: how far an image is from what comes back of it, once there and back through both directions.

Zhu et al. 2017, "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks", section 3.2, train
by it. It runs over translations as they are saved, rounded to 8 bits. How to read it: at 0 all comes back, at the
distance of two unrelated images nothing. Alone it says little: who copies has none, and a translation may hide its
input (steganography).
"""

from ganline.metrics.l1 import l1
from ganline.metrics.pairs import per_pair
from ganline.metrics.record import Case, Measure, Number, error_of


def _compute(case: Case) -> dict[str, float]:
    maker, inputs, targets = case.image_maker, case.given_images, case.real.images
    there = per_pair(maker.translate_back(case.sample.images), inputs, "cycle_l1", l1)
    return there | per_pair(maker.translate(maker.translate_back(targets)), targets, "cycle_back_l1", l1)


MEASURE = Measure(
    "cycle_error",
    {
        "cycle_l1": Number(
            "Cycle error",
            "quality",
            "lower",
            "0 to 1: mean difference of held-out inputs and what comes back of their translations. Who "
            "copies has none.",
        ),
        "cycle_l1_stderr": error_of("Cycle error", "cycle_l1", "over the images"),
        "cycle_back_l1": Number(
            "Cycle error, the other way round",
            "quality",
            "lower",
            "0 to 1: the same of held-out images of the target domain, to the source domain and back.",
        ),
        "cycle_back_l1_stderr": error_of("Cycle error, the other way round", "cycle_back_l1", "over the images"),
    },
    _compute,
    answers="Does an image come back as it was, there and back?",
    misleads="Who copies scores best, and so does a translation that hides its input: read it beside KID and "
    "steganography.",
    source="Zhu et al. 2017, Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks",
    cost="three translations an image",
    needs=frozenset({"way back"}),
    floor="",
)
