"""Which DVC commands are at work in a workspace, and waiting for them.

`dvc --wait-for-lock` does not do that (3.67.1): it waits for the lock that a command holds for moments, and not for a
stage that another command runs. Asked for the same stage, it ends at once with "is busy".
"""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import psutil

from ganline.core.errors import UserError

RWLOCK = Path(".dvc/tmp/rwlock")
BUSY = "it is being blocked by:"
"""In DVC's message when another command holds what it needs."""
SAY_EVERY = 60.0  # seconds
LOOK_EVERY = 1.0


class Running(NamedTuple):
    """A DVC command that holds files of the workspace."""

    pid: int
    command: str
    files: tuple[str, ...]
    """Some that it writes, or else reads."""

    def __str__(self) -> str:
        """Say which command it is and what it is at."""
        words = self.command.split()
        command = " ".join([Path(words[0]).name, *words[1:]]) if words else "a DVC command"
        return f"`{command}` (process {self.pid}), which works on {', '.join(self.files)}"

    def alive(self) -> bool:
        """Return whether the process is a DVC command, or the program that uses DVC; not another that got its number.

        DVC notes what a program was called with, without the interpreter: a file's path also of `python -m package`.
        """
        try:
            words = psutil.Process(self.pid).cmdline()
        except psutil.Error:
            return False
        program, _, arguments = self.command.partition(" ")
        path = Path(program)
        name = path.parent.name if path.stem == "__main__" else path.stem
        called = any(name in re.split("[/.]", word) for word in words) and " ".join(words).endswith(arguments)
        return called or any(Path(word).name == "dvc" for word in words[:3])


def commands() -> list[Running]:
    """Return what DVC takes to be at work in the current directory: processes by number, as it asks no more."""
    lock = _read()
    held = [(path, info) for path, info in lock.get("write", {}).items()]
    held += [(path, info) for path, infos in lock.get("read", {}).items() for info in infos]
    found: dict[int, Running] = {}
    for pid, info in ((info["pid"], info) for _, info in held):
        if pid not in found and psutil.pid_exists(pid):
            files = [other for other, also in held if also["pid"] == pid][:2]
            found[pid] = Running(pid, info["cmd"], tuple(_short(file) for file in files))
    return list(found.values())


def refuse(what: str) -> None:
    """Leave a running pipeline alone.

    Raises:
        UserError: a DVC command is at work in the current directory; `what` is what was not done.
    """
    if others := [other for other in commands() if other.alive()]:
        raise UserError(
            f"{others[0]}, is running; {what}. A stage that finds other parameters at its end than it began with "
            "leaves no results. Wait until it is done; or run something beside it: "
            "`dvc exp run --temp -S experiment=NAME -S section.key=value`"
        )


def wait(say: Callable[[str], None]) -> None:
    """Wait until no other DVC command is at work in the current directory; say for whom, at once and every minute.

    Raises:
        UserError: DVC waits for a process that does not use it, and so would for ever.
    """
    began = said = 0.0
    while others := commands():
        if not others[0].alive() and others[0] in commands():
            raise UserError(
                f"DVC waits for {others[0]}, and that process is no DVC command: it got the number of one that was "
                f"killed. Remove {RWLOCK} and run this again"
            )
        now = time.monotonic()
        began = began or now
        if not said or now - said >= SAY_EVERY:
            say(f"waiting for {others[0]}" + (f": {(now - began) / 60:.0f} min so far" if said else ""))
            said = now
        time.sleep(LOOK_EVERY)


def _read() -> dict:
    for _ in range(50):
        try:
            found: dict = json.loads(RWLOCK.read_text())
            return found
        except FileNotFoundError:
            return {}
        except ValueError:  # it is just being written
            time.sleep(0.02)
    return {}  # DVC says itself what is wrong with it


def _short(path: str) -> str:
    here = Path.cwd()
    return str(Path(path).relative_to(here)) if Path(path).is_relative_to(here) else path
