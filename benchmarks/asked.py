"""What a benchmark is asked for on the command line, checked before it does anything."""

import argparse
import difflib
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
    shape = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(f"python -m {module}", description=text, formatter_class=shape)
    if not known:
        parser.parse_args()
        return []
    parser.add_argument("names", nargs=1 if count == "1" else count, metavar=kind, help=listed(known, SHOWN))
    given = parser.parse_args().names or []
    names = [given] if isinstance(given, str) else given
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            parser.error(f"no {kind.lower()} {name!r}; {f'did you mean {near[0]}?' if near else 'see --help'}")
    return names
