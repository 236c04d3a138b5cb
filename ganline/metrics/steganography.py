"""Steganography: does an image come back because its translation shows it, or because it hides it?

A faint noise is added to translations before they go back (see ganline.diagnosis.cycles, and Chu et al. 2017,
"CycleGAN, a Master of Steganography"). How to read it: 0 where as much comes back as without, 1 where nothing does any
more. ganline/studies/translation/cycle.py draws the error by the strength of the noise.
"""

import math

from ganline.diagnosis.cycles import NOISE, Cycle, Way, cycle, noised
from ganline.metrics.record import Case, Measure, Number

IMAGES = 256
"""Sent there and back, at most."""


def _compute(case: Case) -> dict[str, float]:
    maker, inputs, targets = case.image_maker, case.given_images[:IMAGES], case.real.images[:IMAGES]
    disturb: Way = lambda images: noised(images, NOISE, case.seed)  # noqa: E731
    there = cycle(inputs, case.sample.images[:IMAGES], maker.translate_back, disturb)
    back = cycle(targets, maker.translate_back(targets), maker.translate, disturb)
    return _numbers("", there) | _numbers("back_", back)


def _numbers(which: str, found: Cycle) -> dict[str, float]:
    # Of a cycle that brings nothing back nothing can be hidden.
    lost = 0.0 if math.isnan(found.lost) else min(1.0, max(0.0, found.lost))
    return {f"hidden_{which}share": lost, f"hidden_{which}gain": found.gain}


MEASURE = Measure(
    "steganography",
    {
        "hidden_share": Number(
            "Hidden share",
            "quality",
            "lower",
            f"0 to 1: share of what comes back of an input that a noise of {NOISE:g} grey levels on its translation "
            "destroys. Half and more: the translation hides it.",
        ),
        "hidden_gain": Number(
            "Growth of the cycle error by noise",
            "quality",
            "",
            "Over the noise itself: about 1 and less where nothing is hidden.",
            ranks=False,
        ),
        "hidden_back_share": Number(
            "Hidden share, the other way round",
            "quality",
            "lower",
            "0 to 1: the same of images of the target domain, to the source domain and back.",
        ),
        "hidden_back_gain": Number(
            "Growth of the cycle error by noise, the other way round",
            "quality",
            "",
            "Over the noise itself: about 1 and less where nothing is hidden.",
            ranks=False,
        ),
    },
    _compute,
    answers="Do translations hide their inputs in a noise that no eye sees?",
    misleads="What is hidden below the rounding of a saved image is gone before any noise: then nothing comes back, "
    "and the cycle error is large.",
    source="Chu et al. 2017, CycleGAN, a Master of Steganography; Bashkirova et al. 2019, Adversarial Self-Defense for "
    "Cycle-Consistent GANs",
    cost="six translations of each of 256 images",
    needs=frozenset({"way back"}),
    floor="",
    protocol=lambda case: {"noise_grey_levels": NOISE, "cycles": min(IMAGES, len(case.sample))},
)
