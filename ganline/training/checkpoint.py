"""Checkpoints: whole files under a fingerprint, so that a run resumes only what is exactly its own."""

import hashlib
import json
import shutil
import sys
import zipfile
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from ganline.files import read_arrays, sha256, write_arrays

KEPT = 2  # the newest, and one more in case the newest cannot be read
CODE = ("models", "training", "compute.py", "random.py", "replicas.py")


def fingerprint(parameters: Mapping[str, Any], data: Iterable[Path]) -> str:
    """Return a hash of all that decides a training's bits: parameters, data, code and library versions."""
    root = Path(__file__).parents[1]
    code = [path for part in CODE for path in ([root / part] if part.endswith(".py") else (root / part).rglob("*.py"))]
    facts = {
        "parameters": parameters,
        "data": {path.name: sha256(path) for path in data},
        "code": {str(path.relative_to(root)): sha256(path) for path in sorted(code)},
        "versions": {"python": sys.version} | {name: version(name) for name in ("tensorflow", "numpy")},
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


class Checkpoints:
    """The checkpoints of one fingerprint, in a folder that DVC does not know."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`, made if need be."""
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def save(self, step: int, arrays: Mapping[str, np.ndarray]) -> None:
        """Write the state after `step` steps, whole or not at all, and remove all but the newest."""
        write_arrays(self.folder / f"step-{step:08}.npz", arrays)
        for old in self._files()[:-KEPT]:
            old.unlink()

    def newest(self) -> tuple[int, dict[str, np.ndarray]] | None:
        """Return the step and state of the newest checkpoint that can be read, or None."""
        for path in reversed(self._files()):
            try:
                return int(path.stem.removeprefix("step-")), read_arrays(path)
            except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
                print(f"checkpoint {path.name} cannot be read ({error}); trying the one before it")
        return None

    def remove(self) -> None:
        """Delete them all: the training is done and its results are written."""
        shutil.rmtree(self.folder)

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("step-*.npz"))
