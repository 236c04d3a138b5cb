"""Artifacts of a project that was moved or copied: MLflow notes where they lie from the root of the machine.

When the database that lies in a project speaks of artifacts below another folder, what is missing here is copied from
there (the other project may live on), and the database then speaks of here.
"""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ganline.core import files
from ganline.tracking.delivery import EXPERIMENT

FOLDERS = ("mlartifacts", "mlruns")
"""Where artifacts lie in a project: Ganline's, and those that its user logs by MLflow's defaults."""
Place = tuple[str, str]  # a table and its column that holds addresses of artifacts


def bring_along(database: Path, root: Path) -> None:
    """Mend the addresses of a project's own database after the project, or the database, got another place.

    Raises:
        OSError: there is no room for the artifacts; nothing has changed then.
    """
    if database.resolve() != root / "mlflow.db":
        return  # one that several projects share
    with closing(sqlite3.connect(database, timeout=60)) as connection:
        for old in _former_roots(connection, root):
            copied = _copy_missing(connection, old, root)
            with connection:
                for folder in FOLDERS:
                    _rewrite(connection, old / folder, root / folder)
            said = f"; {copied} files were copied from there" if copied else ""
            print(f"this project's runs were noted as lying in {old}: they lie in {root} now{said}", flush=True)


def _former_roots(connection: sqlite3.Connection, root: Path) -> list[Path]:
    """Return the projects that the database was in before."""
    found = connection.execute("SELECT artifact_location FROM experiments WHERE name = ?", (EXPERIMENT,))
    places = [_local(location) for (location,) in found]
    return [place.parent for place in places if place and place.name == FOLDERS[0] and place.parent != root]


def _copy_missing(connection: sqlite3.Connection, old: Path, root: Path) -> int:
    """Copy the artifacts that the database speaks of and that are only there; return how many files."""
    copied = 0
    for table, column in _places(connection):
        for (address,) in connection.execute(f"SELECT DISTINCT {column} FROM {table}"):
            folder = _local(address)
            if folder is None or not any(folder.is_relative_to(old / name) for name in FOLDERS):
                continue
            for source in folder.rglob("*") if table != "experiments" else ():
                target = root / source.relative_to(old)
                if source.is_file() and not target.exists():
                    with files.whole_file(target) as temporary:
                        shutil.copyfile(source, temporary)
                    copied += 1
    return copied


def _rewrite(connection: sqlite3.Connection, old: Path, new: Path) -> None:
    for before, after in ((old.as_uri(), new.as_uri()), (str(old), str(new))):
        for table, column in _places(connection):
            # The folder itself, or what lies in it; not another one whose name begins like it.
            below = f"{column} = ? OR substr({column}, 1, ?) = ?"
            connection.execute(
                f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE {below}",
                (after, len(before) + 1, before, len(before) + 1, f"{before}/"),
            )


def _places(connection: sqlite3.Connection) -> list[Place]:
    """Return the columns that hold addresses of artifacts, of those that this version of MLflow has."""
    wanted = {
        "experiments": ["artifact_location"], "runs": ["artifact_uri"], "logged_models": ["artifact_location"],
        "model_versions": ["source", "storage_location"],
    }  # fmt: skip
    known = {table: [row[1] for row in connection.execute(f"PRAGMA table_info({table})")] for table in wanted}
    return [(table, column) for table, columns in wanted.items() for column in columns if column in known[table]]


def _local(address: str | None) -> Path | None:
    """Return the folder of an address on this machine, None of others."""
    if address and address.startswith("file:"):
        return Path(unquote(urlsplit(address).path))
    return Path(address) if address and address.startswith("/") else None
