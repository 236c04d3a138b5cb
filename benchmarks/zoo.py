"""The leaderboard: the catalogue's generators on one dataset under one protocol, best first, with what each cost.

Made of docs/results/*.json by benchmarks.results; who ranks is ganline.evaluation.compare, as in `ganline compare`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.tables import head, short
from ganline.evaluation.compare import Comparison, Group, Run, compare
from ganline.metrics import naming

PAGE = Path("docs/leaderboard.md")
DATASETS = {"mnist": "MNIST", "fashion_mnist": "Fashion-MNIST"}
BESIDE = ("kid", "precision", "recall", "density", "coverage")
"""Of the first judge, beside the Frechet distance."""
HEADS = (
    *("rank", "experiment", "Frechet distance", "tie with", "by the second judge", "KID", "precision", "recall"),
    *("density", "coverage", "classes", "verdict", "steps", "core-minutes"),
)
HEAD = head(HEADS)


def kept(protocol: dict[str, Any], judges: Sequence[str | None]) -> dict[str, Any]:
    """Return of a run's protocol what the leaderboard ranks and shows."""
    names = [*(naming.frechet(judge) for judge in judges if judge), *BESIDE]
    return {name: protocol[name] for name in names if name in protocol}


def section(dataset: str, found: Sequence[dict[str, Any]]) -> str:
    """Return the tables of one dataset, a table for each protocol; "" where no row says how its numbers were made.

    Args:
        dataset: as download.dataset has it.
        found: what recorded.facts returned, of any dataset.
    """
    mine = {facts["experiment"]: facts for facts in found if facts.get("dataset") == dataset}
    if not mine:
        return ""
    first, second = (_ranked(list(mine.values()), which) for which in ("extractor", "beside"))
    places = {row.run.id: row for group in second.groups for row in group.rows} if second else {}
    parts = [f"## {DATASETS[dataset]}"]
    for group in first.groups if first else ():
        lines = [HEAD, _floor(group, mine)]
        for row in group.rows:
            facts, other = mine[row.run.id], places.get(row.run.id)
            cells = [
                *(str(row.rank), row.run.id, _with_error(row.value, row.error), ", ".join(map(str, row.ties))),
                f"{short(other.value)} (rank {other.rank})" if other else "-",
                *_numbers(facts["metrics"], ""),
                *(facts["verdict"], f"{facts['trained']:,}", f"{facts['core_minutes']:.0f}"),
            ]
            lines.append(f"| {' | '.join(cells)} |")
        parts.append("\n".join(lines))
    if spreads := [_seeds(facts) for facts in mine.values() if facts.get("seeds")]:
        parts.append(f"Frechet distances over several seeds, that of the table among them: {'; '.join(spreads)}.")
    parts += [f"{run.id} is not ranked: {reason}." for run, reason in (first.apart if first else ())]
    return "\n\n".join(parts)


def _ranked(found: Sequence[dict[str, Any]], which: str) -> Comparison | None:
    """Return the table by the Frechet distance of the first judge ("extractor") or of the second ("beside")."""
    runs = [run(facts) for facts in found if facts.get(which)]
    judges = {facts[which] for facts in found if facts.get(which)}
    return compare(runs, naming.frechet(judges.pop())) if len(judges) == 1 else None


def _seeds(facts: dict[str, Any]) -> str:
    """Return how far apart the seeds of a row come out by the first judge."""
    name = naming.frechet(facts["extractor"])
    values = [each["metrics"][name] for each in (facts, *facts["seeds"])]
    return f"{facts['experiment']} {short(min(values))} to {short(max(values))} ({len(values)} seeds)"


def run(facts: dict[str, Any]) -> Run:
    """Return a row as those who rank take it."""
    return Run(
        id=facts["experiment"],
        name=facts["experiment"],
        experiment=facts["experiment"],
        started="",
        dataset=facts["dataset"],
        digest=facts["digest"],
        parameters={},
        numbers=facts["metrics"],
        protocol=facts["protocol"],
    )


def _floor(group: Group, found: dict[str, dict[str, Any]]) -> str:
    """Return the line of real images in a generator's place."""
    facts = found[group.rows[0].run.id]
    own, other = (
        short(facts["metrics"][f"floor_{naming.frechet(judge)}"]) if judge else "-"
        for judge in (facts["extractor"], facts["beside"])
    )
    cells = ["", "*training images*", own, "", other, *_numbers(facts["metrics"], "floor_"), "", "", ""]
    return f"| {' | '.join(cells)} |"


def _numbers(metrics: dict[str, float], prefix: str) -> list[str]:
    names = [prefix + name for name in (*BESIDE, "classes_seen")]
    return [short(metrics[name]) if name in metrics else "-" for name in names]


def _with_error(value: float, error: float | None) -> str:
    return short(value) if error is None else f"{short(value)} ± {short(error)}"


TEXT = """# The zoo under one protocol

Generators of books and papers, each trained to its source's number of steps, or to those that {budget:g} minutes on two
cores allow; [results](results.md) says of each which, with pictures, curves and commands. Those of one table are
judged by the same 10,000 held-out images, the same two networks and the same settings. A dataset has a table for each
classifier that judged: one that was trained by later code has other last digits, and is another judge. Ranks of the
second judge, who is the same for all, go over all tables of a dataset.

Best first by the Frechet distance in the features of a classifier of the dataset's own classes. The second judge,
EfficientNet-Lite0, was trained on photographs, and looks at 500 images of each. Where the two disagree neither is
right: the classifier, for one, has never seen blur. Rows that differ by less than 1.96 combined standard errors are
ties. The first line is no competitor: it is what training images score in a generator's place. Ranks are of one seed
each, and errors are of the images drawn, not of the seed; what further seeds gave, where there are any, stands below
the table. `mode-collapse-mnist` and `convergence-failure-mnist` are made to fail.

Core-minutes are processor time of training, for which a row has what it has. They depend on the machine's other work,
too: mode-collapse-mnist took 2 beside little, and 4 beside another training, for the same numbers. `ganline compare`
makes such a table of your own runs, costs and ties with it ([how it ranks](metrics.md#comparing-runs)).

{sections}

Made by `python -m benchmarks.results` of docs/results/*.json. Rows that were made before it kept protocols are in the
[results](results.md) alone.
"""


def page(found: Sequence[dict[str, Any]], budget: float) -> str:
    """Return docs/leaderboard.md; `budget` in minutes."""
    sections = filter(None, (section(dataset, found) for dataset in DATASETS))
    return TEXT.format(budget=budget, sections="\n\n".join(sections))
