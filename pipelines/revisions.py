"""What other runs left: files of DVC experiments and Git revisions, out of DVC's cache or remote."""

import subprocess
import sys
from pathlib import Path

from ganline.core.errors import UserError


def fetch(run: str, path: Path, folder: Path) -> Path:
    """Return where a run's file is: `run` itself where that is a file, or `path` of a revision, fetched into `folder`.

    Raises:
        UserError: there is no such revision, or it has no such file; with what DVC says.
    """
    if Path(run).is_file():
        return Path(run)
    target = folder / f"{len(list(folder.iterdir()))}{path.suffix}"
    # "." and not the folder's own name: DVC would take an address of its own for it.
    command = [sys.executable, "-m", "dvc", "get", "--rev", run, "--out", str(target), ".", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = next(
            (line for line in done.stderr.splitlines() if "ERROR" in line), f"dvc ended with {done.returncode}"
        )
        raise UserError(
            f"--beside {run}: {reason.removeprefix('ERROR: ')}. Allowed is a features.npz, or a DVC experiment "
            f"(`dvc exp show` lists them) or Git revision whose {path} is in DVC's cache"
        )
    return target
