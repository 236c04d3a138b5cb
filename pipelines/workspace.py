"""A place of its own for every scheduled run: a clone of the project at one revision, with the project's DVC cache.

DVC allows one command at a time in a workspace; in workspaces of their own any number of runs go on side by side, and
what one has made another finds in the cache. What runs share with the project besides: its MLflow store and spool
(ganline.tracking.spool), its checkpoints, and files the user put by hand into data/manual.
"""

import shutil
from collections.abc import Iterator
from contextlib import chdir, contextmanager, suppress
from pathlib import Path

from dvc.config import Config
from filelock import FileLock, Timeout

from ganline.core.errors import UserError
from ganline.core.git import git
from ganline.settings import paths
from ganline.tracking import spool
from pipelines import names

PROJECT = Path(__file__).parents[1]
"""The clone that this code belongs to: what a worker was started from."""


def commit(revision: str, project: Path = PROJECT) -> str:
    """Return the full hash of a revision (branch, tag or commit), fetched from the project's origin if need be.

    Raises:
        UserError: it is not there, or cannot be one, or the project is no Git repository.
    """
    names.require("revision", revision)
    if not (project / ".git").exists():
        raise UserError(f"{project.name} is no Git repository: scheduled runs need one, to work on a named revision")
    if found := _resolve(revision, project):
        return found
    fetched = git("fetch", "--quiet", "--tags", "origin", folder=project)
    # What is a branch at the origin only has this name here.
    if found := _resolve(revision, project) or _resolve(f"origin/{revision}", project):
        return found
    why = "" if fetched.returncode == 0 else f" (and origin cannot be asked: {fetched.stderr.strip()})"
    raise UserError(f"no revision {revision!r} in {project.name}{why}; `git log --oneline` lists what there is")


@contextmanager
def workspace(revision: str, name: str, keep_failed: bool = False, project: Path = PROJECT) -> Iterator[Path]:
    """Make a workspace, work in it (it is the current directory meanwhile), and remove it.

    Args:
        revision: what `commit` takes.
        name: of the run, unique.
        keep_failed: leave the workspace where an exception passes through.
        project: whose revision and cache it is.
    """
    folder = project / spool.WORKSPACES / name
    wanted = commit(revision, project)
    folder.parent.mkdir(parents=True, exist_ok=True)
    _remove_dead(folder.parent)
    with FileLock(folder.with_name(f"{name}.lock")) as lock:
        try:
            _clone(project, wanted, folder)
            _share(folder, project)
            with chdir(folder):
                yield folder
        except BaseException:
            if not keep_failed:
                shutil.rmtree(folder, ignore_errors=True)
            raise
        else:
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            Path(lock.lock_file).unlink(missing_ok=True)


def place(wanted: str, folder: Path, project: Path = PROJECT) -> None:
    """Make a workspace, or bring the files of one that is there to another commit: what is not of Git stays.

    Args:
        wanted: what `commit` returned.
        folder: below spool.WORKSPACES of the project.
        project: whose commit and cache it is.

    Raises:
        UserError: Git cannot.
    """
    if folder.exists():
        done = git("checkout", "--quiet", "--force", "--detach", wanted, folder=folder)
        if done.returncode:
            raise UserError(f"cannot bring {folder} to {wanted}: {done.stderr.strip()}")
        return
    _clone(project, wanted, folder)
    _share(folder, project)


def _remove_dead(workspaces: Path) -> None:
    """Remove the workspaces of runs that were killed: nobody holds their locks. One that was kept has none."""
    for path in workspaces.glob("*.lock"):
        with suppress(Timeout), FileLock(path, timeout=0):
            shutil.rmtree(path.with_suffix(""), ignore_errors=True)
            path.unlink(missing_ok=True)


def _clone(project: Path, wanted: str, folder: Path) -> None:
    # It borrows the project's objects: it costs next to nothing, and has commits that no branch leads to.
    done = git("clone", "--quiet", "--shared", "--no-checkout", "--", str(project), str(folder), folder=project)
    done = done if done.returncode else git("checkout", "--quiet", "--detach", wanted, folder=folder)
    if done.returncode:
        raise UserError(f"cannot make a workspace at {wanted}: {done.stderr.strip()}")
    if origin := git("remote", "get-url", "origin", folder=project).stdout.strip():
        # Others see it, as they do not see this machine's.
        git("remote", "set-url", "--", "origin", origin, folder=folder)


def _share(folder: Path, project: Path) -> None:
    """Let the workspace use the project's cache, remotes, checkpoints and hand-made files."""
    ours = Config(str(project / ".dvc"))  # with what only this machine or user has set, and paths made absolute
    core = {"remote": ours["core"]["remote"]} if "remote" in ours["core"] else {}
    with Config(str(folder / ".dvc")).edit("local") as local:
        local |= {
            # DVC's notes on a workspace go with it: by default they would stay in /var/tmp for ever.
            "core": core | {"site_cache_dir": str(folder / ".dvc/tmp/site")},
            "cache": ours["cache"] | {"dir": ours["cache"].get("dir") or str(project / ".dvc/cache")},
            "remote": ours["remote"],
        }
    (project / paths.CHECKPOINTS).mkdir(parents=True, exist_ok=True)
    (project / paths.MANUAL).mkdir(parents=True, exist_ok=True)
    for shared in (paths.CHECKPOINTS, paths.MANUAL):
        (folder / shared).parent.mkdir(parents=True, exist_ok=True)
        (folder / shared).symlink_to(project / shared)


def _resolve(revision: str, project: Path) -> str:
    return git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", folder=project).stdout.strip()
