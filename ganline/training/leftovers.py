"""What trainings left in the folder of checkpoints, and what of it nothing can go on from any more."""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock, Timeout

from ganline.core.files import sha256
from ganline.core.words import listed
from ganline.training.checkpoint import Checkpoints, checkpoints_in, library_versions
from ganline.training.earlier import depends_on_steps, differences, kept_steps, read_facts, superseded


class Leftover(NamedTuple):
    """The folder of a training that is not under way."""

    folder: Path
    size: int
    """Bytes."""
    what: str
    """The model, and how far it came."""
    useless: str
    """Why nothing can go on from it; empty where something can."""


def lock_of(folder: Path) -> FileLock:
    """Return the lock that whoever writes into a training's folder holds."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(folder.with_suffix(".lock"))


def finish(folder: Path, mirror: str | None, facts: Mapping[str, Any]) -> None:
    """Keep the last checkpoint of a finished training for a longer one, if one can go on from it, and nothing else.

    A forced run trains anew all the same: what it shows is not a copy of this one.

    Args:
        folder: the training's own.
        mirror: address at which its checkpoints are kept, too.
        facts: what decided its bits (see ganline.training.checkpoint.deciding).
    """
    with lock_of(folder):
        length = facts["parameters"]["train"]["steps"]
        # Where weights are kept, one may choose others of them.
        useless = depends_on_steps(facts) and not kept_steps(facts)
        Checkpoints(folder, mirror).finish(None if useless else length)
    for other in list(superseded(folder, facts)):
        delete(other)


def leftovers(root: Path, data: Iterable[Path]) -> Iterator[Leftover]:
    """Yield what is in `root` but for what a training is writing at the moment.

    Args:
        root: the folder of checkpoints, one folder a training.
        data: the prepared images there are.
    """
    hashes = {sha256(path) for path in data}
    for folder in sorted(path for path in root.glob("*") if path.is_dir()):
        if not _in_use(folder):
            facts = read_facts(folder)
            size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
            yield Leftover(folder, size, _what(folder, facts), _useless(folder, facts, hashes))


def delete(folder: Path) -> bool:
    """Delete a training's folder; return False, and leave it, where a training has begun in it meanwhile."""
    try:
        with lock_of(folder).acquire(timeout=0):
            shutil.rmtree(folder)
    except Timeout:
        return False
    return True


def _in_use(folder: Path) -> bool:
    if not folder.with_suffix(".lock").exists():
        return False
    try:
        with lock_of(folder).acquire(timeout=0):
            return False
    except Timeout:
        return True


def _what(folder: Path, facts: Mapping[str, Any] | None) -> str:
    if facts is None:
        return "unknown"
    train, stopped, done = facts["parameters"]["train"], checkpoints_in(folder), checkpoints_in(folder, "done")
    state = f"stopped after step {max(stopped):,} of" if stopped else "finished," if done else "not begun,"
    return f"{train['model']}, {state} {train['steps']:,} steps"


def _holds(path: Path, known: str) -> bool:
    return path.exists() and sha256(path) == known


def _useless(folder: Path, facts: Mapping[str, Any] | None, data: set[str]) -> str:
    if not (checkpoints_in(folder) or checkpoints_in(folder, "done")):
        return "it holds no checkpoint"
    if facts is None:
        return "it does not say what it is of: an earlier version made it"
    # What a training reached then, it reaches now, if all of that is the same.
    if code := [name for name, known in facts["code"].items() if not _holds(Path(name), known)]:
        return f"made by other code ({listed(code, 1)})"
    if versions := differences(facts["versions"], library_versions()):
        return f"made by other versions ({', '.join(versions)})"
    if facts["data"].get("train_images.npy") not in data:
        return "made of prepared data that is not here"
    return ""
