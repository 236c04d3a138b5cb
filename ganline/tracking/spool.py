"""The spool: what stages tell about a run, kept on disk until MLflow has taken it.

One folder a session, .ganline/runs/<session>: events.jsonl, one event a line, appended by the stages; files/, copies of
the files that events name; state.json, how far the courier has come. A session is one pipeline run, so one MLflow run.
"""

import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from ganline.core import files
from ganline.core.addresses import masked, masked_within, without_user

SESSION = "GANLINE_SESSION"
TRACKING = "MLFLOW_TRACKING_URI"
WORKSPACES = Path(".ganline/workspaces")
"""Where scheduled runs work, below the project's root (pipelines.workspace)."""
CLOCK_TOLERANCE = 60.0  # seconds; a process's start time, counted from boot, moves when the clock is set
LONGEST_NAME = 100  # characters of a session that was given a name
FIELDS: dict[str, dict[str, type | tuple[type, ...]]] = {
    "begun": {"process": list, "stage": str},
    "start": {"process": list, "owner": (list, type(None)), "stage": str, "workspace": str, "uri": str, "name": str,
              "params": dict, "tags": dict},
    "end": {"process": list, "status": str, "error": str},
    "closed": {"owner": list},
    "metrics": {"values": dict, "step": int},
    "image": {"file": str, "key": str, "step": int},
    "artifact": {"file": str, "folder": str},
    "tags": {"values": dict},
    "dataset": {"name": str, "digest": str, "counts": dict},
    "model": {"file": str, "code": str, "image_shape": list, "requirements": list},
}  # fmt: skip
"""What each kind of event holds, besides its time."""


@cache
def place() -> str:
    """Return where this process's number means something: the machine, its boot, the container (namespace) in it."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    numbers = Path("/proc/self/ns/pid")
    known = (boot.read_text().strip() if boot.exists() else "", str(numbers.readlink()) if numbers.exists() else "")
    return " ".join((socket.gethostname(), *known))


class Origin(NamedTuple):
    """A process, told apart from a later one with the same number by when it started, from others by its place."""

    pid: int
    born: float
    """Seconds since 1970."""
    place: str = ""
    """See `place`; "" in what early versions wrote, which was always here."""

    @classmethod
    def of(cls, process: psutil.Process) -> "Origin":
        """Return the origin of a living process."""
        return cls(process.pid, process.create_time(), place())

    @classmethod
    def of_this_process(cls) -> "Origin":
        """Return the origin of the calling process."""
        return cls.of(psutil.Process())

    @property
    def elsewhere(self) -> bool:
        """Whether it belongs to another machine or container, so that nobody here can see whether it lives."""
        ours, theirs = place().split(" "), self.place.split(" ")
        booted_since = ours[0] == theirs[0] and ours[1:2] != theirs[1:2]
        return bool(self.place) and ours != theirs and not booted_since

    def alive(self) -> bool:
        """Return whether this very process still runs here."""
        if self.place not in ("", place()):
            return False
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


def orphaned() -> bool:
    """Return whether DVC has started this stage and nothing that can be DVC is there any more."""
    if "DVC_STAGE" not in os.environ:
        return False
    with suppress(psutil.Error):
        programs = [Path(part).name for above in psutil.Process().parents() for part in above.cmdline()[:1]]
        return dvc_process() is None and not any(name.startswith("python") for name in programs)
    return False


def runs(root: Path) -> Path:
    """Return the folder of all sessions."""
    return root / ".ganline/runs"


def sessions(root: Path) -> list[Path]:
    """Return the folders of all sessions; whatever else lies among them is none."""
    return sorted(folder for folder in runs(root).glob("[!.]*") if folder.is_dir())


def tracking_uri(root: Path) -> str:
    """Return the absolute address of the MLflow store: MLFLOW_TRACKING_URI, or a database in the project."""
    return os.environ.get(TRACKING) or own_store(root)


def own_store(root: Path) -> str:
    """Return the address of the database in the project, wherever that lies today."""
    return f"sqlite:///{root}/mlflow.db"


def address(start: Mapping[str, Any], root: Path) -> str:
    """Return where a session goes whose first event is `start`, whatever has been moved since.

    The spool holds no password: of an address with one, the environment still knows it.
    """
    noted, workspace = start.get("uri", ""), Path(start.get("workspace", root))
    database = Path(noted.removeprefix("sqlite:///"))
    # Early versions wrote down where the project's own lay.
    was_own = database.name == "mlflow.db" and workspace.is_relative_to(database.parent) and not database.exists()
    if not noted or noted.startswith("sqlite:///") and was_own:
        return own_store(root)
    given = os.environ.get(TRACKING, "")
    return given if masked(given) == noted else noted


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
    identity = hashlib.sha256(f"{origin.place} {origin.pid} {_started(origin)}".encode()).hexdigest()[:8]
    # All processes of the session find its folder by the identity. The rest makes its name one that nobody else has:
    # containers count their processes from 1, and machines that were copied are the same in everything.
    found = next(runs(root).glob(f"*-{identity}-*"), None)
    own = f"{datetime.fromtimestamp(origin.born, UTC):%Y%m%d-%H%M%S}-{identity}-{secrets.token_hex(4)}"
    return found or runs(root) / own


def named(root: Path, session: str) -> Path:
    """Return the folder of a session that was given a name: another one for each name."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "-", session)[:LONGEST_NAME].lstrip(".")
    told_apart = f"{plain}-{hashlib.sha256(session.encode(errors='replace')).hexdigest()[:8]}"
    return runs(root) / (session if plain == session != "" else told_apart)


def _started(origin: Origin) -> str:
    """Return when a process started, in a number that stays when the clock is set where there is one (Linux)."""
    try:
        return Path(f"/proc/{origin.pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return str(origin.born)


class Writer:
    """Appends events to one session. A call costs a look at a local file's last byte, and one small write."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # what a stage's error says is its user's own
        self._file = (folder / "events.jsonl").open("ab+", buffering=0)

    def append(self, kind: str, **content: Any) -> None:
        """Append one event in one write, so that several processes may write to one session.

        Raises:
            OSError: it cannot be written whole.
        """
        line = json.dumps(event := {"kind": kind, "time": int(time.time() * 1000), **content})
        if "://" in line:
            line = json.dumps(masked_within(event))
        self._file.seek(max(0, self._file.seek(0, os.SEEK_END) - 1))
        # A writer, of this process or another, was killed half-way, or the disk was full: this must not join its line.
        torn = self._file.read(1) not in (b"", b"\n")
        data = b"\n" * torn + line.encode() + b"\n"
        if self._file.write(data) < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.folder / "events.jsonl"))

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


def tell_begun(stage: str) -> None:
    """Note in its session, if that has a run already, that a stage has begun: should it die before it can say more."""
    tell_here("begun", process=Origin.of_this_process(), stage=stage)


def tell_here(kind: str, **content: Any) -> None:
    """Append an event to the session of this process, unless it has none; no full disk or the like stops the caller."""
    with suppress(OSError, psutil.Error):
        folder = session_folder(project_root())
        if (folder / "events.jsonl").exists():
            writer = Writer(folder)
            writer.append(kind, **content)
            writer.close()


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

    A line that is no such event (its writer was killed, or somebody edited it) comes back as one of kind "torn".
    """
    path = folder / "events.jsonl"
    if not path.exists() or path.stat().st_size <= offset:
        return []
    with path.open("rb") as source:
        source.seek(offset)
        content = source.read()
    found = []
    *lines, _unfinished = content.split(b"\n")
    for line in lines:
        offset += len(line) + 1
        found.append((_parse(line), offset))
    return found


def _parse(line: bytes) -> dict[str, Any]:
    try:
        event = json.loads(line)
        fields = {"time": int, **FIELDS[event["kind"]]}
        whole = all(isinstance(event[name], kind) for name, kind in fields.items())
        origins = [event[name] for name in ("process", "owner") if event.get(name)]
        whole = whole and all(_is_origin(values) for values in origins)
    except (ValueError, KeyError, TypeError, RecursionError):
        whole = False
    return event if whole else {"kind": "torn", "time": 0}


def _is_origin(values: list[Any]) -> bool:
    pid, born, where = (*values, "")[:3] if len(values) in (2, 3) else (None, None, None)
    return isinstance(pid, int) and isinstance(born, int | float) and isinstance(where, str)


def read_state(folder: Path) -> dict[str, Any]:
    """Return how far the courier has come: offset, and once known run_id, experiment_id, uri, problem and refused.

    A state that cannot be read, or not be true, is none: all is delivered again, which changes nothing. `doubt` then
    says why.
    """
    path = folder / "state.json"
    if not path.exists():
        return {"offset": 0}
    try:
        state = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError):
        return {"offset": 0, "doubt": "state.json cannot be read"}
    if not isinstance(state, dict) or not isinstance(offset := state.get("offset"), int):
        return {"offset": 0, "doubt": "state.json holds no offset"}
    if offset < 0 or not _ends_line(folder / "events.jsonl", offset):
        return {"offset": 0, "doubt": f"state.json says {offset} bytes are delivered, where no event ends"}
    if offset and not {"run_id", "experiment_id", "uri"} <= set(state):
        return {"offset": 0, "doubt": "state.json names no run"}
    return state


def _ends_line(path: Path, offset: int) -> bool:
    if offset == 0:
        return True
    try:
        with path.open("rb") as source:
            source.seek(offset - 1)
            return source.read(1) == b"\n"
    except OSError:
        return False


def write_state(folder: Path, state: Mapping[str, Any]) -> None:
    """Write what `read_state` reads, whole or not at all."""
    files.write_json(folder / "state.json", masked_within(state))


def refused(state: Mapping[str, Any]) -> dict[str, str]:
    """Return what MLflow would not take of a session -> why."""
    found = state.get("refused")
    return found if isinstance(found, dict) else {}


def run_address(state: dict[str, Any], local_ui: str = "") -> str:
    """Return the web address of a session's MLflow run; of a store on this machine, the one below `local_ui`."""
    server = without_user(state["uri"])
    base = server if server.startswith("http") else local_ui
    return f"{base.rstrip('/')}/#/experiments/{state['experiment_id']}/runs/{state['run_id']}"
