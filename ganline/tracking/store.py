"""The MLflow database of a project: made by one process at a time, mended when broken, moved with the project.

MLflow 3.17 makes a database in 60 steps, none of which two processes may take at once: one dies, or both do and leave a
half-made table at which every later start fails. And it writes down where artifacts lie from the root of the machine.
"""

import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from filelock import FileLock

from ganline.core.errors import UserError, in_short
from ganline.tracking import moved
from ganline.tracking.delivery import MlflowClient

STILL = 5.0  # seconds in which a database that another program is making gets on
PATIENCE = 180.0  # seconds to wait for another process that makes it


def ready(uri: str, root: Path) -> None:
    """Make a database that is not there yet, mend it where that loses nothing, and bring artifacts along after a move.

    Args:
        uri: an address for MLflow; only databases in a file are looked at.
        root: the project's.

    Raises:
        UserError: it is broken and holds runs; says what to do.
        OSError: the folder cannot be written to, or is full.
    """
    path = Path(uri.removeprefix("sqlite:///").partition("?")[0])
    if not uri.startswith("sqlite:///") or path.name == ":memory:":
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{path}.lock", timeout=PATIENCE):
        if not path.exists():
            _make(path)
        try:
            _open(uri)
        except Exception as error:
            _mend(path, error)
        moved.bring_along(path, root)


def _open(uri: str) -> None:
    MlflowClient(uri).search_experiments(max_results=1)


def _make(path: Path) -> None:
    """Make a database, whole or not at all."""
    temporary = path.with_name(f".{path.name}-new")
    temporary.unlink(missing_ok=True)  # of a maker that was killed: nobody else has the lock
    _open(f"sqlite:///{temporary}")
    temporary.replace(path)


def _mend(path: Path, error: Exception) -> None:
    """Put a half-made database without runs aside and make another.

    Raises:
        Exception: the error, where waiting may help.
        UserError: there are runs in it.
    """
    before = _schema(path)
    if before is not None:
        time.sleep(STILL)
    if "locked" in str(error) or _schema(path) != before:
        raise error  # another program, such as `mlflow server`, is at it
    if before is None or _rows(path, "runs") or _rows(path, "experiments") > 1:
        raise UserError(
            f"the MLflow database {path} cannot be read ({in_short(error)}). What stages recorded since is kept. "
            f"Put a backup in its place; or, after an update of MLflow, run `mlflow db upgrade sqlite:///{path}`, "
            f"which wants a copy first; or move it out of the way (`mv {path} {path}.old`): then another is made"
        )
    aside = next(
        free for number in range(1, 1000) if not (free := path.with_name(f"{path.name}.broken-{number}")).exists()
    )
    shutil.copyfile(path, aside)
    whole = path.with_name(f".{path.name}-whole")
    _make(whole)
    with closing(sqlite3.connect(whole)) as source, closing(sqlite3.connect(path)) as target:
        source.backup(target)  # in place: connections that MLflow has open, here or elsewhere, go on with it
    whole.unlink()
    print(f"{path} had been left half-made, without runs: {aside.name} keeps it, and another is made", flush=True)


def _schema(path: Path) -> list[tuple[str, ...]] | None:
    """Return all that tells how far a database has come; None where the file is none."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            schema = database.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
            named = any(name == "alembic_version" for name, _ in schema)
            return schema + (database.execute("SELECT version_num FROM alembic_version").fetchall() if named else [])
    except sqlite3.Error:
        return None


def _rows(path: Path, table: str) -> int:
    """Return the number of rows of a table, 0 where there is none."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            return int(database.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])
    except sqlite3.OperationalError:  # no such table
        return 0
