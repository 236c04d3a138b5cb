"""Unpack a zip that may be damaged or made to do harm: nothing is written outside, twice or without end."""

import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from zipfile import ZipFile, ZipInfo

from ganline.core.files import whole_folder
from ganline.core.progress import track
from ganline.datasets import layout, listing
from ganline.datasets.damage import UnreadableError, reading, shown
from ganline.datasets.room import refuse_without_room

FAILURE = " cannot be unpacked"


def unzip(source: Path, destination: Path, category: str | None = None) -> list[str]:
    """Unpack a zip of pictures, leaving out hidden files and __MACOSX, whole or not at all.

    Args:
        source: the zip.
        destination: the folder that is made of it.
        category: "A" or "B", where the pictures are two sides of a translation: only that side is unpacked.

    Returns:
        Sentences: what was left out.

    Raises:
        UserError: it is damaged, encrypted or empty; a member is a link, is there twice, or would lie outside the
            folder; it is larger than the disk has room for; or the category does not fit.
    """
    with _opened(source) as packed:
        members, ignored = _members(source, packed)
        files = layout.one_side(str(source), list(members), category)
        with whole_folder(destination) as folder:
            _extract(source, packed, {file: members[file] for file in files}, folder)
    return listing.told(ignored)


def extract(source: Path, folder: Path) -> None:
    """Unpack all of a zip but hidden files into an existing folder; refuses (UserError) what `unzip` does."""
    with _opened(source) as packed:
        _extract(source, packed, _members(source, packed)[0], folder)


@contextmanager
def _opened(source: Path) -> Iterator[ZipFile]:
    with reading(source, FAILURE), ZipFile(source) as packed:
        yield packed


def _members(source: Path, packed: ZipFile) -> tuple[dict[str, ZipInfo], dict[str, str]]:
    """Return the members to unpack by their paths, and those that are left out with the reason."""
    members: dict[str, ZipInfo] = {}
    ignored: dict[str, str] = {}
    for member in packed.infolist():
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if any(listing.hidden(part) for part in path.parts if part != ".."):
            ignored[shown(str(path))] = "hidden"
        elif why := _unfit(member, path):
            raise UnreadableError(f"{source}{FAILURE}: {shown(member.filename)} {why}")
        elif not member.is_dir():
            if str(path) in members:
                raise UnreadableError(f"{source}{FAILURE}: {shown(str(path))} is there twice")
            members[str(path)] = member
    if not members:
        raise UnreadableError(f"{source}: there are no files in this zip")
    _refuse_files_as_folders(source, members)
    return members, ignored


def _unfit(member: ZipInfo, path: PurePosixPath) -> str:
    if path.is_absolute() or ".." in path.parts or stat.S_ISLNK(member.external_attr >> 16):
        return "is a link or leads out of the folder; allowed are files"
    return "is encrypted; unpack it with its password and give the folder" if member.flag_bits & 0x1 else ""


def _refuse_files_as_folders(source: Path, members: dict[str, ZipInfo]) -> None:
    folders = {str(parent) for path in members for parent in PurePosixPath(path).parents}
    if both := sorted(folders & members.keys()):
        raise UnreadableError(f"{source}{FAILURE}: {shown(both[0])} is both a file and a folder")


def _extract(source: Path, packed: ZipFile, members: Mapping[str, ZipInfo], folder: Path) -> None:
    if sum(member.compress_size for member in members.values()) > source.stat().st_size:
        raise UnreadableError(f"{source}{FAILURE}: its files overlap, so that more comes out than was packed")
    refuse_without_room(source, sum(member.file_size for member in members.values()), len(members), folder)
    for file, member in track(members.items(), f"unzip {source.name}", len(members), "files"):
        with reading(f"{file} in {source}", FAILURE):
            _unpack(packed, member, folder / file)


def _unpack(packed: ZipFile, member: ZipInfo, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    # Python's zipfile gives no more bytes than a file declares, and checks their sum; fewer pass it.
    with packed.open(member) as content, target.open("xb") as copied:
        shutil.copyfileobj(content, copied)
        if copied.tell() != member.file_size:
            raise ValueError(f"{copied.tell()} bytes came out where {member.file_size} were declared")
