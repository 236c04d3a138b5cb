"""Holds trainings in bfloat16 against the same in float32: as many steps, several seeds, the same for both.

Run: python -m benchmarks.precision [EXPERIMENT ...]
Trainings are rows of docs/results (benchmarks.rows) without picture and curve, as many at a time as there are cores,
each on one thread; each leaves docs/results/precision/PRECISION/EXPERIMENT-SEED.json. Stopped, it goes on where it was.
"""

import sys
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import rows
from benchmarks.asked import asked
from benchmarks.tables import head, left, short
from ganline.core.random import purpose_number
from ganline.metrics import naming

STEPS = {"dcgan-fashion-mnist-workshop": 1500, "gan-mnist": 8000, "lsgan-mnist": 8000}
SEEDS = 5
NUMBERS = range(1, SEEDS + 1)
FOLDER = Path("precision")
FULL, HALF = "float32", "mixed_bfloat16"
JUDGE = "classifier"
MEASURES = (naming.frechet(JUDGE), "precision", "recall")

Values = Mapping[str, np.ndarray]
"""A number of each seed, by measure."""


def row(experiment: str, precision: str, number: int) -> rows.Row:
    """Return a training: its seed is made of the experiment's name and the number, and so the same in both precisions.

    The dataset's own network judges alone: another one takes as long as the training.
    """
    seed = purpose_number(f"precision/{experiment}/{number}")
    values = [f"train.steps={STEPS[experiment]}", f"compute.precision={precision}", f"seed={seed}"]
    return rows.Row(experiment, (*values, "extractor.beside=null"), None, number, FOLDER / precision)


def found(experiment: str, results: Path) -> dict[str, list[dict[str, Any]]]:
    """Return what trainings left, by precision, in the order of the seeds."""
    return {
        precision: left(results / row(experiment, precision, number).file for number in NUMBERS)
        for precision in (FULL, HALF)
    }


def harmless(full: Values, half: Values) -> bool:
    """Return whether no measure's mean over the seeds differs by more than two seeds of float32 do, on average."""
    return all(abs(half[name].mean() - full[name].mean()) <= apart(full[name]) for name in full)


def apart(values: np.ndarray) -> float:
    """Return how far two of the values are apart, on average over all pairs (Gini's mean difference)."""
    return float(np.mean([abs(one - other) for one, other in combinations(values, 2)]))


def measured(kept: Sequence[Mapping[str, Any]]) -> Values:
    """Return each measure of some trainings."""
    return {name: np.array([facts["metrics"][name] for facts in kept]) for name in MEASURES}


def section(results: Path) -> str:
    """Return the part of docs/results.md about precision; "" where not all seeds of any experiment are there."""
    every = {experiment: found(experiment, results) for experiment in STEPS}
    whole = {name: kept for name, kept in every.items() if all(len(each) == SEEDS for each in kept.values())}
    lines = [_line(name, kept) for name, kept in whole.items()]
    return SECTION.format(seeds=SEEDS, head=HEAD, rows="\n".join(lines)) if lines else ""


def _line(experiment: str, kept: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    full, half = (measured(kept[precision]) for precision in (FULL, HALF))
    cells = [
        f"{_spread(full[name])}; {_spread(half[name])} | "
        f"{short(abs(half[name].mean() - full[name].mean()))}, {short(apart(full[name]))}"
        for name in MEASURES
    ]
    minutes = "; ".join(_spread([facts["core_minutes"] for facts in kept[each]]) for each in (FULL, HALF))
    said = "yes" if harmless(full, half) else "**no**"
    return f"| {experiment} | {STEPS[experiment]:,} | {' | '.join(cells)} | {minutes} | {said} |"


def _spread(values: Sequence[float] | np.ndarray) -> str:
    return f"{short(float(np.mean(values)))} ± {short(float(np.std(values, ddof=1)))}"


HEADS = (
    *("experiment", "steps"),
    *(words for name in ("Frechet distance", *MEASURES[1:]) for words in (name, "apart")),
    *("core-minutes", "harmless"),
)
HEAD = head(HEADS)
SECTION = """## bfloat16 beside float32

{seeds} trainings in float32; {seeds} in bfloat16, of the same seeds and as many steps, the first part of the presets'
own: means and standard deviations over the seeds. Apart: how far the two means are, and how far two seeds of float32
are from each other on average. Where no measure's means are farther apart than seeds are, bfloat16 counts as harmless
to that model with that loss. A harm of less than that can pass unseen. Made by `python -m benchmarks.precision`, judged
by the dataset's own classifier, on a processor with bfloat16 instructions.

{head}
{rows}

"""


def main() -> None:
    """Make what is missing, seed after seed, and docs/results.md anew after each."""
    from benchmarks import results

    names = asked("benchmarks.precision", __doc__ or "", "EXPERIMENT", STEPS)
    wanted = (row(name, each, number) for number in NUMBERS for name in names or STEPS for each in (FULL, HALF))
    sys.exit(not results.made("precision", wanted, bool(names)))


if __name__ == "__main__":
    main()
