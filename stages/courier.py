"""Delivers what stages have spooled to MLflow, so that no stage ever waits for a server.

One courier at a time serves a project. The stages start it; it ends when nothing is left to deliver and no stage lives, or
when no stage lives and the store cannot be reached. `python -m stages.courier` delivers by hand what was left.
"""

import os
import shutil
import sys
import time
from collections import deque
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from stages import spool

POLL = 0.5  # seconds, as all times here
SAMPLE = 10.0  # between two looks at the machine's load
LINGER = 10.0  # after the last stage: the next one may follow, and starting a courier costs seconds of processor time
GIVE_UP = 30.0  # after the last stage, when the store cannot be reached
LONGEST_RETRY = 15.0
KEEP_DAYS = 7.0
BATCH = 100  # metrics events in one call


class Session:
    """One session's spool as the courier sees it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.state = folder, spool.read_state(folder)
        self.read_to = 0
        self.pending: deque[tuple[dict[str, Any], int]] = deque()
        self.start: dict[str, Any] = {}
        self.stages: set[spool.Origin] = set()
        self.owners: dict[spool.Origin, Path] = {}
        self.retry_at, self.delay = 0.0, 1.0

    def read(self) -> None:
        """Take in what was appended since the last time."""
        for event, end in spool.read_events(self.folder, self.read_to):
            self.read_to = end
            self._note(event)
            if end > self.state["offset"]:
                self.pending.append((event, end))

    def _note(self, event: dict[str, Any]) -> None:
        if event["kind"] == "start":
            self.start = event
            self.stages.add(spool.Origin(*event["process"]))
            if event["owner"]:
                self.owners[spool.Origin(*event["owner"])] = Path(event["workspace"])
        elif event["kind"] == "end":
            self.stages.discard(spool.Origin(*event["process"]))
        elif event["kind"] == "closed":
            self.owners.pop(spool.Origin(*event["owner"]), None)

    @property
    def alive(self) -> bool:
        """Whether a stage, or the `dvc` command that may start the next one, still runs."""
        return bool(self.stages or self.owners)

    def notice_deaths(self) -> None:
        """Say on behalf of the dead what they could not: a killed stage's end, and dvc.lock after `dvc` has ended."""
        dead = {process for process in self.stages if not process.alive()}
        gone = {owner for owner in self.owners if not owner.alive()}
        if not dead and not gone:
            return
        self.read()  # they may have said it themselves in their last moment
        writer = spool.Writer(self.folder)
        for process in dead & self.stages:
            writer.append("end", process=process, status="KILLED", error="a stage was killed")
        for owner in gone:
            lock = self.owners[owner] / "dvc.lock"
            if lock.exists():
                writer.append("artifact", file=writer.keep(lock), folder="")
            writer.append("closed", owner=owner)
        writer.close()
        self.read()

    def batch(self) -> list[tuple[dict[str, Any], int]]:
        """Return the events to deliver next: one, or a row of metrics."""
        first = self.pending[0]
        if first[0]["kind"] != "metrics":
            return [first]
        row = []
        for item in self.pending:
            if item[0]["kind"] != "metrics" or len(row) == BATCH:
                break
            row.append(item)
        return row

    def advance(self, batch: list[tuple[dict[str, Any], int]]) -> None:
        """Remember that a batch is delivered."""
        for _ in batch:
            self.pending.popleft()
        self.delay = 1.0
        self.state = self.state | {"offset": batch[-1][1], "problem": None}
        spool.write_state(self.folder, self.state)

    def postpone(self, problem: str) -> None:
        """Remember that the store cannot be reached, and when to try again."""
        if problem != self.state.get("problem"):
            print(f"{self.folder.name}: {problem}; trying again", flush=True)
            self.state = self.state | {"problem": problem}
            spool.write_state(self.folder, self.state)
        self.retry_at = time.monotonic() + self.delay
        self.delay = min(2 * self.delay, LONGEST_RETRY)


class Courier:
    """Delivers all sessions of one project until nothing is left to do."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.sessions: dict[Path, Session] = {}
        self.deliveries: dict[Path, Any] = {}
        self.load = None
        self.sampled_at = -SAMPLE

    def run(self, linger: float = LINGER) -> bool:
        """Deliver until no stage lives and all is delivered (True) or the store stays out of reach (False)."""
        last_activity = time.monotonic()
        while True:
            self.look()
            for session in self.sessions.values():
                self.deliver(session)
            alive = any(session.alive for session in self.sessions.values())
            left = any(session.pending for session in self.sessions.values())
            if alive:
                last_activity = time.monotonic()
            quiet = time.monotonic() - last_activity
            if quiet >= (GIVE_UP if left else linger):
                return not left
            time.sleep(POLL)

    def look(self) -> None:
        """Take in what has happened in every session."""
        for folder in sorted(spool.runs(self.root).glob("*")):
            if folder not in self.sessions:
                self.sessions[folder] = Session(folder)
        for session in self.sessions.values():
            session.read()
            session.notice_deaths()
        busy = [session for session in self.sessions.values() if session.stages]
        if busy and time.monotonic() - self.sampled_at >= SAMPLE:
            self._sample(busy)

    def _sample(self, busy: list[Session]) -> None:
        """Spool the machine's load as metrics named system/..., so that an outage leaves no gap in them."""
        from stages.machine import Load

        self.load = self.load or Load()
        self.sampled_at = time.monotonic()
        values = self.load.sample()
        for session in busy:
            writer = spool.Writer(session.folder)
            writer.append("metrics", values=values, step=int(time.time() - session.opened))
            writer.close()
