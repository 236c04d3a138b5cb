"""Attacks by name: the files of this folder that hold an ATTACK, and `attacked`, which runs one.

A new attack is one file here with its maths and its ATTACK (see base), and its settings in ganline/settings/attacks.py.
Its file, and TensorFlow with it, is imported only where it is asked for.
"""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

from ganline.robustness.records import holding

if TYPE_CHECKING:
    from ganline.robustness.attacks.base import Attack


def names() -> tuple[str, ...]:
    """Return the names of all attacks."""
    return holding(Path(__file__).parent, "Attack")


def attack(name: str) -> "Attack":
    """Return the attack of this name."""
    found: Attack = importlib.import_module(f"ganline.robustness.attacks.{name}").ATTACK
    return found
