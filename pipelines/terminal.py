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
from ganline.core.errors import FULL, UserError

MENDABLE = (
    *FULL, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.EIO, errno.EMFILE,
)  # fmt: skip
"""What the machine refuses and users can see to: a full or read-only disk, a folder of somebody else, a long name."""


def run(app: typer.Typer) -> None:
    """Run a command line; a user's mistake, or a machine that refuses, ends in one message and exit code 1."""
    atexit.register(gc.freeze)  # else Python looks through all that was imported for garbage, before it lets it go
    try:
        app()
    except UserError as error:
        _end(str(error))
    except OSError as error:
        if error.errno not in MENDABLE:
            raise
        _end(f"{error.filename or 'writing'}: {error.strerror}")


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
