"""What a benchmark is asked for on the command line, checked before it does anything."""

import argparse
import difflib
import math
from collections.abc import Collection

from ganline.core.words import listed

SHOWN = 30


def asked(module: str, text: str, kind: str = "", known: Collection[str] = (), count: str = "*") -> list[str]:
    """Return the names that were given; where one is not known, or --help is, say so and end the process.

    Args:
        module: the benchmark's, as python -m takes it.
        text: what it does: its docstring.
        kind: what the names are of.
        known: those there are; without any the benchmark takes no names.
        count: how many it takes: "*" any number, "?" one at most, "1" one.
    """
    parser = _parser(module, text)
    if not known:
        parser.parse_args()
        return []
    return _names(parser, kind, known, count).names


def asked_within(module: str, text: str, kind: str, known: Collection[str], minutes: float) -> tuple[list[str], float]:
    """Return the names and the minutes that were given, `minutes` where none were; else as `asked`."""
    parser = _parser(module, text)
    parser.add_argument("--minutes", type=float, default=minutes, help=f"more than 0; {minutes:g} where none are given")
    found = _names(parser, kind, known, "*")
    if not 0 < found.minutes < math.inf:
        parser.error(f"--minutes {found.minutes:g}: allowed is a number above 0")
    return found.names, found.minutes


def _parser(module: str, text: str) -> argparse.ArgumentParser:
    shape = argparse.RawDescriptionHelpFormatter
    return argparse.ArgumentParser(f"python -m {module}", description=text, formatter_class=shape)


def _names(parser: argparse.ArgumentParser, kind: str, known: Collection[str], count: str) -> argparse.Namespace:
    """Return what was given, names as a list of known ones."""
    parser.add_argument("names", nargs=1 if count == "1" else count, metavar=kind, help=listed(known, SHOWN))
    found = parser.parse_args()
    found.names = [found.names] if isinstance(found.names, str) else found.names or []
    for name in found.names:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            parser.error(f"no {kind.lower()} {name!r}; {f'did you mean {near[0]}?' if near else 'see --help'}")
    return found
