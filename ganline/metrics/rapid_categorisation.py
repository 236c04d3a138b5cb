"""Rapid scene categorisation: real or generated, seen for a fixed time, from a single frame of the screen on.

Denton et al. 2015, "Deep Generative Image Models using a Laplacian Pyramid of Adversarial Networks", asked so at eleven
durations; Borji 2018 gives the measure its name. How to read it: 0.5 says that people cannot tell at all; the shorter
the time at which the error has fallen, the easier the images are to see through.
"""

from collections.abc import Sequence

import numpy as np

from ganline.core.random import generator
from ganline.metrics.judgements import CATCH, Answer
from ganline.metrics.record import Case, Measure, Number
from ganline.metrics.resampling import numbers_of, rate

NAME = "rapid_categorisation"
EXPOSURES = (0, 33, 67, 133, 267, 533)
"""In ms; 0 is a single frame. At 60 Hz each takes twice the frames of the one before."""
LENGTH = 120


def at(exposure: float) -> str:
    """Return the name of the number that is the error at an exposure."""
    return f"rapid_error_{exposure:.0f}_ms" if exposure else "rapid_error_one_frame"


def in_words(exposure: float) -> str:
    """Return what an exposure is called."""
    return f"{exposure:.0f} ms" if exposure else "one frame"


def _counts(by_judge: Sequence[Sequence[Answer]], exposures: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Return wrong answers and all, float64 (J, E) each, by judge and exposure."""
    wrong, total = np.zeros((2, len(by_judge), len(exposures)))
    for i, answers in enumerate(by_judge):
        for answer in answers:
            place = i, exposures.index(answer.asked_ms or 0)
            wrong[place] += answer.wrong
            total[place] += 1
    return wrong, total


def _compute(case: Case) -> dict[str, float]:
    heard = case.judged(NAME)
    heard.require(NAME)
    assert case.judgements
    asked = {a.asked_ms or 0 for a in case.judgements.answers if a.task == NAME and a.truth != CATCH}
    exposures = sorted(asked & set(EXPOSURES))
    wrong, total = _counts(heard.by_judge, exposures)
    if missing := [in_words(time) for time, count in zip(exposures, total.sum(0), strict=True) if not count]:
        raise ValueError(
            f"{NAME}: the error is the mean over exposures, and no answer counts at {', '.join(missing)}: {heard.apart}"
        )
    found = rate(wrong, total, generator(case.seed, f"people/{NAME}")).numbers(NAME)
    for i, exposure in enumerate(exposures):
        judges = total[:, i] > 0
        random = generator(case.seed, f"people/{NAME}", int(exposure))
        each = rate(wrong[judges, i], total[judges, i], random)
        found |= {at(exposure): each.value, f"{at(exposure)}_stderr": each.error}
    return found | heard.counts(NAME)


def _of_exposure(exposure: int) -> dict[str, Number]:
    time = in_words(exposure)
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
        "0 to 1: share of images taken for what they are not, on average over exposures. 0.5: people cannot tell.",
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
