"""Whether a disk takes what an archive unpacks to."""

import os
from pathlib import Path

from ganline.datasets.damage import UnreadableError

MOST_FILES = 5_000_000
SPARE_BYTES = 2**30
"""That stay free on the disk."""


def refuse_without_room(archive: Path, size: int, count: int, folder: Path) -> None:
    """Refuse (UnreadableError) an archive that unpacks to more bytes or files than fit on the disk of `folder`."""
    disk = os.statvfs(folder)
    room = disk.f_bavail * disk.f_frsize - SPARE_BYTES
    files = min(MOST_FILES, disk.f_favail if disk.f_files else MOST_FILES)  # some file systems count no files
    if size > room:
        raise UnreadableError(
            f"{archive} cannot be unpacked: it unpacks to {size / 2**30:,.1f} GiB, and the disk has room for "
            f"{max(room, 0) / 2**30:,.1f} GiB (1 GiB stays free)"
        )
    if count > files:
        raise UnreadableError(f"{archive} cannot be unpacked: it has {count:,} files; allowed are {files:,}")
