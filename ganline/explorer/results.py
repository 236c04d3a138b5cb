"""What came of judgements, as tables for the page: by way of judging, by judge, and the runs that were compared."""

from collections.abc import Sequence
from typing import NamedTuple

from ganline.core.random import generator
from ganline.evaluation import measures
from ganline.evaluation.judgements import Judge, Store
from ganline.explorer.trials import TASKS, Exhibit, counted
from ganline.metrics.judgements import CATCH, Answer, Judgements, fails, hear
from ganline.metrics.preference import ranking
from ganline.metrics.record import Case

COUNTS = {
    "judges": "judges",
    "answers": "answers",
    "judges_failed": "judges left out",
    "trials_off_time": "trials left out",
}
LATER = "A way of judging is shown here when you have finished it; `dvc repro` writes all of them into metrics.json."
SEED = 0
"""Of the intervals on the page; those of metrics.json hang on the run's seed."""


class Table(NamedTuple):
    """One table."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()


def tables(store: Store, exhibit: Exhibit, judge: Judge | None) -> list[Table]:
    """Return what was said of the images on show, of the ways of judging that a judge has finished.

    Before, it would tell a judge after each answer whether that was right. The words of others are theirs: with one,
    anybody could go on in its judge's place.
    """
    done = [name for name in TASKS if judge and _finished(store.given(judge, exhibit.session(name)), name)]
    said = store.of(exhibit.runs[0].subject) or Judgements(exhibit.runs[0].subject, ())
    said = Judgements(said.subject, [answer for answer in said.answers if answer.task in done])
    found = [_numbers(said, done), _judges(said.answers, judge)]
    compared = hear(answer for answer in said.answers if answer.task == "preference")
    if len(compared.answers) > 1:
        found.append(_ranking(compared.by_judge, store.names()))
    return found


def _finished(given: Sequence[Answer], task: str) -> bool:
    return counted(given) >= TASKS[task].length


def _numbers(said: Judgements, done: Sequence[str]) -> Table:
    """Return the number of each way of judging that is done with its interval, or why there is none yet."""
    rows, notes = [], [] if len(done) == len(TASKS) else [LATER]
    for name in done:
        task, measure = TASKS[name], measures.measure(name)
        try:
            found = measure.compute(Case(judgements=said, **NOTHING))  # type: ignore[arg-type]
        except ValueError as error:
            notes.append(str(error))
            continue
        value, low, high = (f"{found[key]:.3g}" for key in (name, f"{name}_low", f"{name}_high"))
        counts = [
            f"{found[f'{name}_{what}']:.0f}" for what in ("judges", "answers", "judges_failed", "trials_off_time")
        ]
        rows.append([task.title, measure.numbers[name].label, value, f"{low} to {high}", *counts])
    columns = (
        "judged by",
        "number",
        "value",
        "95 % interval",
        "judges",
        "answers",
        "judges left out",
        "trials left out",
    )
    return Table("This run", columns, rows, notes)


NOTHING = dict.fromkeys(("sample", "real", "train", "settings")) | {"seed": SEED}
"""What a measure of judgements does not look at."""


def _judges(answers: Sequence[Answer], own: Judge | None) -> Table:
    """Return who judged how much, and who missed the obvious; of the judges' words the own one alone."""
    rows, names = [], dict.fromkeys(answer.judge for answer in answers)
    called = {judge: f"judge {number}" for number, judge in enumerate(names, 1)} | ({own.name: own.name} if own else {})
    for judge, task in dict.fromkeys((answer.judge, answer.task) for answer in answers):
        mine = [answer for answer in answers if (answer.judge, answer.task) == (judge, task)]
        catch = [answer for answer in mine if answer.truth == CATCH and answer.on_time]
        plain = [answer for answer in mine if answer.truth != CATCH]
        missed = f"{sum(answer.wrong for answer in catch)} of {len(catch)}" + (": left out" if fails(catch) else "")
        late = sum(not answer.on_time for answer in plain)
        rows.append([called[judge], TASKS[task].title, str(len(plain) - late), str(late), missed])
    return Table("Judges", ("judge", "judged by", "answers", "off by more than a frame", "obvious ones missed"), rows)


def _ranking(by_judge: Sequence[Sequence[Answer]], names: dict[str, str]) -> Table:
    found = ranking(by_judge, generator(SEED, "people/ranking"))
    rows = [
        [str(rank), names.get(run, run[:12]), f"{each.value:.3f}", f"{each.low:.3f} to {each.high:.3f}"]
        for rank, (run, each) in enumerate(found.items(), 1)
    ]
    note = "Share of pairs in which a run is expected to be preferred: Bradley and Terry's model, Davidson's ties."
    return Table("Runs compared", ("rank", "run", "preferred", "95 % interval"), rows, [note])
