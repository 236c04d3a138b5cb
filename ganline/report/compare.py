"""The page that holds many runs side by side; like the report it asks nothing of the network."""

from collections.abc import Sequence

from ganline.evaluation.baselines import scored
from ganline.evaluation.compare import COST, Comparison, costs, error_of, floor_of, headline
from ganline.evaluation.duels import League
from ganline.report.page import environment


def render(table: Comparison, leagues: Sequence[League], notes: Sequence[str]) -> str:
    """Return the page; equal content gives equal text."""
    return (
        environment()
        .get_template("compare.html")
        .render(
            table=table,
            others=[name for name, said in table.numbers.items() if name != table.by and said.get("ranks", True)],
            costs={name: COST[name] for name in costs(table.runs)},
            leagues=leagues,
            notes=notes,
            headline=headline,
            error_of=error_of,
            floor_of=floor_of,
            scored=scored,
        )
    )
