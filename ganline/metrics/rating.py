"""Rating of single images: how real people find them, from 1 to 5, with real ones mixed in.

A mean opinion score (ITU-T P.800's scale; Borji 2018 lists it). How to read it: beside `rating_of_real`, what the same
judges give real images; 1 is bad, 5 excellent.
"""

import numpy as np

from ganline.core.random import generator
from ganline.metrics.judgements import GENERATED, REAL, Answer
from ganline.metrics.record import Case, Measure, Number
from ganline.metrics.resampling import mean, numbers_of

LENGTH = 40
SCALE = {"1": "Bad", "2": "Poor", "3": "Fair", "4": "Good", "5": "Excellent"}


def rated(answers: list[list[Answer]], truth: str) -> list[np.ndarray]:
    """Return by judge the ratings, float64 (n,), of images that are REAL, or GENERATED; without judges of none."""
    found = [np.array([float(answer.answer) for answer in each if answer.truth == truth]) for each in answers]
    return [each for each in found if len(each)]


def _compute(case: Case) -> dict[str, float]:
    heard = case.judged("rating")
    heard.require("rating")
    if not (generated := rated(heard.by_judge, GENERATED)):
        raise ValueError(f"rating: {len(heard.answers)} answers count, none of them of a generated image")
    found = mean(generated, (1, 5), 1, generator(case.seed, "people/rating")).numbers("rating")
    if real := rated(heard.by_judge, REAL):
        found["rating_of_real"] = float(np.mean([each.mean() for each in real]))
    return found | heard.counts("rating")


MEASURE = Measure(
    "rating",
    numbers_of(
        "rating", "Rating", "1 to 5: how real people find single images. Read it beside rating_of_real.", "higher"
    )
    | {
        "rating_of_real": Number(
            "Rating of real images", "people", "", "1 to 5: what the same judges give real images.", ranks=False
        )
    },
    _compute,
    answers="How real do people find single images?",
    misleads="Judges use scales differently, so compare by the same judges. Variety is not seen.",
    source="Borji 2018, Pros and Cons of GAN Evaluation Measures",
    cost="3 minutes of each judge",
    needs=frozenset({"judged: rating"}),
    floor="",
    protocol=lambda case: {"judges_see": "three generated images to one real one; noise as catch trials"},
)
