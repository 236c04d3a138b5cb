"""Further seeds of some rows of docs/results: of which, what is kept of them, and how far apart they come out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import zoo
from benchmarks.tables import head, left, short
from ganline.evaluation.compare import made
from ganline.metrics import naming

EXPERIMENTS = ("dcgan-fashion-mnist-workshop", "gan-mnist", "wgan-mnist", "lsgan-mnist")
COUNT = 3
"""Seeds of each of them, the row's own among them."""
FOLDER = Path("seeds")
"""Below docs/results: EXPERIMENT-2.json and so on."""
LEFT_OUT = ("last", "printed")
"""Of a row's numbers what a further seed's do without, beside curve and picture."""
SHOWN = ("precision", "recall")


def overrides(given: Sequence[str], first: dict[str, Any]) -> list[str]:
    """Return what differs from the preset in further seeds' rows: as `given`, and the steps that the first one took.

    A budget of time would give each seed steps of its own, and their spread would tell of the machine.
    """
    return [*(value for value in given if not value.startswith("train.steps=")), f"train.steps={first['steps']}"]


def further(first: dict[str, Any], results: Path) -> list[dict[str, Any]]:
    """Return what is kept of a row's further seeds that are held against it: as many steps, judged in the same way."""
    if "protocol" not in first:
        return []
    files = (results / FOLDER / f"{first['experiment']}-{number}.json" for number in range(2, COUNT + 1))
    return [facts for facts in left(files) if _comparable(facts, first)]


def _comparable(one: dict[str, Any], other: dict[str, Any]) -> bool:
    protocols = [made(zoo.run(facts), naming.frechet(facts["extractor"])) for facts in (one, other)]
    return one["trained"] == other["trained"] and protocols[0] == protocols[1]


def section(found: Sequence[dict[str, Any]]) -> str:
    """Return the part of docs/results.md about further seeds; "" where there are none.

    Args:
        found: rows, with what `further` returned as "seeds".
    """
    lines = [_line(facts) for facts in found if facts["seeds"]]
    return SECTION.format(head=HEAD, rows="\n".join(lines)) if lines else ""


def _line(first: dict[str, Any]) -> str:
    every = [first, *first["seeds"]]
    judges = [first["extractor"], first["beside"]]
    names = [naming.frechet(judge) if judge else "" for judge in judges] + list(SHOWN)
    spreads = [_spread([facts["metrics"][name] for facts in every if name in facts["metrics"]]) for name in names]
    minutes = _spread([facts["core_minutes"] for facts in every])
    verdicts = ", ".join(facts["verdict"] for facts in every)
    steps = f"{first['trained']:,}"
    return f"| {first['experiment']} | {len(every)} | {steps} | {' | '.join([*spreads, minutes])} | {verdicts} |"


def _spread(values: Sequence[float]) -> str:
    """Return mean and standard deviation, with the least and the most; "-" of no values."""
    if not values:
        return "-"
    deviation = f" ± {short(float(np.std(values, ddof=1)))}" if len(values) > 1 else ""
    return f"{short(float(np.mean(values)))}{deviation} ({short(min(values))} to {short(max(values))})"


HEADS = (
    *("experiment", "seeds", "steps", "Frechet distance", "that of the second judge", "precision", "recall"),
    *("core-minutes", "verdicts"),
)
HEAD = head(HEADS)
SECTION = """## Further seeds

Rows of the table above at further seeds, made of the name, too, for as many steps: means over all seeds, standard
deviations from one to the next, and in brackets the least and the most. Verdicts begin with that of the row above.

{head}
{rows}

"""
