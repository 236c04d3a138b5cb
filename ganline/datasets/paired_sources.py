"""Source lists of pictures for translators: archives, drawings and renders of emoji, tiles, small animals."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ganline.core.addresses import masked
from ganline.core.errors import UserError
from ganline.datasets import archives, fluent, openmoji, pickled, tiles
from ganline.datasets.damage import UnreadableError
from ganline.datasets.fetchers import FETCH, SourceError
from ganline.datasets.source_lists import FileName, Sha256, Source, SourceList, Strict, find, no_category, unpack

Folder = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+$")]


class ArchiveFolder(Strict):
    """A folder of an archive."""

    to: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$")]
    """Its path in the dataset."""
    pictures: Annotated[int, Field(ge=1)]
    """How many it holds."""


class ArchiveList(SourceList):
    """One archive of pictures, as its authors publish it."""

    layout: Literal["archive"]
    archive: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*\.(zip|tgz|tar\.gz)$")]
    """Its file name."""
    folders: Annotated[dict[FileName, ArchiveFolder], Field(min_length=1)]
    """The folders to take."""
    sha256: Sha256 | None
    """Of all pictures (`ganline.datasets.archives.digest`); null where nobody has pinned them: taken as they come."""

    def check_category(self, dataset: str, category: str | None) -> None:
        """Refuse any category."""
        no_category(dataset, category)

    def write(self, source: Source, category: str | None, folder: Path, work: Path) -> None:
        """Write the folders."""
        found = FETCH[source.kind](source.value, [self.archive], work)
        for archive in sorted(found.rglob(self.archive))[:1]:  # else it is unpacked already
            archives.unpack(archive, work / "unpacked")
            found = work / "unpacked"
        wanted = {name: (part.to, part.pictures) for name, part in self.folders.items()}
        content = archives.write(found, wanted, self.sha256, folder)
        if not self.sha256:
            print(f"{self.archive}: sha256 {content} of its pictures (not pinned; the source list can)", flush=True)

    def by_hand(self, category: str | None, manual: Path) -> str:
        """Name the archive and its folders."""
        return (
            f"To supply the data by hand, put {self.archive}, or the folders that it holds "
            f"({', '.join(self.folders)}), into {manual} and run again"
        )


class _Drawings(SourceList):
    """The package openmoji."""

    sha256: Sha256
    """See `ganline.datasets.openmoji.digest`."""
    side: Annotated[int, Field(ge=8, le=1024)]
    """Of the pictures that are drawn, pixels."""

    def by_hand(self, category: str | None, manual: Path) -> str:
        """Name the parts of the package and what their digest must be."""
        return (
            f"To supply the files by hand, put these of the package into {manual} and run again: {openmoji.files()}\n"
            f"`LC_ALL=C sha256sum {openmoji.files()} | sha256sum` must print {self.sha256}"
        )


class OpenMojiList(_Drawings):
    """The drawings of the package openmoji, as lines and in colour."""

    layout: Literal["openmoji"]

    def write(self, source: Source, category: str | None, folder: Path, work: Path) -> None:
        """Write lines/<group>/<file>.png and colours/<group>/<file>.png."""
        found = FETCH[source.kind](source.value, [openmoji.TABLE], work)
        openmoji.write(found, self.sha256, category, self.side, folder)


class TilesList(SourceList):
    """Two large pictures of the same ground, cut into pairs of tiles."""

    layout: Literal["tiles"]
    pictures: Annotated[dict[FileName, FileName], Field(min_length=2, max_length=2)]
    """The folder that its tiles get -> a picture's file name."""
    sha256: dict[FileName, Sha256]
    """Of each picture, by its file name."""
    side: Annotated[int, Field(ge=8, le=1024)]
    """Of the tiles, pixels."""
    least_deviation: Annotated[float, Field(ge=0)]
    """See `ganline.datasets.tiles.write`."""

    @model_validator(mode="after")
    def _all_pinned(self) -> "TilesList":
        if set(self.sha256) != set(self.pictures.values()):
            raise ValueError(f"sha256 is wanted of exactly {', '.join(self.pictures.values())}")
        return self

    def check_category(self, dataset: str, category: str | None) -> None:
        """Refuse any category."""
        no_category(dataset, category)

    def write(self, source: Source, category: str | None, folder: Path, work: Path) -> None:
        """Write <folder>/r00-c00.png."""
        found = FETCH[source.kind](source.value, list(self.sha256), work)
        checked = {part: work / f"checked-{name}" for part, name in self.pictures.items()}
        for part, name in self.pictures.items():
            unpack(find(found, name), checked[part], self.sha256[name])
        tiles.write(checked, self.side, self.least_deviation, folder)

    def by_hand(self, category: str | None, manual: Path) -> str:
        """List the pictures with their sha256."""
        lines = [f"To supply the pictures by hand, put these into {manual} and run again:"]
        return "\n".join([*lines, *(f"  {name}  (sha256 {digest})" for name, digest in self.sha256.items())])


class Renders(Strict):
    """The package of the renders, in sources of its own."""

    sha256: Sha256
    """See `ganline.datasets.fluent.digest`."""
    sources: Annotated[list[Source], Field(min_length=1)]

    def fetch(self, work: Path) -> Path:
        """Return the folder of the renders, from the first source that brings them into a folder of `work`."""
        failures = []
        for number, source in enumerate(self.sources):
            part = work / f"renders-{number}"
            part.mkdir()
            try:
                return fluent.checked(FETCH[source.kind](source.value, [fluent.RENDERS], part), self.sha256)
            except (SourceError, UnreadableError) as error:
                failures.append(masked(f"{source.kind} {source.value}: {error}"))
        raise SourceError("; ".join(failures))


class FluentList(_Drawings):
    """OpenMoji's drawings in colour beside the 3D renders of the same emoji; files by hand may hold both packages."""

    layout: Literal["openmoji_fluent"]
    renders: Renders

    def write(self, source: Source, category: str | None, folder: Path, work: Path) -> None:
        """Write drawings/<group>/<file>.png and renders/<group>/<file>.webp."""
        (work / "drawings").mkdir()
        found = FETCH[source.kind](source.value, [openmoji.TABLE], work / "drawings")
        package = openmoji.checked(found, self.sha256)
        renders = fluent.checked(found, self.renders.sha256) if fluent.find(found) else self.renders.fetch(work)
        fluent.write(package, renders, category, self.side, folder)

    def by_hand(self, category: str | None, manual: Path) -> str:
        """Name the parts of both packages."""
        return (
            f"{super().by_hand(category, manual)}\nand {fluent.RENDERS} of the package of renders beside them: "
            f"`LC_ALL=C sha256sum {fluent.RENDERS} | sha256sum` must print {self.renders.sha256}"
        )


class PickleList(SourceList):
    """Small grey pictures of several classes in pickles of numpy arrays."""

    layout: Literal["pickles"]
    images: FileName
    labels: FileName
    sha256: dict[FileName, Sha256]
    """Of both files, decompressed."""
    classes: Annotated[list[Folder], Field(min_length=1)]
    """Names in the order of their numbers."""

    @model_validator(mode="after")
    def _both_pinned(self) -> "PickleList":
        if set(self.sha256) != {self.images, self.labels}:
            raise ValueError(f"sha256 is wanted of exactly {self.images} and {self.labels}")
        return self

    def check_category(self, dataset: str, category: str | None) -> None:
        """Refuse what are no classes, joined by dashes."""
        wanted = self._wanted(category)
        if set(wanted) - set(self.classes) or len(set(wanted)) < len(wanted):
            raise UserError(
                f"download.category = {category!r}: allowed is null (all) or some of {', '.join(self.classes)}, joined "
                f"by dashes, such as {'-'.join(self.classes[:2])}"
            )

    def write(self, source: Source, category: str | None, folder: Path, work: Path) -> None:
        """Write <class>/<number>.png."""
        found = FETCH[source.kind](source.value, list(self.sha256), work)
        for name, digest in self.sha256.items():
            unpack(find(found, name), work / f"checked-{name}", digest)
        images, labels = (work / f"checked-{name}" for name in (self.images, self.labels))
        pickled.write(images, labels, self.classes, self._wanted(category), folder)

    def by_hand(self, category: str | None, manual: Path) -> str:
        """List the files with their sha256."""
        lines = [f"To supply the files by hand, put these into {manual} (plain or as NAME.gz) and run again:"]
        return "\n".join(
            [*lines, *(f"  {name}  (sha256 of the plain file: {digest})" for name, digest in self.sha256.items())]
        )

    def _wanted(self, category: str | None) -> list[str]:
        return self.classes if category is None else category.split("-")
