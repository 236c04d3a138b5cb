"""What people said of images, as measures take it: which answers count, and whose.

A trial is marked, and counts for nothing, where the screen showed an image for a time that is off by more than a frame.
Catch trials have one right answer that anybody sees (noise is not real, not preferred, not rated high); the answers of
judges who miss them are counted apart.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

REAL, GENERATED, CATCH = "real", "generated", "catch"
TASKS = ("hype_infinity", "hype_time", "rapid_categorisation", "preference", "rating")
MISSED = 0.2
"""Share of catch trials beyond which a judge fails; one slip is forgiven."""
LEAST = 20
"""Answers that an interval takes."""


class Answer(NamedTuple):
    """One judge's answer in one trial."""

    judge: str
    """A random word, nothing about a person."""
    task: str
    """One of TASKS."""
    session: str
    """What a judge goes on with: the task and the images that it is of."""
    trial: int
    """From 0, within the judge's session."""
    subject: str
    """Hash of the images that are judged; in preference those of the first image shown."""
    other: str
    """In preference those of the second; "" otherwise, and where that is noise."""
    truth: str
    """REAL, GENERATED or CATCH; in catch trials of preference the place of the better image stands in `right`."""
    right: str
    """The answer that is right; "" where none is."""
    answer: str
    """REAL or GENERATED; first, second or tie; "1" to "5"."""
    asked_ms: float | None = None
    """Exposure asked for, milliseconds, 0 for a single frame; None where there is no limit."""
    shown_ms: float | None = None
    """What the screen showed."""
    frame_ms: float | None = None
    """Of the screen."""

    @property
    def on_time(self) -> bool:
        """Whether the exposure was within a frame of what was asked for; no frame is shorter than one."""
        if self.asked_ms is None:
            return True
        if self.shown_ms is None or self.frame_ms is None:
            return False
        return abs(self.shown_ms - max(self.asked_ms, self.frame_ms)) <= self.frame_ms

    @property
    def wrong(self) -> bool:
        """Whether it is not the right answer."""
        return self.right == "low" and self.answer not in ("1", "2") or self.right not in ("low", "", self.answer)


@dataclass(frozen=True)
class Judgements:
    """All answers that concern the images of one run."""

    subject: str
    """Hash of its images."""
    answers: Sequence[Answer]

    @property
    def abilities(self) -> frozenset[str]:
        """The ways in which somebody judged, in the words of ganline.core.abilities."""
        return frozenset(f"judged: {task}" for task in TASKS if any(answer.task == task for answer in self.answers))

    def of(self, task: str) -> "Heard":
        """Return who answered in a task, and what counts.

        Raises:
            ValueError: nobody did, or there is nothing that counts.
        """
        given = [answer for answer in self.answers if answer.task == task]
        if not given:
            raise ValueError(f"{task}: nobody has judged these images so; `ganline people` opens the page for it")
        heard = hear(given)
        if not heard.answers:
            raise ValueError(f"{task}: {len(given)} answers, none of which counts: {heard.apart}")
        return heard


@dataclass(frozen=True)
class Heard:
    """The answers that count, and how many do not."""

    answers: list[Answer]
    """By judge and trial, without catch trials."""
    failed: int
    """Judges who missed catch trials; their answers are not among these."""
    off_time: int
    """Trials of the other judges that are marked."""

    @property
    def by_judge(self) -> list[list[Answer]]:
        """The answers that count, each judge's in their order."""
        return [list(inside) for _, inside in groupby(self.answers, lambda answer: answer.judge)]

    @property
    def apart(self) -> str:
        """What was not counted, in words."""
        return f"{self.failed} judges missed the obvious ones, {self.off_time} trials were shown too long or too short"

    def require(self, task: str, least: int = LEAST) -> None:
        """Refuse (ValueError) so few answers that no interval would say anything."""
        if (count := len(self.answers)) < least:
            raise ValueError(f"{task}: an interval takes {least} answers that count, and there are {count}")

    def counts(self, name: str) -> dict[str, float]:
        """Return who judged how much, as numbers whose names begin with `name`."""
        return {
            f"{name}_judges": len({answer.judge for answer in self.answers}),
            f"{name}_answers": len(self.answers),
            f"{name}_judges_failed": self.failed,
            f"{name}_trials_off_time": self.off_time,
        }


def hear(answers: Iterable[Answer]) -> Heard:
    """Return what counts of the answers in one task."""
    ordered = sorted(answers, key=lambda answer: (answer.judge, answer.session, answer.trial))
    catch = [answer for answer in ordered if answer.truth == CATCH and answer.on_time]
    failed = {answer.judge for answer in catch if fails([other for other in catch if other.judge == answer.judge])}
    heard = [answer for answer in ordered if answer.judge not in failed and answer.truth != CATCH]
    on_time = [answer for answer in heard if answer.on_time]
    return Heard(on_time, len(failed), len(heard) - len(on_time))


def fails(catch: Sequence[Answer]) -> bool:
    """Return whether a judge missed too many of these catch trials."""
    return sum(answer.wrong for answer in catch) > max(1, MISSED * len(catch))
