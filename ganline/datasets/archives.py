"""One archive of pictures as their authors publish it: its folders become those of the dataset."""

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path

from ganline.core.files import sha256
from ganline.datasets import zips
from ganline.datasets.damage import reading
from ganline.datasets.fetchers import SourceError, untar
from ganline.datasets.kinds import named_picture


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a .zip, .tar.gz or .tgz into the new folder `folder`."""
    if archive.suffix == ".zip":
        folder.mkdir()
        zips.extract(archive, folder)
    else:
        untar(archive, folder)


def write(found: Path, folders: Mapping[str, tuple[str, int]], expected: str | None, destination: Path) -> str:
    """Copy the pictures of some folders below `found`, and return the sha256 of them all.

    Args:
        found: where the archive was unpacked.
        folders: a folder's name -> the path below `destination` that it gets, and how many pictures it has.
        expected: what `digest` must give; None takes what comes.
        destination: where to write.

    Raises:
        SourceError: a folder is missing or holds another number of pictures, or the content is another.
    """
    pictures = {name: _pictures(found, name, count) for name, (_, count) in folders.items()}
    content = digest(pictures)
    if expected and content != expected:
        raise SourceError(f"the pictures: expected content with sha256 {expected}, found {content}")
    for name, files in pictures.items():
        target = destination / folders[name][0]
        target.mkdir(parents=True)
        for file in files:
            with reading(file):
                shutil.copyfile(file, target / file.name)
    return content


def digest(pictures: Mapping[str, list[Path]]) -> str:
    """Return the sha256 of the lines "<sha256>  <folder>/<file>" of all pictures, in the order of folders and names."""
    lines = [f"{sha256(file)}  {name}/{file.name}\n" for name in sorted(pictures) for file in pictures[name]]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _pictures(found: Path, name: str, count: int) -> list[Path]:
    folders = sorted(path for path in found.rglob(name) if path.is_dir())
    if not folders:
        raise SourceError(f"the folder {name} is not in it")
    files = sorted(path for path in folders[0].iterdir() if named_picture(path.name) and not path.name.startswith("."))
    if len(files) != count:
        raise SourceError(f"the folder {name} has {len(files)} pictures, expected {count}")
    return files
