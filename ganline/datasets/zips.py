"""Unpack a zip that may be damaged or made to do harm: nothing is written outside, twice or without end."""

import os
import stat
from pathlib import Path, PurePosixPath
from zipfile import ZipFile, ZipInfo

from ganline.datasets import layout, listing
from ganline.datasets.damage import DamagedError, reading
from ganline.errors import UserError
from ganline.files import whole_folder
from ganline.progress import track

MOST_MEMBERS = 5_000_000
SPARE_BYTES = 2**30
"""That stay free on the disk."""
BLOCK = 2**20


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
    with reading(source, " cannot be unpacked"), ZipFile(source) as packed:
        members, ignored = _members(source, packed)
        files = layout.one_side(str(source), list(members), category)
        with whole_folder(destination) as folder:
            _refuse_too_large(source, [members[file] for file in files], folder)
            for file in track(files, f"unzip {source}", len(files), "files"):
                with reading(f"{file} in {source}", " cannot be unpacked"):
                    _unpack(packed, members[file], folder / file)
    return listing.told(ignored)


def _members(source: Path, packed: ZipFile) -> tuple[dict[str, ZipInfo], dict[str, str]]:
    """Return the members to unpack by their paths, and those that are left out with the reason."""
    members: dict[str, ZipInfo] = {}
    ignored: dict[str, str] = {}
    for member in packed.infolist():
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if any(listing.hidden(part) for part in path.parts if part != ".."):
            ignored[str(path)] = "hidden"
        elif why := _unfit(member, path):
            raise UserError(f"{source} cannot be unpacked: {member.filename} {why}")
        elif not member.is_dir():
            if str(path) in members:
                raise UserError(f"{source} cannot be unpacked: {path} is there twice")
            members[str(path)] = member
    if not members:
        raise UserError(f"{source}: there are no files in this zip")
    _refuse_files_as_folders(source, members)
    return members, ignored


def _unfit(member: ZipInfo, path: PurePosixPath) -> str:
    if path.is_absolute() or ".." in path.parts or stat.S_ISLNK(member.external_attr >> 16):
        return "is a link or leads out of the folder; allowed are files"
    return "is encrypted; unpack it with its password and give the folder" if member.flag_bits & 0x1 else ""


def _refuse_files_as_folders(source: Path, members: dict[str, ZipInfo]) -> None:
    folders = {str(parent) for path in members for parent in PurePosixPath(path).parents}
    if both := sorted(folders & members.keys()):
        raise UserError(f"{source} cannot be unpacked: {both[0]} is both a file and a folder")


def _refuse_too_large(source: Path, members: list[ZipInfo], folder: Path) -> None:
    """Refuse what the disk has no room for, by the declared sizes; `_unpack` holds each member to its own."""
    if len(members) > MOST_MEMBERS:
        raise UserError(f"{source}: {len(members):,} files; allowed are {MOST_MEMBERS:,}")
    if sum(member.compress_size for member in members) > source.stat().st_size:
        raise DamagedError(f"{source} cannot be unpacked: its files overlap, so that more comes out than was packed")
    size, disk = sum(member.file_size for member in members), os.statvfs(folder)
    room = disk.f_bavail * disk.f_frsize - SPARE_BYTES
    if size > room:
        raise UserError(
            f"{source}: it unpacks to {size / 2**30:,.1f} GiB, and the disk of {folder.parent} has room for "
            f"{max(room, 0) / 2**30:,.1f} GiB"
        )
    if disk.f_files and len(members) > disk.f_favail:  # some file systems count no files
        raise UserError(f"{source}: {len(members):,} files, and the disk takes {disk.f_favail:,} more")


def _unpack(packed: ZipFile, member: ZipInfo, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    left = member.file_size
    with packed.open(member) as content, target.open("xb") as copied:
        while block := content.read(min(BLOCK, left + 1)):
            left -= len(block)
            if left < 0:
                raise ValueError(f"it unpacks to more than the {member.file_size} bytes that it declares")
            copied.write(block)
    if left:
        raise ValueError(f"it unpacks to {left} bytes less than it declares")
