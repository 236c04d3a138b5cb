"""Lists that are too long to be told."""

from collections.abc import Iterable


def first(items: Iterable[str], shown: int, indent: str = "") -> list[str]:
    """Return the first `shown` items, and where there are others "and 3 more" as the last, behind `indent`."""
    every = list(items)
    return every[:shown] + ([f"{indent}and {len(every) - shown} more"] if len(every) > shown else [])


def listed(items: Iterable[str], shown: int) -> str:
    """Return the first `shown` items as text: "a, b and 3 more"."""
    every = list(items)
    return ", ".join(every[:shown]) + (f" and {len(every) - shown} more" if len(every) > shown else "")
