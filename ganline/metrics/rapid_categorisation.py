"""Rapid scene categorisation: real or generated, seen for a fixed time, from a single frame of the screen on.

Denton et al. 2015, "Deep Generative Image Models using a Laplacian Pyramid of Adversarial Networks", asked so at eleven
durations; Borji 2018 gives the measure its name. How to read it: 0.5 says that people cannot tell at all; the shorter
the time at which the error has fallen, the easier the images are to see through.
"""

from ganline.core.random import generator
from ganline.metrics.hype_infinity import wrong_and_all
from ganline.metrics.judgements import Answer
from ganline.metrics.record import Case, Measure, Number
from ganline.metrics.resampling import numbers_of, rate

NAME = "rapid_categorisation"
EXPOSURES = (0, 33, 67, 133, 267, 533)
"""In ms; 0 is a single frame. At 60 Hz each takes twice the frames of the one before."""
LENGTH = 120


def at(exposure: int) -> str:
    """Return the name of the number that is the error at an exposure."""
    return f"rapid_error_{exposure}_ms" if exposure else "rapid_error_one_frame"


def _at_exposure(answers: list[list[Answer]], exposure: int) -> list[list[Answer]]:
    found = [[answer for answer in each if answer.asked_ms == exposure] for each in answers]
    return [each for each in found if each]


def _compute(case: Case) -> dict[str, float]:
    heard = case.judged(NAME)
    heard.require(NAME)
    found = rate(*wrong_and_all(heard.by_judge), generator(case.seed, f"people/{NAME}")).numbers(NAME)
    for exposure in EXPOSURES:
        if answers := _at_exposure(heard.by_judge, exposure):
            each = rate(*wrong_and_all(answers), generator(case.seed, f"people/{NAME}", exposure))
            found |= {at(exposure): each.value, f"{at(exposure)}_stderr": each.error}
    return found | heard.counts(NAME)


def _of_exposure(exposure: int) -> dict[str, Number]:
    time = f"{exposure} ms" if exposure else "one frame"
    label = f"Rapid error at {time}"
    return {
        at(exposure): Number(label, "people", "higher", f"Share taken for what it is not after {time}.", ranks=False),
        f"{at(exposure)}_stderr": Number(
            f"{label}, standard error", "people", "", f"Standard error of {at(exposure)}.", ranks=False
        ),
    }


MEASURE = Measure(
    NAME,
    numbers_of(
        NAME,
        "Rapid categorisation, error",
        "0 to 1: share of images that people take for what they are not, over all exposures. 0.5: they cannot tell.",
        "higher",
    )
    | {name: number for exposure in EXPOSURES for name, number in _of_exposure(exposure).items()},
    _compute,
    answers="Can people tell generated images from real ones at a glance?",
    misleads="At one frame nobody can tell anything, so compare the same exposures; screens differ in their frames.",
    source="Denton et al. 2015, Deep Generative Image Models using a Laplacian Pyramid of Adversarial Networks",
    cost="6 minutes of each judge",
    needs=frozenset({"judged: rapid_categorisation"}),
    floor="",
    protocol=lambda case: {
        "judges_see": "half real, half generated; noise as catch trials; a mask of noise after each",
        "exposure": "one frame, " + ", ".join(f"{exposure} ms" for exposure in EXPOSURES[1:]),
    },
)
