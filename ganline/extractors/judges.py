"""The two judges of a run: the network of extractor.kind, and the one beside it (extractor.beside) where there is one.

Numbers are the first one's; those of the second stand beside them by names of their own. What takes an ability, such
as knowing the data's classes, is asked of the first of the two that has it.
"""

from pathlib import Path
from typing import NamedTuple

from ganline.core.abilities import lacking
from ganline.extractors.network import abilities_of
from ganline.settings import paths
from ganline.settings.networks import Kind
from ganline.settings.schema import Params


class Judge(NamedTuple):
    """One of the two."""

    kind: Kind
    folder: Path
    """Where the extractor stage has left it, with what it says of the real images."""

    def lacks(self, *abilities: str) -> str:
        """Return why it has not all of these abilities, "" where it has."""
        return lacking(abilities, abilities_of(self.kind))


def judges(params: Params) -> list[Judge]:
    """Return the judge, and the one beside it where there is one."""
    folders = (paths.extractor(params), paths.beside(params))
    return [Judge(kind, folder) for kind, folder in zip(params.extractor.kinds, folders, strict=False)]


def with_abilities(params: Params, *abilities: str) -> Judge | None:
    """Return the first judge that has these abilities, in the words of ganline.core.abilities."""
    return next((judge for judge in judges(params) if not judge.lacks(*abilities)), None)


def of_study(params: Params) -> Judge:
    """Return whom a study asks: who knows the data's classes, else who is fast to look, else the first."""
    return with_abilities(params, "classes") or with_abilities(params, "fast to look") or judges(params)[0]
