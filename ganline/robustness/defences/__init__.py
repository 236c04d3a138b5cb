"""Defences by name: the files of this folder that hold a DEFENCE, each of which makes a defended victim of a lesson.

A new defence is one file here with its maths and its DEFENCE (see base), and its settings in
ganline/settings/defences.py. Its file, and TensorFlow with it, is imported only where it is asked for.
"""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

from ganline.robustness.records import holding

if TYPE_CHECKING:
    from ganline.robustness.defences.base import Defence


def names() -> tuple[str, ...]:
    """Return the names of all defences."""
    return holding(Path(__file__).parent, "Defence")


def defence(name: str) -> "Defence":
    """Return the defence of this name."""
    found: Defence = importlib.import_module(f"ganline.robustness.defences.{name}").DEFENCE
    return found
