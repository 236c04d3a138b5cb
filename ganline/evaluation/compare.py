"""Many runs in one table, best first by one number, but only among runs whose number was made in the same way.

Runs are grouped by the protocol of the number: the extractor's weights, the counts, the settings, and the data. Within
a group they are ranked; between groups nothing is said but what differs. Who asked for the classes, in which precision
it was trained and the seed of the sample are no reasons to part: the first two say what a generator is, the third is
chance, which standard errors cover.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from ganline.core.errors import UserError
from ganline.evaluation.baselines import BESIDE
from ganline.metrics import naming

FLOOR, STDERR = "floor_", "_stderr"
COST = {"train_minutes": "minutes", "train_core_minutes": "core-minutes"}
"""What a run says of its training's cost (ganline.training.cost) -> what that is called."""
WORDS = {"label", "group", "better", "ranks", "default", "how_to_read", "measure", "notices", "judge"}
"""What a protocol entry says beside how the number was made."""
HARMLESS = {"seed", "asked_for", "training_precision"}
EARLY = ("frechet", "fid", "kid")
"""Less of these numbers is better, which the protocols of early runs do not say."""
SHOWN_OF_A_HASH = 12
TIED = 1.96
"""Standard errors, both runs' combined, that two runs must differ by: of equally good ones 95 % do not."""

Protocol = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Run:
    """What is known of a finished run."""

    id: str
    name: str
    experiment: str
    started: str
    """Date and time, UTC."""
    dataset: str
    digest: str
    """Of the prepared data; "" where that was not recorded."""
    parameters: Mapping[str, str]
    """params.yaml, flat."""
    numbers: Mapping[str, float]
    protocol: Protocol
    """protocol.json, empty where the run has none."""


class Row(NamedTuple):
    """A ranked run."""

    rank: int
    """From 1, within its group."""
    run: Run
    value: float
    error: float | None
    """Standard error."""
    floor: float | None
    ties: tuple[int, ...]
    """The ranks in its group that it cannot be told from: they differ by less than TIED combined standard errors."""


class Group(NamedTuple):
    """Runs whose number was made in the same way."""

    rows: tuple[Row, ...]
    """Best first."""
    differs: Mapping[str, Any]
    """Of the protocol what is not the same in all groups."""


@dataclass(frozen=True)
class Comparison:
    """The table."""

    by: str
    label: str
    better: str
    """"lower" or "higher"; "" where nothing could be ranked."""
    groups: tuple[Group, ...]
    """The largest first."""
    apart: tuple[tuple[Run, str], ...]
    """Runs that cannot be ranked, each with the reason."""
    numbers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Every number that a run was judged by, the ranked one first -> what a protocol says of it."""
    parameters: tuple[str, ...] = ()
    """Names of the parameters that are not the same in all runs."""

    @property
    def runs(self) -> list[Run]:
        """All runs in the order of the table."""
        return [row.run for group in self.groups for row in group.rows] + [run for run, _ in self.apart]


def compare(runs: Sequence[Run], by: str) -> Comparison:
    """Return the table of `runs`, ranked by the number called `by`, or by each run's own that `naming.number` finds.

    Raises:
        UserError: there are no runs, or some can be ranked, but none by that number.
    """
    if not runs:
        raise UserError("no finished runs to compare: `dvc repro` makes one")
    runs, by = _named_alike(runs, by)
    allowed = sorted({name for run in runs for name in run.protocol if not _unranked(run, name)})
    if allowed and by not in allowed:
        hint = next(filter(None, (naming.renamed(by, naming.network_of(run.protocol, by)) for run in runs)), "")
        raise UserError(
            f"--by {by}: no run can be ranked by that. {hint}{' ' * bool(hint)}There are: {', '.join(allowed)}"
        )
    found: dict[str, list[Run]] = {}
    apart = []
    for run in runs:
        if reason := _unranked(run, by):
            apart.append((run, reason))
        else:
            found.setdefault(json.dumps(made(run, by), sort_keys=True), []).append(run)
    entries = _numbers(runs, by)
    better = next((_better(run, by) for inside in found.values() for run in inside), "")
    groups = [(json.loads(facts), _ranked(inside, by, better)) for facts, inside in found.items()]
    groups.sort(key=lambda group: -len(group[1]))
    differing = list(_differing([facts for facts, _ in groups]))
    return Comparison(
        by,
        entries.get(by, {}).get("label", by),
        better,
        tuple(Group(rows, {name: facts.get(name) for name in differing}) for facts, rows in groups),
        tuple(apart),
        entries,
        tuple(_differing([run.parameters for run in runs])),
    )


def _named_alike(runs: Sequence[Run], by: str) -> tuple[Sequence[Run], str]:
    """Return the runs and the number that `by` means, which they all have by one name, whichever network judged them.

    Where networks differ that name is `by`. The protocols keep them apart.
    """
    meant = [naming.number(by, naming.network_of(run.protocol, by)) for run in runs]
    if len(set(meant)) == 1:
        return runs, meant[0]
    return [_also(run, name, by) for run, name in zip(runs, meant, strict=True)], by


def _also(run: Run, name: str, other: str) -> Run:
    """Return a run that has one of its numbers, and what stands beside that, by another name too.

    What it is called then names no network: the protocol does.
    """
    pairs = [(start + name + end, start + other + end) for start in ("", FLOOR) for end in ("", STDERR)]
    network = naming.network_of(run.protocol, other)
    entries = {also: dict(run.protocol[old]) for old, also in pairs if old in run.protocol}
    for entry in entries.values():
        entry["label"] = naming.unfilled(entry.get("label", other), network)
    return replace(
        run,
        numbers={**run.numbers, **{also: run.numbers[old] for old, also in pairs if old in run.numbers}},
        protocol={**run.protocol, **entries},
    )


def made(run: Run, number: str) -> dict[str, Any]:
    """Return how a run's number was made: all that decides whether it compares with another run's."""
    facts = {name: value for name, value in run.protocol[number].items() if name not in WORDS | HARMLESS}
    return facts | {"dataset": run.dataset, "dataset_digest": run.digest}


def error_of(run: Run, number: str) -> float | None:
    """Return the standard error of a run's number, where it has one."""
    return run.numbers.get(number + STDERR)


def floor_of(run: Run, number: str) -> float | None:
    """Return what real images score in a run's number, where that was measured."""
    return run.numbers.get(FLOOR + number)


def costs(runs: Sequence[Run]) -> list[str]:
    """Return the names in COST that any of these runs has."""
    return [name for name in COST if any(name in run.numbers for run in runs)]


def headline(differs: Mapping[str, Any]) -> str:
    """Return what sets a group apart as text."""
    return ", ".join(f"{name} {_short(value)}" for name, value in differs.items()) or "all made in the same way"


def as_rows(table: Comparison) -> list[dict[str, Any]]:
    """Return the table as flat rows, one a run, all with the same columns; None stands for what a run does not have."""
    plain = [(number, place) for number, group in enumerate(table.groups, 1) for place in group.rows]
    placed = {row.run.id: (number, row.rank, " ".join(map(str, row.ties))) for number, row in plain}
    reasons = {run.id: reason for run, reason in table.apart}
    names = [column for name in table.numbers for column in (name, name + STDERR, FLOOR + name)]
    used = costs(table.runs) + [name for name in names if any(name in run.numbers for run in table.runs)]
    rows = []
    for run in table.runs:
        group, rank, ties = placed.get(run.id, (None, None, None))
        rows.append(
            {"group": group, "rank": rank, "ties": ties, "run": run.name, "run_id": run.id,
             "experiment": run.experiment, "started": run.started, "dataset": run.dataset,
             "not_ranked": reasons.get(run.id)}
            | {name: run.numbers.get(name) for name in used}
            | {f"params.{name}": run.parameters.get(name) for name in table.parameters}
        )  # fmt: skip
    return rows


def _unranked(run: Run, number: str) -> str:
    """Return why a run cannot be ranked by a number, or "" where it can."""
    entry = run.protocol.get(number)
    if entry is None:
        return f"no protocol says how its {number} was made" if number in run.numbers else f"it has no {number}"
    if "left_out" in entry:
        return f"{number} was left out: {entry['left_out']}"
    if number not in run.numbers:
        return f"it has no {number}"
    if not math.isfinite(run.numbers[number]):
        return f"its {number} is {run.numbers[number]}"
    if number.startswith(BESIDE) or not entry.get("ranks", True):
        return f"{number} only accompanies another number"
    if not _better(run, number):
        return f"its protocol does not say which end of {number} is good"
    return ""


def _better(run: Run, number: str) -> str:
    return run.protocol[number].get("better", "lower" if number.startswith(EARLY) else "")


def _ranked(runs: Sequence[Run], by: str, better: str) -> tuple[Row, ...]:
    sign = 1 if better == "lower" else -1
    ordered = sorted(runs, key=lambda run: sign * run.numbers[by])
    return tuple(
        Row(
            place,
            run,
            run.numbers[by],
            error_of(run, by),
            floor_of(run, by),
            tuple(rank for rank, other in enumerate(ordered, 1) if other is not run and _tied(run, other, by)),
        )
        for place, run in enumerate(ordered, 1)
    )


def _tied(one: Run, other: Run, by: str) -> bool:
    apart = abs(one.numbers[by] - other.numbers[by])
    return apart == 0 or apart < TIED * math.hypot(error_of(one, by) or 0.0, error_of(other, by) or 0.0)


def _numbers(runs: Sequence[Run], by: str) -> dict[str, Mapping[str, Any]]:
    """Return the numbers that stand for themselves, with the entry of the first run that has each."""
    found: dict[str, Mapping[str, Any]] = {}
    for run in runs:
        for name, entry in run.protocol.items():
            beside = name.startswith(BESIDE) or name.endswith(STDERR)
            if not beside and name in run.numbers:
                found.setdefault(name, entry)
    return ({by: found[by]} if by in found else {}) | found


def _differing(facts: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the names whose values are not the same everywhere."""
    for name in dict.fromkeys(name for each in facts for name in each):
        if any(each.get(name) != facts[0].get(name) for each in facts):
            yield name


def _short(value: Any) -> str:
    text = "–" if value in (None, "") else str(value)
    looks_hashed = len(text) > 2 * SHOWN_OF_A_HASH and all(sign in "0123456789abcdef" for sign in text)
    return text[:SHOWN_OF_A_HASH] if looks_hashed else text
