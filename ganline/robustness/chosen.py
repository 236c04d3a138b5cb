"""Which attacks and defences params.yaml asks for; neither they nor TensorFlow are imported for that."""

import difflib
from collections.abc import Iterable, Sequence

from ganline.core.errors import UserError
from ganline.robustness import attacks, defences
from ganline.settings.robustness import Robustness

ALL = "all"


def chosen_attacks(settings: Robustness) -> list[str]:
    """Return the names of the attacks that are asked for.

    Raises:
        UserError: there is none of a name.
    """
    return _chosen("attacks", settings.attacks, attacks.names())


def chosen_defences(settings: Robustness) -> list[str]:
    """Return the names of the defences that are asked for.

    Raises:
        UserError: there is none of a name.
    """
    return _chosen("defences", settings.defences, defences.names())


def _chosen(key: str, asked: Iterable[str], there: Sequence[str]) -> list[str]:
    names = list(asked)
    for name in names:
        if name not in (ALL, *there):
            near = difflib.get_close_matches(name, there, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise UserError(f"robustness.{key}: {name!r} is none; {hint}there are {', '.join([ALL, *there])}")
    return list(there) if ALL in names else [name for name in there if name in names]
