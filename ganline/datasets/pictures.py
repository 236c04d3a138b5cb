"""A folder of pictures: one subfolder a class (deeper folders belong to it), or all in one folder and unlabelled."""

import shutil
import stat
import zlib
from pathlib import Path, PurePosixPath
from zipfile import BadZipFile, ZipFile, ZipInfo

import cv2
import numpy as np

from ganline.datasets.decode import decode
from ganline.errors import UserError
from ganline.files import whole_folder
from ganline.progress import track

MAC_EXTRAS = "__MACOSX"


class PictureFolder:
    """The pictures of a folder, in the order of their paths.

    A single subfolder that holds everything says nothing and is looked into, so that archives whose pictures lie in
    images/ or in 100k/100k/ are unlabelled.

    Attributes: `files` are paths relative to the folder, `labels` class names ("" for all where unlabelled), `splits`
    is None. `classes` is None: the classes are those of which a picture turns out to be usable.

    Raises:
        UserError: the folder has no files, or has pictures both in its root and in subfolders.
    """

    splits = None
    classes = None

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.files = _files(folder)
        self.labels = _labels(folder, self.files)

    def read(self, index: int) -> bytes:
        """Return the bytes of one file."""
        return (self._folder / self.files[index]).read_bytes()

    def decode(self, data: bytes) -> np.ndarray:
        """Return the picture; see `ganline.datasets.decode.decode`."""
        return decode(data)


def _files(folder: Path) -> list[str]:
    """Return all files below `folder` but hidden ones, sorted, with forward slashes."""
    relative = [PurePosixPath(path.relative_to(folder).as_posix()) for path in folder.rglob("*") if path.is_file()]
    files = sorted(str(path) for path in relative if not _hidden(path))
    if not files:
        raise UserError(f"{folder}: there are no files in this folder")
    return files


def _hidden(path: PurePosixPath) -> bool:
    return any(part.startswith(".") or part == MAC_EXTRAS for part in path.parts)


def _labels(folder: Path, files: list[str], inside: str = "") -> list[str]:
    """Return the class of every file: the name of the subfolder of `inside` (such as "images/") that it lies in."""
    labels = []
    for file in files:
        rest = file.removeprefix(inside)
        labels.append(rest.split("/")[0] if file.startswith(inside) and "/" in rest else "")
    subfolders = set(labels) - {""}
    if subfolders:
        _refuse_mixture(folder, [file for file, label in zip(files, labels, strict=True) if not label])
    return _labels(folder, files, f"{inside}{subfolders.pop()}/") if len(subfolders) == 1 else labels


def _refuse_mixture(folder: Path, in_root: list[str]) -> None:
    # Files that are no pictures (a licence, a list of labels) may lie beside the class folders.
    pictures = [file for file in in_root if cv2.haveImageReader(str(folder / file))]
    if pictures:
        raise UserError(
            f"{folder}: {len(pictures)} picture(s) beside the class subfolders, such as {pictures[0]}; "
            "allowed are one subfolder a class, or all pictures in one folder (unlabelled)"
        )


def copy(source: Path, destination: Path) -> None:
    """Copy all files of a folder but hidden ones, whole or not at all, keeping their relative paths.

    Raises:
        UserError: there are no files, or one cannot be read.
    """
    files = _files(source)
    with whole_folder(destination) as folder:
        for file in track(files, f"copy {source}", len(files), "files"):
            target = folder / file
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                shutil.copyfile(source / file, target)
            except OSError as error:
                raise UserError(f"{source / file} cannot be copied: {error.strerror}") from None


def unzip(source: Path, destination: Path) -> None:
    """Unpack a zip of pictures, leaving out hidden files and __MACOSX, whole or not at all.

    Raises:
        UserError: it is damaged, encrypted or empty, or an entry is a link or would lie outside the folder.
    """
    try:
        with ZipFile(source) as packed, whole_folder(destination) as folder:
            entries = _entries(source, packed)
            for entry, file in track(entries, f"unzip {source}", len(entries), "files"):
                target = folder / file
                target.parent.mkdir(parents=True, exist_ok=True)
                with packed.open(entry) as content, target.open("xb") as copied:
                    shutil.copyfileobj(content, copied)
    # RuntimeError: encrypted; NotImplementedError: a compression that Python lacks.
    except (BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        raise UserError(f"{source} cannot be unpacked (damaged, or no plain zip): {error}") from None


def _entries(source: Path, packed: ZipFile) -> list[tuple[ZipInfo, PurePosixPath]]:
    entries = []
    for entry in packed.infolist():
        file = PurePosixPath(entry.filename.replace("\\", "/"))
        if entry.is_dir() or _hidden(PurePosixPath(*(part for part in file.parts if part != ".."))):
            continue
        if file.is_absolute() or ".." in file.parts or stat.S_ISLNK(entry.external_attr >> 16):
            raise UserError(f"{source}: {entry.filename} is a link or leads out of the folder; allowed are files")
        entries.append((entry, file))
    if not entries:
        raise UserError(f"{source}: there are no files in this zip")
    return entries
