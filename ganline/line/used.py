"""What a stage uses, and whether that is the same when the stage ends.

DVC (3.67.1) writes into dvc.lock the parameters, code and inputs that it finds when a stage has ended, not those that
it began with. What was changed meanwhile would be vouched for as what made the results. So a stage that finds such a
change at its end leaves no results, and says what changed. (ganline/line/vouched.py sees to the moment between this
look and DVC's.)
"""

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ganline.catalogue.check import load
from ganline.core.errors import UserError
from ganline.core.words import first
from ganline.line.code import code, require_listed
from ganline.line.declared import Declared, declared, value
from ganline.settings.schema import Params
from ganline.tracking import spool

SHOWN = 10  # changes that a message names


class Use:
    """What one stage uses, as it was when this was made: before the stage reads its inputs."""

    def __init__(self, stage: str, params: Params) -> None:
        """Look at the stage's code, and at all that dvc.yaml lists for it.

        Raises:
            UserError: DVC runs the stage, and was told of other code.
        """
        self.stage, self._all = stage, params
        self.declared: Declared = declared(stage, params)
        self.params = values(params, self.declared.params)
        """By dotted key, as dvc.lock has them."""
        self._code, self._inputs = self._files()
        began = _process_began()
        # Python may have read these before, and may have them as they were before that.
        self._late = {path for path in self._code if Path(path).stat().st_mtime > began}
        if "DVC_STAGE" in os.environ:
            require_listed(stage, self._code)

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
        back = "the training, whose checkpoint is kept, is at its end at once" if self.stage == "train" else "run again"
        raise UserError(
            "what it uses was changed while it ran, and DVC would record its results as made by what there is now: "
            "they are not kept\n" + "".join(f"  - {line}\n" for line in first(changes, SHOWN))
            + f"`dvc repro` goes on with what there is now; or put back what there was, and {back}"
        )  # fmt: skip

    def _files(self) -> tuple[dict[str, str], dict[str, Any]]:
        # What stages make can be large, and nobody rewrites it with equal content.
        inputs = {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in _below(self.declared.inputs)}
        return code(self.stage, self._all), inputs

    def _changed_params(self) -> Iterator[str]:
        try:
            yield from differences(self.params, values(load(), self.declared.params))
        except UserError as error:
            yield str(error)

    def _changed_files(self) -> Iterator[str]:
        for before, now in zip((self._code, self._inputs), self._files(), strict=True):
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


def _process_began() -> float:
    """Return when this process began, seconds since 1970 (psutil's figure counts from a boot time in whole seconds)."""
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + ticks / os.sysconf("SC_CLK_TCK")
