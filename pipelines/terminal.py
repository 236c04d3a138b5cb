"""How a command line of this package ends."""

import sys

import typer
from rich.console import Console

from ganline.errors import UserError


def run(app: typer.Typer) -> None:
    """Run a command line; a user's mistake ends in one message and exit code 1."""
    try:
        app()
    except UserError as error:
        Console(stderr=True).print(f"[bold red]error:[/] {error}", highlight=False, soft_wrap=True)
        sys.exit(1)
