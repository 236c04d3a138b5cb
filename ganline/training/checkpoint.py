"""Checkpoints: whole files under a fingerprint, so that a run resumes only what is exactly its own."""

import hashlib
import json
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
from numpy.typing import ArrayLike

from ganline.core.errors import UserError
from ganline.core.files import read_sealed, sha256, whole_file, write_sealed

KEPT = 2  # the newest, and one more in case the newest cannot be read
BEST = "best.npz"
"""The best weights seen, beside the checkpoints."""
NAMES = {kind: rf"{kind}-(\d+)\.npz" for kind in ("step", "done")}


def deciding(parameters: Mapping[str, Any], data: Iterable[Path], code: Mapping[str, str]) -> dict[str, Any]:
    """Return all that decides a training's bits: parameters, data, code (the sha256 of each file) and versions."""
    return {
        "parameters": parameters,
        "data": {path.name: sha256(path) for path in data},
        "code": dict(code),
        "versions": library_versions(),
    }


def library_versions() -> dict[str, str]:
    """Return the versions that decide a training's bits."""
    return {"python": sys.version} | {name: version(name) for name in ("tensorflow", "numpy")}


def fingerprint(facts: Mapping[str, Any]) -> str:
    """Return a hash of what `deciding` returned."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def checkpoints_in(folder: Path, kind: str = "step") -> dict[int, Path]:
    """Return the checkpoints of a folder by their step, oldest first.

    kind "step" are those that the training itself goes on from, "done" the last one of a training that is finished,
    which only a longer one goes on from.
    """
    found = {int(match[1]): path for path in folder.glob("*.npz") if (match := re.fullmatch(NAMES[kind], path.name))}
    return dict(sorted(found.items()))


class Checkpoints:
    """The checkpoints of one fingerprint, in a folder that DVC does not know."""

    def __init__(self, folder: Path, mirror: str | None = None) -> None:
        """Use `folder`, made if need be, and keep what is in it at the address `mirror` too (see Mirror).

        Raises:
            UserError: `mirror` is no address that fsspec knows.
        """
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.mirror = Mirror(f"{mirror.rstrip('/')}/{folder.name}", folder) if mirror else None

    def save(self, step: int, arrays: Mapping[str, ArrayLike]) -> None:
        """Write the state after `step` steps, whole or not at all, and remove all but the newest.

        Those of later steps are of a try that could not be gone on from: they would push out the new ones.
        """
        write_sealed(self.folder / f"step-{step:08}.npz", arrays)
        kept = [at for at in checkpoints_in(self.folder) if at <= step][-KEPT:]
        for at, path in checkpoints_in(self.folder).items():
            if at not in kept:
                path.unlink()
        if self.mirror:
            self.mirror.store()

    def fetch(self) -> None:
        """Bring what the mirror has, if that is from a later step than what is here."""
        if self.mirror:
            self.mirror.fetch()

    def newest(self) -> tuple[int, dict[str, np.ndarray]] | None:
        """Return the step and state of the newest checkpoint that can be read, or None."""
        self.fetch()
        for step, path in reversed(checkpoints_in(self.folder).items()):
            try:
                return step, read_sealed(path)
            except (OSError, ValueError) as error:
                print(f"checkpoint {path.name} cannot be read ({error}); trying the one before it", flush=True)
        return None

    def finish(self, step: int | None) -> None:
        """End with them: the training is done and its results are written.

        All are deleted but that of `step`, which a longer training may go on from; with None, or where there is none of
        that step, the whole folder is.
        """
        own = checkpoints_in(self.folder)
        if step in own:
            own.pop(step).replace(self.folder / f"done-{step:08}.npz")
            for path in own.values():
                path.unlink()
        else:
            shutil.rmtree(self.folder)
        if self.mirror:
            self.mirror.remove()


class Mirror:
    """A copy of a training's folder at an address that other machines reach, so that one can go on where another died.

    While it cannot be reached the training goes on, and says so.
    """

    def __init__(self, url: str, folder: Path) -> None:
        """Copy `folder` to `url`: a path, or an address of any file system that fsspec knows (s3://bucket/checkpoints).

        Raises:
            UserError: fsspec does not know it, or a package for it is not installed.
        """
        try:
            self.system, self.root = fsspec.core.url_to_fs(url)
        except (ValueError, ImportError) as error:
            raise UserError(f"checkpoints cannot be kept at {url}: {error}") from None
        self.folder = folder
        self._sent: dict[str, tuple[int, int]] = {}

    def fetch(self) -> None:
        """Bring what is there, if it is from a later step than what is here."""
        self._try(self._fetch)

    def store(self) -> None:
        """Send what is new or has changed, checkpoints last, and delete the checkpoints that are gone here."""
        self._try(self._store)

    def remove(self) -> None:
        """Delete it all."""
        self._try(lambda: self.system.rm(self.root, recursive=True))

    def _fetch(self) -> None:
        there = self._names()
        if max(filter(_is_checkpoint, there), default="") <= max(filter(_is_checkpoint, self._here()), default=""):
            return
        for name in there:
            with whole_file(self.folder / name) as temporary:
                self.system.get_file(f"{self.root}/{name}", str(temporary))

    def _store(self) -> None:
        here = self._here()
        for name in sorted(here, key=_is_checkpoint):
            facts = (self.folder / name).stat()
            if self._sent.get(name) != (facts.st_mtime_ns, facts.st_size):
                self.system.makedirs(f"{self.root}/{name}".rpartition("/")[0], exist_ok=True)
                # What is cut off half-way is no checkpoint: it does not have the name of one.
                self.system.put_file(str(self.folder / name), f"{self.root}/{name}.part")
                self.system.mv(f"{self.root}/{name}.part", f"{self.root}/{name}")
                self._sent[name] = (facts.st_mtime_ns, facts.st_size)
        for name in self._names():
            if _is_checkpoint(name) and name not in here:
                self.system.rm_file(f"{self.root}/{name}")

    def _here(self) -> list[str]:
        return [path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_file()]

    def _names(self) -> list[str]:
        self.system.invalidate_cache()
        found = self.system.find(self.root) if self.system.exists(self.root) else []
        root = self.system._strip_protocol(self.root)
        return [path.removeprefix(f"{root}/") for path in found if not path.endswith(".part")]

    def _try(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # each file system has errors of its own, and none is worth a training
            print(f"checkpoints: {self.root} cannot be used ({error}); going on without it", flush=True)


def _is_checkpoint(name: str) -> bool:
    return name.startswith("step-") and name.endswith(".npz")
