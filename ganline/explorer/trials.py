"""What judges are shown, trial by trial: a pure function of the judge's seed, the images, and what was answered before.

So a judge who stops half-way goes on at the same trial; and who goes on with other images, of another run or another
training, finds another order and other real images, and cannot know the answers by heart. Real and generated images
come as arrays of one size through one encoder: nothing but their content tells them apart, and what a trial is of never
reaches the page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np

from ganline.core.random import generator
from ganline.evaluation.judgements import Judge
from ganline.explorer.epochs import Epochs
from ganline.metrics import hype_infinity, hype_time, preference, rapid_categorisation, rating
from ganline.metrics.judgements import CATCH, GENERATED, REAL, Answer

CATCHES = 2
"""Catch trials among each round, or one to ten others where that is more."""
PREFERENCES = 10
"""Pairs of a round."""
SHOWN_OF_A_HASH = 12
Cell = tuple[str, float | None]
"""What a trial of a round is of, and how long it is shown."""
EVEN: list[Cell] = [(truth, None) for truth in (REAL, GENERATED) for _ in range(10)]
EVEN_OF_BLOCKS = [cell for cell in EVEN[::2] for _ in range(3)]
"""15 of each: rounds and blocks of 150 end together."""


@dataclass(frozen=True)
class Task:
    """One way of judging."""

    name: str
    title: str
    words: str
    """What to do and how long it takes."""
    choices: Mapping[str, str]
    """Answer -> what its button says."""
    length: int
    """Answers that count, without catch trials."""
    round: Sequence[Cell]
    """What each round is made of, in an order of its own."""


REAL_OR_NOT = {REAL: "Real", GENERATED: "Generated"}
TASKS = {
    task.name: task
    for task in (
        Task(
            "hype_infinity",
            "Real or generated?",
            "Look as long as you like. About 10 minutes.",
            REAL_OR_NOT,
            hype_infinity.LENGTH,
            EVEN,
        ),
        Task(
            "hype_time",
            "Real or generated, more and more quickly",
            "Each image is seen for a moment: a shorter one as you are right. Three parts of about 8 minutes.",
            REAL_OR_NOT,
            hype_time.BLOCK * hype_time.BLOCKS,
            EVEN_OF_BLOCKS,
        ),
        Task(
            "rapid_categorisation",
            "Real or generated, at a glance",
            "Some images are seen for a single frame: guess where you must. About 6 minutes.",
            REAL_OR_NOT,
            rapid_categorisation.LENGTH,
            [(truth, time) for truth in (REAL, GENERATED) for time in rapid_categorisation.EXPOSURES for _ in range(2)],
        ),
        Task(
            "preference",
            "Which looks better?",
            "Two images, of two runs. About 4 minutes.",
            {preference.FIRST: "Left", preference.TIE: "No difference", preference.SECOND: "Right"},
            preference.LENGTH,
            [(GENERATED, None)] * PREFERENCES,
        ),
        Task(
            "rating",
            "How real does it look?",
            "From bad to excellent. About 3 minutes.",
            rating.SCALE,
            rating.LENGTH,
            [(GENERATED, None)] * 15 + [(REAL, None)] * 5,
        ),
    )
}


class Run(NamedTuple):
    """A set of generated images."""

    subject: str
    """Their hash."""
    name: str
    """For people who read results; judges do not see it."""
    images: np.ndarray
    """uint8 (N, H, W, C)."""


@dataclass(frozen=True)
class Exhibit:
    """What there is to be judged."""

    runs: Sequence[Run]
    """The first is judged by itself; all are compared with each other."""
    real: np.ndarray
    """uint8 (M, H, W, C): held-out images."""
    epochs: Epochs | None = None
    """What the training drew along its way, where weights were kept."""

    def session(self, task: str) -> str:
        """Return the name under which answers to a task belong together."""
        if task != "preference":
            return f"{task}/{self.runs[0].subject}"
        return f"{task}/{'+'.join(sorted(run.subject[:SHOWN_OF_A_HASH] for run in self.runs))}"


class Trial(NamedTuple):
    """What a judge is to be shown next."""

    number: int
    truth: str
    right: str
    subject: str
    other: str
    images: Sequence[np.ndarray]
    """One, or two beside each other, uint8 (H, W, C)."""
    mask: np.ndarray
    """Noise of their shape."""
    asked_ms: float | None
    """Exposure; 0 for a single frame; None where there is no limit."""

    def answered(self, judge: Judge, task: Task, session: str, answer: str, shown: Mapping[str, float]) -> Answer:
        """Return the answer as it is kept, "" where none came yet.

        `shown` has "shown_ms" and "frame_ms" where there is a limit and the image was seen.
        """
        return Answer(
            judge.name, task.name, session, self.number, self.subject, self.other, self.truth, self.right, answer,
            self.asked_ms, shown.get("shown_ms"), shown.get("frame_ms"),
        )  # fmt: skip


def counted(given: Sequence[Answer]) -> int:
    """Return how many answers brought a judge nearer to the end."""
    return sum(answer.truth != CATCH and answer.on_time for answer in given)


def following(
    task: Task, exhibit: Exhibit, judge: Judge, given: Sequence[Answer], reals_elsewhere: int = 0
) -> Trial | None:
    """Return the trial after those that were answered, or None where the judge is at the end.

    Args:
        task: the way of judging.
        exhibit: what there is to judge.
        judge: who.
        given: what this judge answered in this session.
        reals_elsewhere: how many real images this judge was shown in other sessions: those that follow come now.
    """
    number, session = len(given), exhibit.session(task.name)
    if counted(given) >= task.length:
        return None
    cells = [*task.round, *[(CATCH, None)] * max(CATCHES, len(task.round) // 10)]
    turn, place = divmod(number, len(cells))
    order = generator(judge.seed, f"people/{session}/order", turn).permutation(len(cells))
    truth, time = cells[order[place]]
    # The k-th of its kind: each image once before any comes again.
    before = turn * sum(kind == truth for kind, _ in cells) + sum(cells[i][0] == truth for i in order[:place])
    asked = _exposure(task, truth, time, given)
    draw = generator(judge.seed, f"people/{session}/trial", number)
    mask, noise = draw.integers(0, 256, (2, *exhibit.real.shape[1:]), np.uint8)
    if task.name == "preference":
        return _pair(number, truth, exhibit, draw, noise, mask)
    image = noise
    if truth == GENERATED:
        image = _nth(exhibit.runs[0].images, judge, f"people/{session}", before)
    if truth == REAL:
        image = _nth(exhibit.real, judge, "people/real", reals_elsewhere + before)
    right = REAL if truth == REAL else GENERATED
    if task.name == "rating":
        right = "low" if truth == CATCH else ""
    return Trial(number, truth, right, exhibit.runs[0].subject, "", [image], mask, asked)


def _nth(images: np.ndarray, judge: Judge, purpose: str, n: int) -> np.ndarray:
    """Return the n-th image in an order of the judge's own, which begins again at its end."""
    return images[generator(judge.seed, purpose).permutation(len(images))[n % len(images)]]


def _exposure(task: Task, truth: str, time: float | None, given: Sequence[Answer]) -> float | None:
    """Return how long a trial is to be seen, in ms; what is obvious for as long as any."""
    if task.name == "rapid_categorisation":
        return rapid_categorisation.EXPOSURES[-1] if truth == CATCH else time
    if task.name != "hype_time":
        return None
    heard = [answer for answer in given if answer.truth != CATCH and answer.on_time]
    block = heard[len(heard) // hype_time.BLOCK * hype_time.BLOCK :]
    return hype_time.MOST if truth == CATCH else hype_time.exposure(not answer.wrong for answer in block)


def _pair(
    number: int, truth: str, exhibit: Exhibit, draw: np.random.Generator, noise: np.ndarray, mask: np.ndarray
) -> Trial:
    """Return a trial of two runs, drawn with their sides; a catch trial has noise in the place of one."""
    pairs = list(combinations(exhibit.runs, 2))
    one, two = pairs[draw.integers(len(pairs))]
    if draw.integers(2):
        one, two = two, one
    images = [run.images[draw.integers(len(run.images))] for run in (one, two)]
    if truth != CATCH:
        return Trial(number, truth, "", one.subject, two.subject, images, mask, None)
    better = int(draw.integers(2))
    images[1 - better] = noise
    right = (preference.FIRST, preference.SECOND)[better]
    return Trial(number, CATCH, right, (one, two)[better].subject, "", images, mask, None)
