"""Stage download: the dataset's source files, from the first source that works, in data/downloaded/<dataset>."""

import shutil
from pathlib import Path

from ganline.core.errors import UserError
from ganline.core.files import whole_folder
from ganline.datasets import layout, pictures, sources, zips
from ganline.settings import paths
from ganline.settings.schema import Params
from ganline.tracking.tracker import Tracker
from stages import runner
from stages.source import is_copy


def run(params: Params, tracker: Tracker) -> None:
    """Fetch a known dataset, or copy a folder or unpack a zip of pictures."""
    dataset, source, category = params.download.dataset, Path(params.download.source), params.download.category
    if is_copy(source):
        with whole_folder(paths.raw(params)) as folder:
            shutil.copytree(source, folder, dirs_exist_ok=True)
        print(f"{dataset}: {paths.raw(params)} is what was read once; the pictures themselves are not on this machine")
        return
    if source.is_symlink():  # messages and readers deal with the place itself
        source = source.resolve()
    said: list[str] = []
    if category not in (None, *layout.SIDES) and (source.is_dir() or source.suffix.lower() == ".zip"):
        raise UserError(
            f"download.category = {category!r}: {dataset} has no categories: set download.category=null "
            "(or A or B, where the pictures are the two sides of a translation)"
        )
    if source.is_dir():
        said = pictures.copy(source, paths.raw(params), category)
        used = "folder"
    elif source.is_file() and source.suffix.lower() == ".zip":
        said = zips.unzip(source, paths.raw(params), category)
        used = "zip"
    elif source.is_file():
        used = sources.fetch(dataset, source, paths.raw(params), paths.MANUAL / dataset, category)
    else:
        raise UserError(
            f"download.source = {params.download.source!r}: there is no such file or folder; "
            "allowed is a source list such as conf/sources/mnist.yaml, or a folder or .zip of pictures"
        )
    tracker.tags({"data.source": used})
    for sentence in said:
        print(f"{dataset}: {sentence}")
    print(f"{dataset}: {paths.raw(params)} is complete ({used})")


if __name__ == "__main__":
    runner.main("download", run)
