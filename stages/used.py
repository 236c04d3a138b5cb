"""What a stage uses, and whether that is the same when the stage ends.

DVC (3.67.1) writes into dvc.lock the parameters, code and inputs that it finds when a stage has ended, not those that
it began with. What was changed meanwhile would be vouched for as what made the results. So a stage that finds such a
change at its end leaves no results, and says what changed. (stages/vouched.py sees to the moment between this look and
DVC's.)
"""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ganline.errors import UserError
from ganline.params import Params, load
from stages import spool
from stages.declared import Declared, declared, value

SHOWN = 10  # changes that a message names


class Use:
    """What one stage uses, as it was when this was made: before the stage reads its inputs."""

    def __init__(self, stage: str, params: Params) -> None:
        """Look at all that dvc.yaml lists for the stage."""
        self.stage = stage
        self.declared: Declared = declared(stage, params)
        self.params = values(params, self.declared.params)
        """By dotted key, as dvc.lock has them."""
        self._code, self._inputs = self._files()
        began = _process_began()
        # Python may have read these before, and may have them as they were before that.
        self._late = {path for path in self._code if path.stat().st_mtime > began}

    def refuse_changes(self) -> None:
        """Remove the stage's results if anything that it uses has changed since this was made.

        Raises:
            UserError: something has; the message says what.
        """
        if not (changes := [*self._changed_params(), *self._changed_files()]):
            return
        for path in self.declared.outs:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        if len(changes) > SHOWN:
            changes[SHOWN:] = [f"and {len(changes) - SHOWN} more"]
        back = "the training, whose checkpoint is kept, is at its end at once" if self.stage == "train" else "run again"
        raise UserError(
            "what it uses was changed while it ran, and DVC would record its results as made by what there is now: "
            "they are not kept\n" + "".join(f"  - {line}\n" for line in changes)
            + f"`dvc repro` goes on with what there is now; or put back what there was, and {back}"
        )  # fmt: skip

    def hashes(self) -> dict[str, str]:
        """Return the hash of each dependency that no stage made, as dvc.lock has it, folders without ".dir"."""
        return {path.as_posix(): _dvc_hash(self._code, path) for path in self.declared.code}

    def _files(self) -> tuple[dict[Path, str], dict[Path, Any]]:
        code = {path: hashlib.md5(path.read_bytes()).hexdigest() for path in _below(self.declared.code)}
        # What stages make can be large, and nobody rewrites it with equal content.
        inputs = {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in _below(self.declared.inputs)}
        return code, inputs

    def _changed_params(self) -> Iterator[str]:
        try:
            yield from differences(self.params, values(load(), self.declared.params))
        except UserError as error:
            yield str(error)

    def _changed_files(self) -> Iterator[str]:
        code, inputs = self._files()
        for before, now in ((self._code, code), (self._inputs, inputs)):
            for path in sorted(before.keys() | now.keys()):
                if path not in now:
                    yield f"{path} was removed"
                elif path not in before:
                    yield f"{path} was added"
                elif before[path] != now[path] or path in self._late:
                    yield f"{path} was changed"


def values(params: Params, keys: list[str]) -> dict[str, Any]:
    """Return the parameters under these dotted keys."""
    everything = params.model_dump()
    return {key: value(everything, key) for key in keys}


def differences(before: Any, now: Any, key: str = "") -> Iterator[str]:
    """Yield a line for each parameter that is not what it was, in nested mappings."""
    if isinstance(before, dict) and isinstance(now, dict):
        for name in [*before, *(name for name in now if name not in before)]:
            yield from differences(before.get(name), now.get(name), f"{key}.{name}" if key else name)
    elif before != now:
        yield f"params.yaml: {key} was {json.dumps(before)} and is {json.dumps(now)}"


def _below(paths: list[Path]) -> list[Path]:
    return [file for path in paths for file in ([path] if path.is_file() else spool.contents(path))]


def _dvc_hash(hashes: dict[Path, str], path: Path) -> str:
    if path in hashes:
        return hashes[path]
    files = [{"md5": md5, "relpath": file.relative_to(path).as_posix()} for file, md5 in hashes.items()
             if path in file.parents]  # fmt: skip
    listing = json.dumps(sorted(files, key=lambda file: file["relpath"]), sort_keys=True)
    return hashlib.md5(listing.encode()).hexdigest()


def _process_began() -> float:
    """Return when this process began, seconds since 1970 (psutil's figure counts from a boot time in whole seconds)."""
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + ticks / os.sysconf("SC_CLK_TCK")
