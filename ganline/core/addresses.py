"""Addresses without their secrets: whatever is shown or written down goes through `masked` first.

A program that needs the secret keeps the address it was given (an environment variable, git's or DVC's configuration)
and writes down the masked one.
"""

import io
import re
import sys
import traceback
from collections.abc import Mapping
from types import TracebackType
from typing import Any, TextIO

MASK = "***"
# Of scheme://user:password@host/path all that stands before the last @ of the host's part. A slash that a password
# holds unescaped ends that part too early: then what follows "user:" is no port number.
_USER = re.compile(r"(?<=://)(?:[^\s/?#]*@|[^\s/?#@:]*:(?!\d*(?:[/?#\s\"'<>]|$))\S*@)")
_QUERY = re.compile(r"(?i)([?&;][\w.-]*(?:token|key|secret|password|signature|credential)[\w.-]*=)[^&;#\s\"'<>]+")


def masked(text: str) -> str:
    """Return a text in which no address holds a user, a password or a token.

    `https://me:secret@host/x?token=abc` becomes `https://***@host/x?token=***`; what is no address stays as it is.
    """
    if "://" not in text:
        return text
    return _QUERY.sub(rf"\1{MASK}", _USER.sub(f"{MASK}@", text))


def without_user(address: str) -> str:
    """Return a masked address that can be opened: without the mask too."""
    return masked(address).replace(f"://{MASK}@", "://")


def masked_within(value: Any) -> Any:
    """Return what JSON can hold with all its texts masked."""
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, Mapping):
        return {name: masked_within(inner) for name, inner in value.items()}
    return [masked_within(inner) for inner in value] if isinstance(value, list | tuple) else value


def mask_tracebacks() -> None:
    """Let no secret show where this program dies of an error that nobody foresaw."""

    def show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        print(masked("".join(traceback.format_exception(kind, error, trace))), end="", file=sys.stderr)

    sys.excepthook = show


class Masked(io.TextIOBase):
    """A stream through which no secret of an address gets to another one."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Pass on a text, masked."""
        return self._stream.write(masked(text))

    def flush(self) -> None:
        """Flush the other stream."""
        self._stream.flush()

    def fileno(self) -> int:
        """Return the other stream's file descriptor."""
        return self._stream.fileno()
