"""Writes the table of docs/metrics.md from the measures themselves: python -m ganline.evaluation.docs."""

import re
from pathlib import Path

from ganline.core.files import write_text
from ganline.evaluation import measures as suite
from ganline.metrics import naming
from ganline.metrics.record import Measure

PAGE = Path("docs/metrics.md")
BEGIN, END = "<!-- made by python -m ganline.evaluation.docs -->", "<!-- end -->"
HEADER = (
    "| measure | numbers (↓ lower, ↑ higher is better) | what it answers | cost | when it misleads | source |\n"
    "|---|---|---|---|---|---|"
)


def table() -> str:
    """Return the Markdown table of all measures, those of the default set in bold."""
    return "\n".join([HEADER, *(_row(measure) for measure in suite.measures().values())])


def _row(measure: Measure) -> str:
    arrows = {"lower": " ↓", "higher": " ↑", "": ""}
    measure = measure.named(_any_network, _any_network)
    numbers = "<br>".join(
        f"`{name}`{arrows[number.better]} {number.reading}" for name, number in measure.numbers.items() if number.ranks
    )
    name = f"**{measure.name}**" if measure.name in suite.DEFAULT else measure.name
    return f"| {name} | {numbers} | {measure.answers} | {measure.cost} | {measure.misleads} | {measure.source} |"


def _any_network(text: str) -> str:
    return text.replace(naming.FRECHET, "frechet_NETWORK").replace(naming.FRECHET_LABEL, "Frechet distance")


if __name__ == "__main__":
    page = PAGE.read_text()
    made = re.sub(f"{BEGIN}.*{END}", lambda _: f"{BEGIN}\n{table()}\n{END}", page, flags=re.DOTALL)
    write_text(PAGE, made)
