"""Where the line starts from: a source list of the project, or your own pictures, which are on one machine only.

`ganline use` makes a link to them in data/manual/pictures, and params.yaml names the link: so DVC sees when they
change, and no path of this machine is part of the run. In a clone without the link, what was read of the pictures and
comes from DVC's cache stands in their place: this is the stage of stages/dvc.yaml.
"""

import os
import shutil
import sys
from pathlib import Path

from ganline.catalogue.check import load
from ganline.core.errors import UserError, mistake
from ganline.core.files import whole_folder
from ganline.settings import paths
from ganline.settings.schema import Params
from ganline.tracking import spool


def linked(params: Params) -> Params:
    """Return parameters that name the user's pictures by a link inside the project, which is made or changed here.

    Raises:
        UserError: there are other files where the link is to be.
    """
    source = Path(params.download.source)
    pictures = source.is_dir() or source.suffix.lower() == ".zip"
    # A scheduled run's workspace shares its links with others, and is gone when the run is over.
    if not pictures or source.absolute().is_relative_to(Path.cwd()) or spool.project_root() != Path.cwd().resolve():
        return params
    link = paths.PICTURES / f"{params.download.dataset}{source.suffix if source.is_file() else ''}"
    if link.exists() and not link.is_symlink():
        raise UserError(f"{link} is to be a link to {source}, and holds a copy of pictures: delete it first")
    _link(link, source.resolve())
    return params.model_copy(update={"download": params.download.model_copy(update={"source": str(link)})})


def provide(params: Params) -> None:
    """Put what was read of the pictures in their place, where they are not at hand.

    Raises:
        UserError: that is not here either.
    """
    source, raw = Path(params.download.source), paths.raw(params)
    if source.exists():
        return
    elsewhere = spool.project_root() / source  # this may be a workspace of its own
    if elsewhere.exists():
        _link(source, elsewhere)
    elif source.is_symlink():
        raise UserError(
            f"download.source = {str(source)!r} is a link to {source.readlink()}, and that is not there: name the new "
            f"place by `ganline use`, or remove the link (`rm {source}`) to go on with what was read of the pictures"
        )
    elif source.is_absolute() or not raw.is_dir():
        raise UserError(
            f"download.source = {str(source)!r} is not on this machine, nor is what was read of it in {raw}: "
            f"`dvc pull download` where a remote has it, or `ganline use` with the pictures' new place"
        )
    else:
        with whole_folder(source) as folder:
            shutil.copytree(raw, folder, dirs_exist_ok=True)
        _mark(source).touch()
        print(f"source: {source} is not on this machine; what was read of it is, in {raw}, and stands in its place")


def provide_pictures() -> None:
    """Do that for pictures that params.yaml names by a link: for who runs stage by stage, without stages/dvc.yaml."""
    params = load()
    if Path(params.download.source).is_relative_to(paths.PICTURES):
        provide(params)


def is_copy(source: Path) -> bool:
    """Return whether `provide` made this of what had been read: to be taken as it is, not to be read again."""
    return source.is_dir() and not source.is_symlink() and _mark(source).exists()


def _mark(source: Path) -> Path:
    return source.with_name(f".{source.name}-copy")


def _link(link: Path, target: Path) -> None:
    link.parent.mkdir(parents=True, exist_ok=True)
    new = link.with_name(f".{link.name}-new")
    new.unlink(missing_ok=True)
    new.symlink_to(os.path.relpath(target, link.parent.resolve()) if target.is_relative_to(Path.cwd()) else target)
    new.replace(link)


if __name__ == "__main__":
    try:
        provide(load())
        # What stages/__init__.py has told of this process is at its end.
        spool.tell_here("end", process=spool.Origin.of_this_process(), status="FINISHED", error="")
    except (UserError, OSError) as error:
        sys.exit(f"source: {mistake(error)}")
