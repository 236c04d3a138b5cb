"""Attacks and defences are files that hold a record: which files of a folder do, told without importing them."""

import re
from functools import cache
from pathlib import Path


@cache
def holding(folder: Path, kind: str) -> tuple[str, ...]:
    """Return the names of a folder's files that hold a record of this kind, such as an ATTACK that is an "Attack"."""
    record = re.compile(rf"^{kind.upper()} = {kind}\(", re.M)
    return tuple(file.stem for file in sorted(folder.glob("*.py")) if record.search(file.read_text()))
