"""How a command line of this package ends."""

import atexit
import errno
import gc
import sys
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from ganline.core.addresses import masked
from ganline.core.errors import UserError, mistake

PASSING = (errno.EIO, errno.EMFILE)
"""What may pass: a stage lets it out whole, and a flow tries again; a person at a terminal gets one sentence."""


def run(app: typer.Typer) -> None:
    """Run a command line; a user's mistake, or a machine that refuses, ends in one message and exit code 1."""
    atexit.register(gc.freeze)  # else Python looks through all that was imported for garbage, before it lets it go
    try:
        app()
    except (UserError, OSError) as error:
        if isinstance(error, OSError) and error.errno in PASSING:
            _end(f"{error.filename or 'reading or writing'}: {error.strerror}")
        _end(str(mistake(error)))


def console(**options: Any) -> Console:
    """Return a console that prints what users name as it stands: rich takes [b] for bold and :cat: for a picture."""
    return Console(markup=False, emoji=False, highlight=False, **options)


def readable(text: str) -> str:
    """Return a text as any terminal can show it: bytes that are none, as in a file's name, as \\udcff."""
    return text.encode(errors="backslashreplace").decode()


def _end(message: str) -> None:
    shown = Text.assemble(("error:", "bold red"), " ", readable(masked(message)))
    console(stderr=True).print(shown, soft_wrap=True)
    sys.exit(1)
