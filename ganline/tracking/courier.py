"""Delivers what stages have spooled to MLflow, so that no stage ever waits for a server.

One courier at a time serves a project. The stages start it with --follow: it ends when nothing is left to deliver and
no stage lives, or when no stage lives and the store cannot be reached. `python -m ganline.tracking.courier` sends what
is left.
"""

import os
import shutil
import sys
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from ganline.core.addresses import Masked, masked
from ganline.core.errors import in_short
from ganline.tracking import spool

if TYPE_CHECKING:  # MLflow takes seconds to import: only when there is something for it
    from ganline.tracking.delivery import Delivery

POLL = 0.5  # seconds, as all times here
SAMPLE = 10.0  # between two looks at the machine's load
LINGER = 20.0  # after the last stage: the next one may follow, and starting a courier costs seconds of processor time
GIVE_UP = 30.0  # after the last stage, when the store cannot be reached
LONGEST_RETRY = 15.0
KEEP = 7 * 24 * 3600.0  # for a delivered session's events
BATCH = 100  # metrics events in one call
SILENCE = 24 * 3600.0  # after which a process on another machine, which nobody here can see, counts as dead


class Session:
    """One session's spool as the courier sees it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.state = folder, spool.read_state(folder)
        if doubt := self.state.pop("doubt", None):
            print(f"{folder.name}: {doubt}: all of it is delivered again, which changes nothing", flush=True)
        self.read_to = 0
        self.unreadable = ""
        self.began = self.heard = 0.0  # seconds since 1970, of the first event and the last
        self.pending: deque[tuple[dict[str, Any], int]] = deque()
        self.start: dict[str, Any] = {}  # its first event
        self.stages: set[spool.Origin] = set()
        self.begun: dict[spool.Origin, str] = {}  # those that have not said more than their names
        self.owners: dict[spool.Origin, Path] = {}
        self.retry_at, self.delay = 0.0, 1.0
        self.delivery: Delivery | None = None

    def read(self) -> None:
        """Take in what was appended since the last time, and say on behalf of the dead what they could not."""
        try:
            self._read()
            self._notice_deaths()
        except OSError as error:  # the others go on
            if not self.unreadable:
                print(f"{self.folder.name} cannot be read, and is left alone: {error}", flush=True)
            self.unreadable = str(error)

    def _read(self) -> None:
        for event, end in spool.read_events(self.folder, self.read_to):
            self.read_to = end
            self._note(event)
            if end > self.state["offset"]:
                self.pending.append((event, end))

    def _note(self, event: dict[str, Any]) -> None:
        self.heard = max(self.heard, event["time"] / 1000)
        self.began = self.began or self.heard
        if event["kind"] == "begun":
            self.begun[spool.Origin(*event["process"])] = event["stage"]
            self.stages.add(spool.Origin(*event["process"]))
        elif event["kind"] == "start":
            self.start = self.start or event
            self.stages.add(spool.Origin(*event["process"]))
            self.begun.pop(spool.Origin(*event["process"]), None)
            if event["owner"]:
                self.owners[spool.Origin(*event["owner"])] = Path(event["workspace"])
        elif event["kind"] == "end":
            self.stages.discard(spool.Origin(*event["process"]))
        elif event["kind"] == "closed":
            self.owners.pop(spool.Origin(*event["owner"]), None)

    @property
    def alive(self) -> bool:
        """Whether a stage, or the `dvc` command that may start the next one, still runs here."""
        return any(not process.elsewhere for process in (*self.stages, *self.owners))

    @property
    def left(self) -> bool:
        """Whether there is anything that MLflow was not told yet."""
        return bool(self.pending or self.unreadable)

    def _dead(self, process: spool.Origin) -> bool:
        unseen = process.elsewhere and time.time() - self.heard < SILENCE
        return not unseen and not process.alive()

    def _notice_deaths(self) -> None:
        """Say a killed stage's end, and dvc.lock after `dvc` has ended."""
        dead = {process for process in self.stages if self._dead(process)}
        gone = {owner for owner in self.owners if self._dead(owner)}
        if not dead and not gone:
            return
        self._read()  # they may have said it themselves in their last moment
        writer = spool.Writer(self.folder)
        for process in dead & self.stages:
            early = self.begun.pop(process, None)
            said = f"{early}: it ended before it could say why" if early else "a stage was killed"
            writer.append("end", process=process, status="FAILED" if early else "KILLED", error=said)
        for owner in gone:
            lock = self.owners[owner] / "dvc.lock"
            if lock.exists():
                writer.append("artifact", file=writer.keep(lock), folder="")
            writer.append("closed", owner=owner)
        writer.close()
        self._read()

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

    def set_aside(self, refused: Mapping[str, str]) -> None:
        """Remember what MLflow will not take, and say so here and in the run."""
        new = {what: why for what, why in refused.items() if what not in self.refused}
        if new and self.delivery:
            self.delivery.tell(self.refused | new)
            self.state = self.state | {"refused": self.refused | new}
            for what, why in new.items():
                print(f"{self.folder.name}: {what} was refused: {why}", flush=True)

    @property
    def refused(self) -> dict[str, str]:
        """What MLflow would not take -> why."""
        return spool.refused(self.state)

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
            left = any(session.left for session in self.sessions.values())
            if time.monotonic() - active >= (give_up if left else linger):
                return not left
            time.sleep(POLL)

    def look(self) -> None:
        """Take in what has happened in every session, and the machine's load while a stage runs."""
        for folder in spool.sessions(self.root):
            if folder not in self.sessions:
                self.sessions[folder] = Session(folder)
        for session in self.sessions.values():
            session.read()
        busy = [each for each in self.sessions.values() if any(not stage.elsewhere for stage in each.stages)]
        if busy and time.monotonic() >= self.sample_at:
            self._sample(busy)

    def _sample(self, busy: list[Session]) -> None:
        """Spool the load like a stage's metrics, so that an outage leaves no gap in it."""
        self.load = self.load or Load()
        values = self.load.sample()
        for session in busy:
            writer = spool.Writer(session.folder)
            writer.append("metrics", values=values, step=int(time.time() - session.began))
            writer.close()
        self.sample_at = time.monotonic() + SAMPLE

    def deliver(self, session: Session) -> bool:
        """Deliver what a session has pending; return whether anything was."""
        if not session.pending or session.unreadable or time.monotonic() < session.retry_at:
            return False
        uri = spool.address(session.start, self.root)
        try:
            delivery = self._open(session, uri)
            while session.pending:
                batch = session.batch()
                delivery.send([event for event, _ in batch])
                session.set_aside(delivery.refused)
                session.advance(batch)
        except Exception as error:  # whatever the store does, the other sessions and the stages go on
            session.delivery = None
            session.postpone(f"{masked(uri)} cannot take the run: {in_short(error)}")
            return False
        return True

    def _open(self, session: Session, uri: str) -> "Delivery":
        from ganline.tracking import store
        from ganline.tracking.delivery import Delivery

        if session.delivery is None:
            store.ready(uri, self.root)
            delivery = Delivery(session.folder, uri, self.root)
            delivery.open_run(session.start.get("name", ""))
            session.delivery = delivery
            known = {"run_id": delivery.run_id, "experiment_id": delivery.experiment_id, "uri": delivery.uri}
            session.state = session.state | known
        return session.delivery

    def has_news(self) -> bool:
        """Return whether anything was spooled since the last look."""
        known = {folder: session for folder, session in self.sessions.items() if not session.unreadable}
        return any(
            folder not in self.sessions or folder in known and spool.read_events(folder, known[folder].read_to)
            for folder in spool.sessions(self.root)
        )

    def tidy(self) -> None:
        """Remove the copies of delivered files, and whole sessions after a week; what MLflow has not stays."""
        for session in self.sessions.values():
            session.read()
            if session.alive or session.stages or session.left or session.refused:
                continue
            shutil.rmtree(session.folder / "files", ignore_errors=True)
            if time.time() - session.heard > KEEP:
                shutil.rmtree(session.folder, ignore_errors=True)


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


def report(root: Path) -> None:
    """Print what was set aside in all sessions: MLflow does not hold it."""
    for stray in sorted(set(spool.runs(root).glob("*")) - set(spool.sessions(root))):
        print(f"{stray.relative_to(root)} is no run, and is left alone")
    for folder in spool.sessions(root):
        if refused := spool.refused(spool.read_state(folder)):
            print(f"MLflow does not hold all of the run {folder.name}, which {folder.relative_to(root)} keeps:")
            print("\n".join(f"  {what}: {why}" for what, why in refused.items()))


def by_hand(root: Path) -> None:
    """Make or mend the project's store for whoever is about to look at it, deliver, and say what could not be.

    Raises:
        SystemExit: not everything could be delivered.
    """
    from ganline.tracking import store

    try:
        store.ready(spool.tracking_uri(root), root)
    except Exception as error:  # whatever the store does: locked by a program that is making it, no room, ...
        sys.exit(f"MLflow's store is not ready: {in_short(error)}")
    done = main(follow=False)
    report(root)
    if not done:
        sys.exit("not everything could be delivered to MLflow; `python -m ganline.tracking.courier` tries again")


if __name__ == "__main__":
    sys.stdout, sys.stderr = Masked(sys.stdout), Masked(sys.stderr)  # libraries too speak of addresses
    if "--follow" in sys.argv:
        os.nice(10)  # training comes first
        main(follow=True)
    else:
        by_hand(spool.project_root())
