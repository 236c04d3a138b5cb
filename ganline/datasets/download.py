"""A dataset's source files, from whatever download.source names: a list of sources, a folder, a zip, a single copy."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from ganline.core.errors import UserError
from ganline.core.files import whole_folder
from ganline.datasets import layout, pictures, sources, zips
from ganline.datasets.own_pictures import is_copy
from ganline.settings.schema import Download


def download(settings: Download, destination: Path, manual: Path) -> tuple[str, Sequence[str]]:
    """Fill `destination`; return what it came from ("" for a copy of what was read before) and what is to be told.

    Args:
        settings: the section `download`.
        destination: the folder of the dataset's source files; it is replaced.
        manual: the folder in which the user puts source files by hand.

    Raises:
        UserError: nothing fit is there, or what is there cannot be read; says what is allowed.
    """
    source = Path(settings.source)
    if is_copy(source):
        with whole_folder(destination) as folder:
            shutil.copytree(source, folder, dirs_exist_ok=True)
        return "", [f"{destination} is what was read once; the pictures themselves are not on this machine"]
    if source.is_symlink():  # messages and readers deal with the place itself
        source = source.resolve()
    zipped = source.suffix.lower() == ".zip"
    if source.is_dir() or zipped:
        _refuse_category(settings)
    if source.is_dir():
        return "folder", pictures.copy(source, destination, settings.category)
    if source.is_file() and zipped:
        return "zip", zips.unzip(source, destination, settings.category)
    if source.is_file():
        return sources.fetch(settings.dataset, source, destination, manual, settings.category), []
    raise UserError(
        f"download.source = {settings.source!r}: there is no such file or folder; "
        "allowed is a source list such as conf/sources/mnist.yaml, or a folder or .zip of pictures"
    )


def _refuse_category(settings: Download) -> None:
    if settings.category not in (None, *layout.SIDES, layout.BOTH):
        raise UserError(
            f"download.category = {settings.category!r}: {settings.dataset} has no categories: set "
            "download.category=null (or A, B or both, where the pictures are the two sides of a translation)"
        )
