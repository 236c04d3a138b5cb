"""What the tables of docs/results.md and docs/leaderboard.md share."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any


def head(heads: Sequence[str]) -> str:
    """Return the first two lines of a table."""
    return f"| {' | '.join(heads)} |\n{'|---' * len(heads)}|"


def short(value: float) -> str:
    """Return a number with three digits, or all of a large one's."""
    return f"{value:.3g}" if abs(value) < 999.5 else f"{value:,.0f}"


def left(files: Iterable[Path]) -> list[dict[str, Any]]:
    """Return the numbers that runs left, of those files that are there, in their order."""
    return [json.loads(path.read_text()) for path in files if path.exists()]
