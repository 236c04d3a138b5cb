"""Delivers what stages have spooled to MLflow, so that no stage ever waits for a server.

One courier at a time serves a project. The stages start it with --follow: it ends when nothing is left to deliver and
no stage lives, or when no stage lives and the store cannot be reached. `python -m stages.courier` sends what is left.
"""

import os
import shutil
import sys
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from stages import spool

if TYPE_CHECKING:  # MLflow takes seconds to import: only when there is something for it
    from stages.delivery import Delivery

POLL = 0.5  # seconds, as all times here
SAMPLE = 10.0  # between two looks at the machine's load
LINGER = 20.0  # after the last stage: the next one may follow, and starting a courier costs seconds of processor time
GIVE_UP = 30.0  # after the last stage, when the store cannot be reached
LONGEST_RETRY = 15.0
KEEP = 7 * 24 * 3600.0  # for a delivered session's events
BATCH = 100  # metrics events in one call


class Session:
    """One session's spool as the courier sees it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.state = folder, spool.read_state(folder)
        self.read_to = 0
        self.pending: deque[tuple[dict[str, Any], int]] = deque()
        self.start: dict[str, Any] = {}  # its first event
        self.stages: set[spool.Origin] = set()
        self.owners: dict[spool.Origin, Path] = {}
        self.retry_at, self.delay = 0.0, 1.0
        self.delivery: Delivery | None = None

    def read(self) -> None:
        """Take in what was appended since the last time."""
        for event, end in spool.read_events(self.folder, self.read_to):
            self.read_to = end
            self._note(event)
            if end > self.state["offset"]:
                self.pending.append((event, end))

    def _note(self, event: dict[str, Any]) -> None:
        if event["kind"] == "start":
            self.start = self.start or event
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
        row: list[tuple[dict[str, Any], int]] = []
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


class Load:
    """The machine's load, by the names under which MLflow's own monitor would log it."""

    def __init__(self) -> None:
        from mlflow.system_metrics.metrics.base_metrics_monitor import BaseMetricsMonitor
        from mlflow.system_metrics.metrics.cpu_monitor import CPUMonitor
        from mlflow.system_metrics.metrics.disk_monitor import DiskMonitor
        from mlflow.system_metrics.metrics.gpu_monitor import GPUMonitor
        from mlflow.system_metrics.metrics.network_monitor import NetworkMonitor

        self.monitors: list[BaseMetricsMonitor] = [CPUMonitor(), DiskMonitor(), NetworkMonitor()]
        try:
            self.monitors.append(GPUMonitor())
        except (ImportError, RuntimeError):  # no NVIDIA GPU, or its library is not installed
            return

    def sample(self) -> dict[str, float]:
        """Return name -> number."""
        values: dict[str, float] = {}
        for monitor in self.monitors:
            monitor.collect_metrics()
            values |= {f"system/{name}": float(value) for name, value in monitor.aggregate_metrics().items()}
            monitor.clear_metrics()
        return values


class Courier:
    """Delivers all sessions of one project."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.sessions: dict[Path, Session] = {}
        self.load: Load | None = None
        self.sample_at = 0.0

    def run(self, linger: float, give_up: float) -> bool:
        """Deliver until no stage lives and all is delivered (True) or the store stays out of reach (False)."""
        active = time.monotonic()
        while True:
            self.look()
            delivered = [self.deliver(session) for session in self.sessions.values()]
            if any(delivered) or any(session.alive for session in self.sessions.values()):
                active = time.monotonic()
            left = any(session.pending for session in self.sessions.values())
            if time.monotonic() - active >= (give_up if left else linger):
                return not left
            time.sleep(POLL)

    def look(self) -> None:
        """Take in what has happened in every session, and the machine's load while a stage runs."""
        for folder in spool.runs(self.root).glob("*"):
            if folder not in self.sessions:
                self.sessions[folder] = Session(folder)
        for session in self.sessions.values():
            session.read()
            session.notice_deaths()
        busy = [session for session in self.sessions.values() if session.stages]
        if busy and time.monotonic() >= self.sample_at:
            self._sample(busy)

    def _sample(self, busy: list[Session]) -> None:
        """Spool the load like a stage's metrics, so that an outage leaves no gap in it."""
        self.load = self.load or Load()
        values = self.load.sample()
        for session in busy:
            writer = spool.Writer(session.folder)
            writer.append("metrics", values=values, step=int(time.time() - session.start["time"] / 1000))
            writer.close()
        self.sample_at = time.monotonic() + SAMPLE

    def deliver(self, session: Session) -> bool:
        """Deliver what a session has pending; return whether anything was."""
        if not session.pending or not session.start or time.monotonic() < session.retry_at:
            return False
        try:
            self._open(session)
            while session.pending:
                batch = session.batch()
                self._send(session, [event for event, _ in batch])
                session.advance(batch)
        except Exception as error:  # whatever the store does, the other sessions and the stages go on
            session.delivery = None
            session.postpone(f"{session.start['uri']} cannot take the run: {_first_line(error)}")
            return False
        return True

    def _open(self, session: Session) -> None:
        from stages.delivery import Delivery

        if session.delivery is None:
            delivery = Delivery(session.folder, session.start["uri"], self.root)
            delivery.open_run(session.start["name"])
            session.delivery = delivery
            known = {"run_id": delivery.run_id, "experiment_id": delivery.experiment_id, "uri": delivery.uri}
            session.state = session.state | known

    def _send(self, session: Session, events: list[dict[str, Any]]) -> None:
        from stages.delivery import is_outage

        assert session.delivery
        try:
            session.delivery.send(events)
        except Exception as error:
            if is_outage(error):
                raise
            # It will be refused each time: set aside, lest everything behind it waits for ever.
            print(f"{session.folder.name}: {events[0]['kind']} was refused: {_first_line(error)}", flush=True)

    def has_news(self) -> bool:
        """Return whether anything was spooled since the last look."""
        return any(
            folder not in self.sessions or spool.read_events(folder, self.sessions[folder].read_to)
            for folder in spool.runs(self.root).glob("*")
        )

    def tidy(self) -> None:
        """Remove the copies of delivered files, and whole sessions after a week."""
        for session in self.sessions.values():
            session.read()
            if session.alive or session.pending:
                continue
            shutil.rmtree(session.folder / "files", ignore_errors=True)
            if session.start and time.time() - session.start["time"] / 1000 > KEEP:
                shutil.rmtree(session.folder, ignore_errors=True)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:300] or type(error).__name__


def main(follow: bool) -> bool:
    """Serve the project until done; return whether everything is delivered (or another courier is at it)."""
    root = spool.project_root()
    (root / ".ganline").mkdir(exist_ok=True)
    while True:
        try:
            with FileLock(root / ".ganline/courier.lock", timeout=0):
                courier = Courier(root)
                done = courier.run(LINGER, GIVE_UP) if follow else courier.run(0, 0)
                courier.tidy()
        except Timeout:
            return True
        # A stage that spooled just before the lock was free has seen a courier at work, and started none.
        if not courier.has_news():
            return done


if __name__ == "__main__":
    FOLLOW = "--follow" in sys.argv
    if FOLLOW:
        os.nice(10)  # training comes first
    if not main(FOLLOW):
        sys.exit("not everything could be delivered to MLflow; `python -m stages.courier` tries again")
