"""HYPE at limited exposure: how long people must see an image to tell real from generated, by a staircase.

Zhou et al. 2019, "HYPE: A Benchmark for Human eYe Perceptual Evaluation of Generative Models": blocks of 150 images
begin at 500 ms; three right answers in a row shorten the exposure by 30 ms, a wrong one lengthens it by 10 ms, between
100 and 1,000 ms. A block's threshold is the exposure that came most often; a judge has the mean of its blocks. How to
read it: in ms, more is better: the longer, the harder generated images are to see through.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from ganline.core.random import generator
from ganline.metrics.judgements import Answer
from ganline.metrics.record import Case, Measure
from ganline.metrics.resampling import mean, numbers_of

BLOCK, BLOCKS = 150, 3
"""Images of a block, and blocks of a judge."""
START, LEAST, MOST = 500, 100, 1000
SHORTER, LONGER, IN_A_ROW = 30, 10, 3


def exposure(right: Iterable[bool]) -> int:
    """Return the exposure, in ms, of the trial that follows these answers of one block."""
    now, streak = START, 0
    for each in right:
        streak = streak + 1 if each else 0
        if not each:
            now = min(MOST, now + LONGER)
        elif streak == IN_A_ROW:
            now, streak = max(LEAST, now - SHORTER), 0
    return now


def threshold(exposures: Sequence[float]) -> float:
    """Return the exposure that came most often in a block; of several the mean."""
    counts = Counter(exposures)
    most = max(counts.values())
    return float(np.mean([value for value, count in counts.items() if count == most]))


def thresholds(answers: Sequence[Answer]) -> np.ndarray:
    """Return the thresholds of a judge's whole blocks, float64 (blocks,), of the answers that count, in their order."""
    whole = range(0, len(answers) - BLOCK + 1, BLOCK)
    return np.array([threshold([answer.asked_ms or 0 for answer in answers[at : at + BLOCK]]) for at in whole])


def _compute(case: Case) -> dict[str, float]:
    heard = case.judged("hype_time")
    found = [blocks for each in heard.by_judge if len(blocks := thresholds(each))]
    if (count := sum(map(len, found))) < BLOCKS:
        raise ValueError(
            f"hype_time: an interval takes {BLOCKS} whole blocks of {BLOCK} images, and there are {count}, with "
            f"{len(heard.answers)} answers that count"
        )
    return {
        **mean(found, (LEAST, MOST), SHORTER, generator(case.seed, "people/hype_time")).numbers("hype_time"),
        **heard.counts("hype_time"),
    }


MEASURE = Measure(
    "hype_time",
    numbers_of(
        "hype_time",
        "HYPE, limited exposure",
        "100 to 1,000 ms: how long people must see an image to tell. More: they need longer to see through it.",
        "higher",
    ),
    _compute,
    answers="How long must people look to tell generated images from real ones?",
    misleads="The screen shows whole frames, 17 ms at 60 Hz; tired judges look worse than the generator makes them.",
    source="Zhou et al. 2019, HYPE: A Benchmark for Human eYe Perceptual Evaluation of Generative Models",
    cost="25 minutes of each judge",
    needs=frozenset({"judged: hype_time"}),
    floor="",
    protocol=lambda case: {
        "judges_see": "half real, half generated; noise as catch trials; a mask of noise after each",
        "exposure": f"staircase from {START} ms: -{SHORTER} after {IN_A_ROW} right in a row, +{LONGER} after a slip",
    },
)
