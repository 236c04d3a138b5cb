"""Holds the verdicts against the labels: what is caught, what is a false alarm, and how early, on each part.

Run: python -m benchmarks.diagnosis.table          judges the recorded histories anew and writes table.md
     python -m benchmarks.diagnosis.table margins  shows, on the tuning part alone, how far each threshold could move
"""

import io
import statistics
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from benchmarks.asked import asked
from benchmarks.diagnosis.grounds import PARTS, RUNS
from benchmarks.diagnosis.label import EITHER, label
from benchmarks.diagnosis.records import FOLDER, histories, records
from ganline.core.files import write_text
from ganline.diagnosis import verdict as rules

PATIENCE = 3
"""Looks in a row that count as having spoken: the default of diagnosis.patience."""
THRESHOLDS = (
    "UNLEARNED", "LIKE", "DUPLICATES", "NARROW", "NOISY", "NARROWISH", "MIDDLING", "WORSE", "STUCK", "WARM_UP", "MILD",
    "COVERED", "LOOSENS", "ASTRAY", "BARE", "CLASSES", "LESS",
)  # fmt: skip
FACTORS = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0, 1.05, 1.1, 1.15, 1.25, 1.4, 1.6, 2.0)


class Judged(NamedTuple):
    """One run: what its samples show, what the verdict says, and when it first spoke, if it did."""

    name: str
    truth: str
    verdict: rules.Verdict
    spoke: int | None
    steps: int
    to_go: float
    """Share of its steps still to go when it spoke."""

    @property
    def failed(self) -> bool:
        """Whether its samples fail."""
        return self.truth in (*rules.FAILING, EITHER)

    @property
    def named(self) -> bool:
        """Whether the verdict is what its samples show, or one of two names that fit."""
        return self.verdict.verdict in self.truth.split(" or ")

    @property
    def alarm(self) -> bool:
        """Whether it was called failing at the end, or for long enough to be ended."""
        return self.verdict.failing or self.spoke is not None


def runs(part: str) -> dict[str, tuple[dict[str, Any], dict[str, np.ndarray]]]:
    """Return the record and the history of each recorded run of a part."""
    found = {}
    for name in (name for name in RUNS if name.startswith(part) and name in records()):
        history = pd.read_csv(io.StringIO(histories()[name]))
        found[name] = records()[name], {column: values.to_numpy(float) for column, values in history.items()}
    return found


def judged(name: str, record: dict[str, Any], table: dict[str, np.ndarray]) -> Judged:
    """Return one run, judged as it would have been while it trained and at its end."""
    failing, spoke = 0, None
    for finding in rules.findings(table):
        failing = failing + 1 if finding.failing and not finding.better else 0
        if failing >= PATIENCE and spoke is None:
            spoke = finding.look.step
    verdict = rules.judge(table)
    if verdict.verdict == "diverged" and (spoke is None or verdict.first_step < spoke):
        spoke = verdict.first_step
    return Judged(
        name, label(record), verdict, spoke, record["steps"], 0.0 if spoke is None else 1 - spoke / record["steps"]
    )


def summary(found: list[Judged]) -> dict[str, Any]:
    """Return the figures of one part."""
    failed = [run for run in found if run.failed]
    healthy = [run for run in found if run.truth == "healthy"]
    caught = [run for run in failed if run.verdict.failing]
    of_one_name = [run for run in caught if run.truth != EITHER]
    saved = sum((run.steps - run.spoke) / run.steps for run in failed if run.spoke)
    return {
        "runs": len(found),
        "failing": len(failed),
        "caught": len(caught),
        "healthy": len(healthy),
        "false alarms at the end": sum(run.verdict.failing for run in healthy),
        "false alarms at any moment": sum(run.alarm for run in healthy),
        "unclear": sum(run.truth == "unclear" for run in found),
        "kind right": sum(run.named for run in caught),
        "caught, of one name": len(of_one_name),
        "kind right, of one name": sum(run.named for run in of_one_name),
        "still to go, median": statistics.median([run.to_go for run in caught if run.spoke] or [0.0]),
        "saved by stop": saved / max(1, len(failed)),
    }


def markdown(parts: dict[str, list[Judged]]) -> str:
    """Return all parts' figures and every run, as Markdown."""
    lines = ["# The proving ground, run by run", "", "Made by `python -m benchmarks.diagnosis.table`.", ""]
    lines += ["| | " + " | ".join(parts) + " |", "|---" * (len(parts) + 1) + "|"]
    figures = {part: summary(found) for part, found in parts.items()}
    for key in next(iter(figures.values())):
        cells = [f"{f[key]:.0%}" if isinstance(f[key], float) else str(f[key]) for f in figures.values()]
        lines.append(f"| {key} | " + " | ".join(cells) + " |")
    for part, found in parts.items():
        lines += [
            "",
            f"## {part}",
            "",
            "| run | experiment | data | made to | samples show | verdict | spoke at step |",
        ]
        lines.append("|---" * 7 + "|")
        for run in found:
            ground = RUNS[run.name]
            right = run.truth == "unclear" or run.named
            said = run.verdict.title if right else f"**{run.verdict.title}**"
            spoke = f"{run.spoke} of {run.steps}" if run.spoke else ""
            truth = run.truth.replace("_", " ")
            row = (run.name, ground.experiment, ground.dataset, ground.aim, truth, said, spoke)
            lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines) + "\n"


def margins() -> None:
    """Print how many runs of the tuning part are judged wrongly as each threshold moves alone."""
    recorded = runs("tuning")

    def wrong() -> int:
        found = [judged(name, *run) for name, run in recorded.items()]
        return sum(run.alarm if run.truth == "healthy" else run.failed and not run.named for run in found)

    print("threshold   wrong runs at a factor of: " + " ".join(f"{factor:>4}" for factor in FACTORS))
    for name in THRESHOLDS:
        before = getattr(rules, name)
        counts = []
        for factor in FACTORS:
            setattr(rules, name, before * factor)
            counts.append(wrong())
        setattr(rules, name, before)
        print(f"{name:11} {before:<26} " + " ".join(f"{count:>4}" for count in counts))


def main() -> None:
    """Judge every recorded run and write the table."""
    parts = {part: [judged(name, *run) for name, run in runs(part).items()] for part in PARTS}
    parts = {part: found for part, found in parts.items() if found}
    write_text(FOLDER / "table.md", markdown(parts))
    for part, found in parts.items():
        print(part, {key: round(value, 3) for key, value in summary(found).items()})


if __name__ == "__main__":
    margins() if asked("benchmarks.diagnosis.table", __doc__, "PART", ["margins"], "?") else main()
