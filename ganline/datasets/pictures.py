"""A folder of pictures: one subfolder a class (deeper folders belong to it), or all in the root and unlabelled."""

import shutil
from pathlib import Path

import cv2
import numpy as np

from ganline.datasets.decode import decode
from ganline.errors import UserError
from ganline.files import whole_folder
from ganline.progress import track


class PictureFolder:
    """The pictures of a folder, in the order of their paths.

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
        self.labels = [file.split("/")[0] if "/" in file else "" for file in self.files]
        if any(self.labels):
            _refuse_mixture(folder, [file for file in self.files if "/" not in file])

    def read(self, index: int) -> bytes:
        """Return the bytes of one file."""
        return (self._folder / self.files[index]).read_bytes()

    def decode(self, data: bytes) -> np.ndarray:
        """Return the picture; see `ganline.datasets.decode.decode`."""
        return decode(data)


def _files(folder: Path) -> list[str]:
    """Return all files below `folder` but hidden ones, sorted, with forward slashes."""
    relative = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    files = sorted(path.as_posix() for path in relative if not any(part.startswith(".") for part in path.parts))
    if not files:
        raise UserError(f"{folder}: there are no files in this folder")
    return files


def _refuse_mixture(folder: Path, in_root: list[str]) -> None:
    # Files that are no pictures (a licence, a list of labels) may lie beside the class folders.
    pictures = [file for file in in_root if cv2.haveImageReader(str(folder / file))]
    if pictures:
        raise UserError(
            f"{folder}: {len(pictures)} picture(s) beside the class subfolders, such as {pictures[0]}; "
            "allowed are one subfolder a class, or all pictures in the folder itself (unlabelled)"
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
