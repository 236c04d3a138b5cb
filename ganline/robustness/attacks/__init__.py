"""Attacks by name: the files of this folder that hold an ATTACK, and `attacked`, which runs one.

A new attack is one file here with its maths and its ATTACK (see base), and its settings in ganline/settings/attacks.py.
Its file, and TensorFlow with it, is imported only where it is asked for.
"""

import importlib
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ganline.robustness.attacks.base import Attack


@cache
def names() -> tuple[str, ...]:
    """Return the names of all attacks; their files are read, not imported."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return tuple(file.stem for file in files if re.search(r"^ATTACK = Attack\(", file.read_text(), re.M))


def attack(name: str) -> "Attack":
    """Return the attack of this name."""
    found: Attack = importlib.import_module(f"ganline.robustness.attacks.{name}").ATTACK
    return found
