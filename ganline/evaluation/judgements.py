"""The file of judgements: one SQLite database at the project's root, which `ganline people` writes and evaluate reads.

It holds answers, and nothing about people: a judge is a random word. An answer is one transaction, on the disk when it
is made, so a kill loses nothing; judges at once, even from two servers, wait for each other. All is in the one file (no
write-ahead log beside it), so that DVC sees what there is. An empty file is one without judgements.
"""

import hashlib
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from ganline.core.errors import UserError
from ganline.metrics.judgements import REAL, TASKS, Answer, Judgements

VERSION = 1
WAIT = 30
"""Seconds to wait for another writer."""
LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Of the words of judges: none that is taken for another."""
TABLES = """
CREATE TABLE judges (judge TEXT PRIMARY KEY, seed INTEGER NOT NULL) STRICT;
CREATE TABLE subjects (subject TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT;
CREATE TABLE answers (
    judge TEXT NOT NULL, task TEXT NOT NULL, session TEXT NOT NULL, trial INTEGER NOT NULL,
    subject TEXT NOT NULL, other TEXT NOT NULL, truth TEXT NOT NULL, "right" TEXT NOT NULL, answer TEXT NOT NULL,
    asked_ms REAL, shown_ms REAL, frame_ms REAL,
    PRIMARY KEY (judge, session, trial)
) STRICT;
"""
INSTEAD = "move it away and open `ganline people` once, which makes a new one"
COLUMNS = ", ".join(f'"{name}"' for name in Answer._fields)
LATE = ("answer", "shown_ms", "frame_ms")
"""Columns that a trial that has begun does not know yet."""


class Judge(NamedTuple):
    """Someone who judges."""

    name: str
    """A random word, by which to go on later."""
    seed: int
    """Of all that this judge is shown."""


def digest(images: np.ndarray) -> str:
    """Return the hash that names a set of images, uint8 (N, H, W, C)."""
    found = hashlib.sha256(f"{images.dtype} {images.shape}".encode())
    found.update(np.ascontiguousarray(images).data)
    return found.hexdigest()


class Store:
    """The judgements of a file."""

    def __init__(self, path: Path) -> None:
        """Open a file, which is made where there is none.

        Raises:
            UserError: it is damaged, is no file of judgements, or one of a later version.
        """
        self.path = path
        with self._open() as database:
            database.execute("BEGIN")  # all is read of one moment: another judge may be the first to write just now
            (found,) = database.execute("PRAGMA quick_check(1)").fetchone()
            if found != "ok":
                raise self._damaged(" ".join(found.splitlines()[1:]) or found)
            (version,) = database.execute("PRAGMA user_version").fetchone()
            (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if version not in (0, VERSION) or (version == 0 and tables):
                raise UserError(f"{path} is no file of judgements that this version of Ganline reads: {INSTEAD}")

    def new_judge(self) -> Judge:
        """Return a judge that nobody has been before."""
        judge = Judge("".join(secrets.choice(LETTERS) for _ in range(8)), secrets.randbelow(2**31))
        with self._writing() as database:
            database.execute("INSERT INTO judges VALUES (?, ?)", judge)
        return judge

    def judge(self, name: str) -> Judge:
        """Return the judge of this name.

        Raises:
            UserError: there is none.
        """
        rows = self._rows("SELECT judge, seed FROM judges WHERE judge = ?", name.strip().upper())
        if not rows:
            raise UserError(f"no judge is called {name.strip()!r} here: leave the name empty to begin anew")
        return Judge(*rows[0])

    def names(self) -> dict[str, str]:
        """Return what sets of images are called, by their hashes."""
        return dict(self._rows("SELECT subject, name FROM subjects"))

    def record(self, answer: Answer, names: Mapping[str, str] = MappingProxyType({})) -> bool:
        """Keep an answer; return whether this trial had none: the first that is given stays.

        Args:
            answer: "" says that the trial has begun: it stays so, and counts for nothing, where no answer comes.
            names: what sets of images are called, by their hashes, for people who read results.
        """
        places, taken = ", ".join("?" * len(answer)), ", ".join(f"{name} = excluded.{name}" for name in LATE)
        begun = f"ON CONFLICT DO UPDATE SET {taken} WHERE answer = '' AND excluded.answer != ''"
        with self._writing() as database:
            done = database.execute(f"INSERT INTO answers ({COLUMNS}) VALUES ({places}) {begun}", answer)
            database.executemany("INSERT OR REPLACE INTO subjects VALUES (?, ?)", names.items())
            return done.rowcount == 1

    def reals_elsewhere(self, judge: Judge, session: str) -> int:
        """Return how many real images a judge was shown in other sessions."""
        query = "SELECT count(*) FROM answers WHERE judge = ? AND session != ? AND truth = ?"
        return sum(count for (count,) in self._rows(query, judge.name, session, REAL))

    def count(self) -> int:
        """Return how many answers about images there are, those of trials without one aside."""
        query = f"SELECT count(*) FROM answers WHERE answer != '' AND task IN ({', '.join('?' * len(TASKS))})"
        return sum(count for (count,) in self._rows(query, *TASKS))

    def given(self, judge: Judge, session: str) -> list[Answer]:
        """Return what a judge answered in a session, in the order of trials; "" where one began and no answer came."""
        where = "judge = ? AND session = ? ORDER BY trial"
        return [Answer(*row) for row in self._rows(f"SELECT {COLUMNS} FROM answers WHERE {where}", judge.name, session)]

    def of(self, subject: str) -> Judgements | None:
        """Return all answers of the sessions that these images were judged in; None where there are none."""
        sessions = "SELECT session FROM answers WHERE subject = ? OR other = ?"
        where = f"session IN ({sessions}) AND answer != '' ORDER BY judge, session, trial"
        rows = self._rows(f"SELECT {COLUMNS} FROM answers WHERE {where}", subject, subject)
        return Judgements(subject, [Answer(*row) for row in rows]) if rows else None

    def _rows(self, query: str, *values: object) -> list[tuple]:
        with self._open() as database:
            if not database.execute("SELECT 1 FROM sqlite_master").fetchone():
                return []  # nobody has judged yet, and reading is to change nothing
            return database.execute(query, values).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Yield a transaction that is on the disk when this ends, or leaves nothing."""
        with self._open() as database:
            database.execute("BEGIN IMMEDIATE")
            if not database.execute("SELECT 1 FROM sqlite_master").fetchone():
                for statement in filter(str.strip, TABLES.split(";")):
                    database.execute(statement)
                database.execute(f"PRAGMA user_version = {VERSION}")
            yield database
            database.execute("COMMIT")

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            # A connection of its own for each answer: what is left open by a kill is rolled back by the next.
            with closing(sqlite3.connect(self.path, timeout=WAIT, isolation_level=None)) as database:
                database.execute("PRAGMA synchronous = FULL")
                yield database
        except sqlite3.OperationalError as error:
            raise UserError(
                f"{self.path} cannot be used ({error}): is it locked, not writable, or the disk full?"
            ) from None
        except sqlite3.DatabaseError as error:
            raise self._damaged(str(error)) from None

    def _damaged(self, reason: str) -> UserError:
        return UserError(
            f"{self.path} is damaged ({reason}), and is left as it is: bring back an older copy (`git checkout "
            f"{self.path}`, if you committed it), or {INSTEAD}"
        )


def read(path: Path, images: np.ndarray) -> Judgements | None:
    """Return what people said of these images, uint8 (N, H, W, C); None where they said nothing, or there is no file.

    Raises:
        UserError: the file is damaged.
    """
    return Store(path).of(digest(images)) if path.exists() and path.stat().st_size else None


def unheard(path: Path, images: np.ndarray) -> list[str]:
    """Return a sentence where there are answers and none is of these images, uint8 (N, H, W, C); else nothing.

    Raises:
        UserError: the file is damaged.
    """
    if not path.exists() or read(path, images) or not (count := Store(path).count()):
        return []
    return [
        f"{path} holds {count} answers, and none of them is of the images drawn here: answers belong to images by "
        "their hash, and these are of another training or other settings, or another machine drew them with other last "
        "digits, or an earlier version in another order"
    ]
