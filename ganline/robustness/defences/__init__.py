"""Defences by name: the files of this folder that hold a DEFENCE, each of which makes a defended victim of a lesson.

A new defence is one file here with its maths and its DEFENCE (see base), and its settings in
ganline/settings/defences.py. Its file, and TensorFlow with it, is imported only where it is asked for.
"""

import importlib
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ganline.robustness.defences.base import Defence


@cache
def names() -> tuple[str, ...]:
    """Return the names of all defences; their files are read, not imported."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return tuple(file.stem for file in files if re.search(r"^DEFENCE = Defence\(", file.read_text(), re.M))


def defence(name: str) -> "Defence":
    """Return the defence of this name."""
    found: Defence = importlib.import_module(f"ganline.robustness.defences.{name}").DEFENCE
    return found
