"""Source lists of pictures for translators: published archives, OpenMoji's drawings, tiles of large pictures."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ganline.datasets import archives, openmoji, tiles
from ganline.datasets.fetchers import FETCH
from ganline.datasets.source_lists import FileName, Sha256, Source, SourceList, Strict, find, no_category, unpack


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


class OpenMojiList(SourceList):
    """The drawings of the package openmoji, as lines and in colour."""

    layout: Literal["openmoji"]
    sha256: Sha256
    """See `ganline.datasets.openmoji.digest`."""
    side: Annotated[int, Field(ge=8, le=1024)]
    """Of the pictures that are drawn, pixels."""

    def write(self, source: Source, category: str | None, folder: Path, work: Path) -> None:
        """Write lines/<group>/<file>.png and colours/<group>/<file>.png."""
        found = FETCH[source.kind](source.value, [openmoji.TABLE], work)
        openmoji.write(found, self.sha256, category, self.side, folder)

    def by_hand(self, category: str | None, manual: Path) -> str:
        """Name the parts of the package and what their digest must be."""
        return (
            f"To supply the files by hand, put these of the package into {manual} and run again: {openmoji.files()}\n"
            f"`LC_ALL=C sha256sum {openmoji.files()} | sha256sum` must print {self.sha256}"
        )


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
