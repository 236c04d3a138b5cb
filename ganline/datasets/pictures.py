"""A folder of pictures: one subfolder a class (deeper folders belong to it), or all in one folder and unlabelled."""

import shutil
from pathlib import Path, PurePosixPath

import numpy as np

from ganline.core.files import whole_folder
from ganline.core.progress import track
from ganline.datasets import dataset_json, decode, layout, listing
from ganline.datasets.damage import reading


class PictureFolder:
    """The pictures of a folder, in the order of their paths.

    What the folders' names mean is said by `ganline.datasets.layout`; a dataset.json of StyleGAN has the last word.

    Attributes: `files` are paths relative to the folder, `labels` class names ("" for all where unlabelled), `splits`
    the collection's own split of each ("train" or "test"), or None. `classes` is None where the classes are those of
    which a picture turns out to be usable. `ignored` are other files and why, `said` sentences about what was found.

    Raises:
        UserError: the folder has no pictures, has them both in its root and in subfolders, or has two sides of a
            translation; links, names or dataset.json are not as allowed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.files, self.ignored = listing.pictures(folder)
        table = _table(folder, self.files, self.ignored)
        found = layout.read(str(folder), self.files, labelled=table is None)
        if found.sides:
            layout.one_side(str(folder), self.files, None)  # says what to do
        self.labels, self.splits, self.said = found.labels, found.splits, found.said
        self.classes: list[str] | None = None
        if table:
            self._obey(*table)

    def _obey(self, name: str, table: dataset_json.Table) -> None:
        below = name.removesuffix(dataset_json.NAME)
        files = [file.removeprefix(below) for file in self.files]
        self.labels, self.classes = dataset_json.labels(self._folder / name, table, files)
        self.ignored = {other: why for other, why in self.ignored.items() if other != name}
        self.said.append(f"{name} says that there are {len(self.classes) or 'no'} classes")
        if absent := len(table.numbers.keys() - set(files)):
            self.said.append(f"{name} names {absent} pictures that are not there")

    def read(self, index: int) -> bytes:
        """Return the bytes of one file; UserError where it cannot be read."""
        path = self._folder / self.files[index]
        with reading(path):
            return path.read_bytes()

    def decode(self, data: bytes) -> np.ndarray:
        """Return the picture; see `ganline.datasets.decode.read`."""
        return decode.read(data)


def _table(folder: Path, files: list[str], ignored: dict[str, str]) -> tuple[str, dataset_json.Table] | None:
    """Return the path and the content of StyleGAN's table, which lies above all pictures; None where there is none."""
    for name in ignored:
        below = name.removesuffix(dataset_json.NAME)
        if PurePosixPath(name).name == dataset_json.NAME and all(file.startswith(below) for file in files):
            table = dataset_json.read(folder / name)
            return None if table is None else (name, table)
    return None


def copy(source: Path, destination: Path, category: str | None = None) -> list[str]:
    """Copy the files of a folder but hidden ones, whole or not at all, keeping their relative paths.

    Args:
        source: the folder.
        destination: where to.
        category: "A" or "B", where the pictures are two sides of a translation: only that side is copied.

    Returns:
        Sentences: what was left out.

    Raises:
        UserError: there are no files, one cannot be read, a link leads out, or the category does not fit.
    """
    found = listing.files(source)
    files = layout.one_side(str(source), found.files, category)
    with whole_folder(destination) as folder:
        for file in track(files, f"copy {source}", len(files), "files"):
            target = folder / file
            target.parent.mkdir(parents=True, exist_ok=True)
            with reading(source / file):
                shutil.copyfile(source / file, target)
    return listing.told(found.ignored)
