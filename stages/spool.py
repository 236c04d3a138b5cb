"""The spool: what stages tell about a run, kept on disk until MLflow has taken it.

One folder a session, .ganline/runs/<session>: events.jsonl, one event a line, appended by the stages; files/, copies of
the files that events name; state.json, how far the courier has come. A session is one pipeline run, so one MLflow run.
"""

import hashlib
import json
import os
import re
import shutil
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from ganline import files

SESSION = "GANLINE_SESSION"
WORKSPACES = Path(".ganline/workspaces")
"""Where scheduled runs work, below the project's root (pipelines.workspace)."""
CLOCK_TOLERANCE = 60.0  # seconds; a process's start time, counted from boot, moves when the clock is set


class Origin(NamedTuple):
    """A process, told apart from a later one with the same number by when it started (seconds since 1970)."""

    pid: int
    born: float

    @classmethod
    def of(cls, process: psutil.Process) -> "Origin":
        """Return the origin of a living process."""
        return cls(process.pid, process.create_time())

    @classmethod
    def of_this_process(cls) -> "Origin":
        """Return the origin of the calling process."""
        return cls.of(psutil.Process())

    def alive(self) -> bool:
        """Return whether this very process still runs."""
        try:
            process = psutil.Process(self.pid)
            dead = process.status() == psutil.STATUS_ZOMBIE
            return not dead and abs(process.create_time() - self.born) < CLOCK_TOLERANCE
        except psutil.Error:
            return False


def project_root() -> Path:
    """Return the project's root; for a workspace of `dvc exp run` or of a scheduled run, the project it is part of."""
    here = Path(os.environ.get("DVC_ROOT") or Path.cwd()).resolve()
    for parent in here.parents:
        if {parent / ".dvc/tmp/exps", parent / WORKSPACES} & set(here.parents):
            return parent
    return here


def runs(root: Path) -> Path:
    """Return the folder of all sessions."""
    return root / ".ganline/runs"


def tracking_uri(root: Path) -> str:
    """Return the absolute address of the MLflow store: MLFLOW_TRACKING_URI, or a database in the project."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{root}/mlflow.db"


def dvc_process() -> Origin | None:
    """Return the `dvc` command that runs this stage, or None where the stage was started by hand."""
    if "DVC_STAGE" not in os.environ:
        return None
    with suppress(psutil.Error):
        for process in psutil.Process().parents():
            if any(Path(part).name == "dvc" for part in process.cmdline()[:3]):
                return Origin.of(process)
    return None


def session_folder(root: Path) -> Path:
    """Return the folder of this process's session: named by GANLINE_SESSION, else one a `dvc` command or process."""
    name = os.environ.get(SESSION)
    if name:
        return named(root, name)
    origin = dvc_process() or Origin.of_this_process()
    for folder in runs(root).glob(f"*-{origin.pid}"):
        started = _started(folder.name)
        if started is not None and abs(started - origin.born) < CLOCK_TOLERANCE:
            return folder
    return runs(root) / f"{datetime.fromtimestamp(origin.born, UTC):%Y%m%d-%H%M%S}-{origin.pid}"


def named(root: Path, session: str) -> Path:
    """Return the folder of a session that was given a name."""
    return runs(root) / re.sub(r"[^A-Za-z0-9._-]", "-", session)


def _started(name: str) -> float | None:
    try:
        return datetime.strptime(name[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


class Writer:
    """Appends events to one session. A call costs one small write to a local file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # a tracking address may hold a password
        path = folder / "events.jsonl"
        self._file = path.open("ab", buffering=0)
        if path.read_bytes()[-1:] not in (b"", b"\n"):
            self._file.write(b"\n")  # the last writer was killed half-way: what follows must not join its line

    def append(self, kind: str, **content: Any) -> None:
        """Append one event in one write, so that several processes may write to one session."""
        event = {"kind": kind, "time": int(time.time() * 1000), **content}
        self._file.write(json.dumps(event).encode() + b"\n")

    def keep(self, path: Path) -> str:
        """Copy a file or folder into the session as it is now; return the copy's path inside the session."""
        copy = Path("files") / digest(path)[:20] / path.name
        target = self.folder / copy
        if target.exists():
            return str(copy)
        if path.is_dir():
            with files.whole_folder(target) as temporary:
                shutil.copytree(path, temporary, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            with files.whole_file(target) as temporary:
                shutil.copyfile(path, temporary)
        return str(copy)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def digest(path: Path) -> str:
    """Return the hex sha256 of a file, or of a folder's file names and contents (byte-code left out)."""
    if path.is_file():
        return files.sha256(path)
    parts = (f"{p.relative_to(path)} {files.sha256(p)}" for p in contents(path))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def contents(folder: Path) -> list[Path]:
    """Return the files below a folder, sorted, without byte-code."""
    return sorted(p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts)


def read_events(folder: Path, offset: int = 0) -> list[tuple[dict[str, Any], int]]:
    """Return the events written whole from byte `offset` on, each with the offset behind it.

    A line that cannot be read (its writer was killed) comes back as an event of kind "torn".
    """
    path = folder / "events.jsonl"
    if not path.exists() or path.stat().st_size <= offset:
        return []
    with path.open("rb") as source:
        source.seek(offset)
        content = source.read()
    found = []
    for line in content.splitlines(keepends=True):
        if not line.endswith(b"\n"):
            break
        offset += len(line)
        found.append((_parse(line), offset))
    return found


def _parse(line: bytes) -> dict[str, Any]:
    try:
        event = json.loads(line)
    except ValueError:
        event = None
    return event if isinstance(event, dict) and "kind" in event else {"kind": "torn", "time": 0}


def read_state(folder: Path) -> dict[str, Any]:
    """Return how far the courier has come: offset, and once known run_id, experiment_id, uri and problem."""
    try:
        return json.loads((folder / "state.json").read_text())
    except (FileNotFoundError, ValueError):
        return {"offset": 0}


def write_state(folder: Path, state: dict[str, Any]) -> None:
    """Write what `read_state` reads, whole or not at all."""
    files.write_json(folder / "state.json", state)


def run_address(state: dict[str, Any], local_ui: str = "") -> str:
    """Return the web address of a session's MLflow run; of a store on this machine, the one below `local_ui`."""
    server = re.sub(r"//[^/@]*@", "//", state["uri"])  # without a password
    base = server if server.startswith("http") else local_ui
    return f"{base.rstrip('/')}/#/experiments/{state['experiment_id']}/runs/{state['run_id']}"
