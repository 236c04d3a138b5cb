"""One kind of error for a file whose content a reader cannot read, whatever the reader's library raises."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ganline.core.errors import FULL, UserError

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""What a terminal obeys instead of showing it."""


class UnreadableError(UserError):
    """A file cannot be taken: cut off, garbled, of another kind, too large. The message names it and the reason."""


@contextmanager
def reading(path: Path | str, failure: str = ": cannot be read") -> Iterator[None]:
    """Turn all that reading `path` may raise into UnreadableError; a full disk is no damage and stays an OSError.

    The message begins with the path and `failure`.

    Parsers of foreign content raise nearly everything, and their documents name no base class: of 623 damaged zips
    Python 3.11's zipfile answered 106 with LZMAError or UnicodeDecodeError, NumPy 1.26 a garbled header of a .npy with
    tokenize.TokenError, and a garbled pickle may raise anything.
    """
    try:
        yield
    except UserError:
        raise
    except OSError as error:
        if error.errno in FULL:
            raise
        raise UnreadableError(f"{shown(path)}{failure}: {error.strerror or error}") from None
    except Exception as error:
        kind = type(error).__name__
        raise UnreadableError(
            f"{shown(path)}{failure} (damaged, cut off or of another kind): {kind}: {error}"
        ) from None


def shown(path: Path | str) -> str:
    r"""Return a path as text that can be printed and written: bytes that are not UTF-8 as \xff, a new line as \n."""
    text = str(path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)
