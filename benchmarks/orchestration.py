"""Times the line under `dvc repro`, as a Prefect flow, and as a deployed run whose training a worker of pool gpu does.

Run: make bench (with the others), or python -m benchmarks.orchestration.
All stages run, with little work in each: what is left is what orchestration costs, in seconds, which does not grow with
the work. The default run's training alone, from the time of its step here, gives the largest share that this can be of
the default run. Servers and workers are started before the clock is.
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.asked import asked
from ganline.catalogue.presets import compose_params

ROUNDS = 3
DEFAULT = "dcgan-fashion-mnist-workshop"
SMALL = [
    "dataset=digits", "prepare.size=8", "extractor.epochs=1", "extractor.beside=null", "train.steps=100",
    "train.sample_every=100",
    "train.batch_size=16", "train.generator_batch_size=32", "train.sample_count=16", "evaluate.samples=200",
    "evaluate.kid_subset_size=50", "evaluate.kid_subsets=5", "latent.rows=2", "latent.columns=4", "report.images=16",
]  # fmt: skip
QUIET = {
    "DVC_NO_ANALYTICS": "true", "DO_NOT_TRACK": "1", "MLFLOW_DISABLE_TELEMETRY": "true",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
}  # fmt: skip


class Clone:
    """A clone of the project's last commit, with Prefect's server and workers beside it."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = str(probe.getsockname()[1])
        self.folder, self.api = folder, f"http://127.0.0.1:{self.port}/api"
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.environment = os.environ | QUIET | {"PATH": path, "PYTHONPATH": str(folder), "PREFECT_API_URL": self.api}
        self.environment.pop("MLFLOW_TRACKING_URI", None)
        subprocess.run(["git", "clone", "-q", str(Path.cwd()), str(folder)], check=True)
        self.python("pipelines.cli", "use", "gan-mnist", *SMALL)

    def python(self, *arguments: str) -> None:
        """Run a module in the clone."""
        command = [sys.executable, "-m", *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            sys.exit(done.stdout + done.stderr)

    def deployed(self) -> None:
        """Have a deployed run of it done, by workers."""
        found = self._ask("/deployments/name/train/train")
        parameters = {"experiment": "gan-mnist", "overrides": SMALL, "force": True}
        run = self._ask(f"/deployments/{found['id']}/create_flow_run", {"parameters": parameters})["id"]
        while (state := self._ask(f"/flow_runs/{run}")["state"])["type"] in ("SCHEDULED", "PENDING", "RUNNING"):
            time.sleep(0.2)
        if state["type"] != "COMPLETED":
            sys.exit(f"the deployed run ended as {state['name']}: {state['message']}")

    def _ask(self, path: str, content: object = None) -> dict:
        data = None if content is None else json.dumps(content).encode()
        request = urllib.request.Request(self.api + path, data, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return dict(json.load(answer))


def seconds(work: Callable[[], None]) -> float:
    """Return how long it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    """Print the table."""
    from benchmarks.watching import costs

    console = Console()
    with tempfile.TemporaryDirectory() as folder, console.status("getting ready"):
        clone = Clone(Path(folder, "clone"))
        clone.python("pipelines.serve", "up", "--port", clone.port)
        try:
            ways: dict[str, Callable[[], None]] = {
                "dvc repro": lambda: clone.python("dvc", "repro", "--force"),
                "python -m pipelines.run": lambda: clone.python("pipelines.run", "--force"),
                "deployed, training by another worker": clone.deployed,
            }
            taken: dict[str, list[float]] = {name: [] for name in ways}
            for way in ways.values():
                way()  # once before the clock runs: byte-code, data, pages of files
            for _ in range(ROUNDS):  # in turns: what else the machine does hits all alike
                for name, way in ways.items():
                    taken[name].append(seconds(way))
        finally:
            clone.python("pipelines.serve", "down")
    step, *_ = costs(DEFAULT)
    training = step * compose_params(DEFAULT).train.steps
    plain = statistics.median(taken["dvc repro"])
    table = Table(
        "way", "median, s", "range, s", "added, s", f"of the default run's training ({training:.0f} s)", box=None
    )
    for name, times in taken.items():
        median = statistics.median(times)
        added = median - plain
        spread = f"{min(times):.0f} to {max(times):.0f}"
        table.add_row(name, f"{median:.1f}", spread, f"{added:.1f}", f"{added / training:.1%}")
    console.print(table)


if __name__ == "__main__":
    asked("benchmarks.orchestration", __doc__)
    main()
