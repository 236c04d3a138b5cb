"""Your own pictures, which are on one machine only: a link to them there, and what was read of them elsewhere.

`ganline use` makes the link in data/manual/pictures, and params.yaml names the link: so DVC sees when they change, and
no path of this machine is part of the run. In a clone without the link, what was read of the pictures and comes from
DVC's cache stands in their place.
"""

import hashlib
import os
import shutil
from pathlib import Path

from ganline.core.errors import UserError
from ganline.core.files import whole_folder, write_text
from ganline.settings import paths
from ganline.settings.schema import Params


def linked(params: Params, project: Path) -> Params:
    """Return parameters that name the user's pictures by a link inside the project, which is made or changed here.

    Args:
        params: those that name the pictures where they lie.
        project: the root of the project that keeps the links.

    Raises:
        UserError: there are other files where the link is to be.
    """
    source = Path(params.download.source)
    pictures = source.is_dir() or source.suffix.lower() == ".zip"
    # A scheduled run's workspace shares its links with others, and is gone when the run is over.
    if not pictures or source.absolute().is_relative_to(Path.cwd()) or project != Path.cwd().resolve():
        return params
    link = paths.PICTURES / f"{params.download.dataset}{source.suffix if source.is_file() else ''}"
    if link.exists() and not link.is_symlink():
        raise UserError(f"{link} is to be a link to {source}, and holds a copy of pictures: delete it first")
    _link(link, source.resolve())
    return params.model_copy(update={"download": params.download.model_copy(update={"source": str(link)})})


def provide(params: Params, project: Path) -> None:
    """Put what was read of the pictures in their place, where neither they nor the link of `project` are at hand.

    Raises:
        UserError: that is not here either.
    """
    source, raw = Path(params.download.source), paths.raw(params)
    if source.exists():
        return
    elsewhere = project / source  # this may be a workspace of its own
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
        write_text(_mark(source), _listing(source))
        print(f"source: {source} is not on this machine; what was read of it is, in {raw}, and stands in its place")


def provide_linked(params: Params, project: Path) -> None:
    """Do that for pictures that params.yaml names by a link: for who runs stage by stage, without stages/dvc.yaml."""
    if Path(params.download.source).is_relative_to(paths.PICTURES):
        provide(params, project)


def is_copy(source: Path) -> bool:
    """Return whether `provide` made this of what had been read: to be taken as it is, not to be read again."""
    mark = _mark(source)
    return source.is_dir() and not source.is_symlink() and mark.exists() and mark.read_text() == _listing(source)


def _mark(source: Path) -> Path:
    """Return the file that says what was in the copy: it is beside it, and may outlive it."""
    return source.with_name(f".{source.name}-copy")


def _listing(folder: Path) -> str:
    """Return a hash of the names and sizes of what is in a folder."""
    found = sorted((str(path.relative_to(folder)), path.stat().st_size) for path in folder.rglob("*") if path.is_file())
    return hashlib.sha256(repr(found).encode("utf-8", "surrogateescape")).hexdigest()


def _link(link: Path, target: Path) -> None:
    link.parent.mkdir(parents=True, exist_ok=True)
    new = link.with_name(f".{link.name}-new")
    new.unlink(missing_ok=True)
    new.symlink_to(os.path.relpath(target, link.parent.resolve()) if target.is_relative_to(Path.cwd()) else target)
    new.replace(link)
