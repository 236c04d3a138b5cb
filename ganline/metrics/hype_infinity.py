"""HYPE at unlimited time: how often people take real images for generated ones, or generated ones for real.

Zhou et al. 2019, "HYPE: A Benchmark for Human eYe Perceptual Evaluation of Generative Models". How to read it: 0.5 says
that nobody can tell them apart, 0 that everybody always can; above 0.5 generated images look more real than real ones.
"""

import numpy as np

from ganline.core.random import generator
from ganline.metrics.judgements import GENERATED, REAL, Answer
from ganline.metrics.record import Case, Measure, Number
from ganline.metrics.resampling import numbers_of, rate

LENGTH = 100
"""Images that a judge sees, half of them real, as in the paper."""


def wrong_and_all(answers: list[list[Answer]]) -> tuple[list[int], list[int]]:
    """Return how many answers of each judge are wrong, and how many there are."""
    return [sum(answer.wrong for answer in each) for each in answers], [len(each) for each in answers]


def error_on(truth: str, answers: list[Answer]) -> float:
    """Return the share of wrong answers about images that are REAL, or GENERATED; NaN where there are none."""
    wrong = [answer.wrong for answer in answers if answer.truth == truth]
    return float(np.mean(wrong)) if wrong else float("nan")


def _compute(case: Case) -> dict[str, float]:
    heard = case.judged("hype_infinity")
    heard.require("hype_infinity")
    found = rate(*wrong_and_all(heard.by_judge), generator(case.seed, "people/hype_infinity"))
    return {
        **found.numbers("hype_infinity"),
        "hype_infinity_fakes_error": error_on(GENERATED, heard.answers),
        "hype_infinity_reals_error": error_on(REAL, heard.answers),
        **heard.counts("hype_infinity"),
    }


MEASURE = Measure(
    "hype_infinity",
    numbers_of(
        "hype_infinity",
        "HYPE, unlimited time",
        "0 to 1: share of images that people take for what they are not. 0.5: they cannot tell; 0: they always can.",
        "higher",
    )
    | {
        "hype_infinity_fakes_error": Number(
            "HYPE, of generated images", "people", "higher", "Share of generated images taken for real.", ranks=False
        ),
        "hype_infinity_reals_error": Number(
            "HYPE, of real images", "people", "", "Share of real images taken for generated.", ranks=False
        ),
    },
    _compute,
    answers="Can people tell generated images from real ones, with all the time they want?",
    misleads="It sees single images: a generator that repeats one perfect image scores best. Small images hide much.",
    source="Zhou et al. 2019, HYPE: A Benchmark for Human eYe Perceptual Evaluation of Generative Models",
    cost="10 minutes of each judge",
    needs=frozenset({"judged: hype_infinity"}),
    floor="",
    protocol=lambda case: {"judges_see": "half real, half generated; noise as catch trials", "exposure": "unlimited"},
)
