"""A small production for the drills: an origin, clones, a DVC remote, servers and workers. All of it is real."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest
import waiting
import working_tree
import yaml

SMALL = [
    "dataset=digits", "extractor.beside=null", "prepare.size=8", "extractor.epochs=1",
    "train.steps=1500", "train.steps_per_call=5",
    "train.batch_size=16", "train.generator_batch_size=32", "train.log_every=50", "train.sample_every=500",
    "train.checkpoint_every=50", "train.sample_count=16", "diagnosis.every=500", "evaluate.samples=200",
    "evaluate.kid_subset_size=50", "evaluate.kid_subsets=5", "latent.rows=2", "latent.columns=4", "report.images=16",
]  # fmt: skip
"""A run of all stages in little time, whose training takes long enough to be killed in the middle."""
PATIENCE = 900.0  # seconds that anything may take on a busy machine
QUIET = {
    "DVC_NO_ANALYTICS": "true", "DO_NOT_TRACK": "1", "MLFLOW_DISABLE_TELEMETRY": "true", "TF_CPP_MIN_LOG_LEVEL": "3",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "CUDA_VISIBLE_DEVICES": "", "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "OMP_NUM_THREADS": "1",
}  # fmt: skip
T = TypeVar("T")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A house with an MLflow server; ended, with all that a test started in it, when the module is through."""
    house = House(tmp_path_factory.mktemp("house"))
    try:
        house.serve_mlflow()
        yield house
    finally:
        house.close()


class House:
    """Everything below one folder; `close` ends what was started."""

    SMALL = SMALL

    def __init__(self, folder: Path) -> None:
        self.folder, self.processes = folder, {}
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        self.environment |= QUIET | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_WORKER_QUERY_SECONDS": "2",
            "PREFECT_SERVER_DATABASE_TIMEOUT": "60",
            "PREFECT_SERVER_DATABASE_CONNECTION_TIMEOUT": "60",
            "PREFECT_WORKER_ENABLE_CANCELLATION": "true",
            "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
            "PREFECT_CLIENT_MAX_RETRIES": "8",
        }
        for who in ("AUTHOR", "COMMITTER"):
            self.environment |= {f"GIT_{who}_NAME": "drill", f"GIT_{who}_EMAIL": "drill@localhost"}
        self._make_origin()

    def _make_origin(self) -> None:
        origin = self.folder / "origin"
        working_tree.copy(origin)
        suite = [
            {"experiment": "gan-mnist", "overrides": [*SMALL, f"seed={seed}", f"train.steps={steps}"]}
            for seed, steps in ((1, 1500), (2, 1000))
        ]
        (origin / "conf/suites/nightly.yaml").write_text(yaml.safe_dump(suite))
        for command in (["git", "init", "-q"], ["git", "add", "-A"], ["git", "commit", "-qm", "copy"]):
            self.run(origin, *command)

    def clone(self, name: str, remote: bool = True) -> Path:
        """Make a clone, with the shared DVC remote in what only that machine has set."""
        clone = self.folder / name
        self.run(self.folder, "git", "clone", "-q", str(self.folder / "origin"), name)
        if remote:
            self.python(clone, "dvc", "remote", "add", "-q", "--local", "--default", "shared", str(self.remote))
        return clone

    @property
    def remote(self) -> Path:
        return self.folder / "remote"

    def run(self, folder: Path, *command: str, ok: bool | None = True, **environment: str) -> str:
        """Run a command in a clone, whose code it runs; return its output."""
        everything = self.environment | {"PYTHONPATH": str(folder)} | environment
        done = subprocess.run(
            command, cwd=folder, env=everything, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert ok is None or (done.returncode == 0) == ok, done.stdout
        return done.stdout

    def python(self, folder: Path, *arguments: str, ok: bool | None = True, **environment: str) -> str:
        return self.run(folder, sys.executable, "-m", *arguments, ok=ok, **environment)

    def start(self, name: str, folder: Path, *arguments: str, **environment: str) -> psutil.Process:
        """Start a module in the background; its output goes to NAME.log."""
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *arguments], cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=self.environment | {"PYTHONPATH": str(folder)} | environment, start_new_session=True,
            )  # fmt: skip
        self.processes[name] = psutil.Process(process.pid)
        return self.processes[name]

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def free_port(self) -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    def weights(self, lock: str) -> str:
        """Return the DVC hash of models/gan in the content of a dvc.lock."""
        outs = yaml.safe_load(lock)["stages"]["train"]["outs"]
        return next(str(out["md5"]) for out in outs if out["path"] == "models/gan")

    def plain(self, clone: Path, overrides: Sequence[str], *stages: str) -> str:
        """Run `dvc repro` as a user would, in a clone; return its dvc.lock."""
        self.python(clone, "pipelines.cli", "use", "gan-mnist", *overrides)
        self.python(clone, "dvc", "repro", *stages, MLFLOW_TRACKING_URI=f"sqlite:///{clone}/mlflow.db")
        return (clone / "dvc.lock").read_text()

    def serve_mlflow(self, port: int | None = None) -> None:
        """Start MLflow's server (again) on its database."""
        self.mlflow_port = port or self.free_port()
        self.environment["MLFLOW_TRACKING_URI"] = f"http://127.0.0.1:{self.mlflow_port}"
        self.start(
            "mlflow", self.folder, "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.mlflow_port),
            "--workers", "1",
            "--backend-store-uri", f"sqlite:///{self.folder}/mlflow.db",
            "--artifacts-destination", str(self.folder / "mlartifacts"),
        )  # fmt: skip
        self.wait_until(lambda: waiting.answers(f"http://127.0.0.1:{self.mlflow_port}/health"), "MLflow's server")

    def serve_prefect(self, clone: Path) -> None:
        """Start Prefect's server on a new database, and tell it of a clone's deployments."""
        port = self.free_port()
        self.api = f"http://127.0.0.1:{port}/api"
        self.environment["PREFECT_API_URL"] = self.api
        self.start("prefect", clone, "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port))
        self.wait_until(lambda: waiting.answers(f"{self.api}/health"), "Prefect's server")
        self.python(clone, "pipelines.serve", "setup")

    def work(self, pool: str, clone: Path, **environment: str) -> None:
        """Start a worker of a pool in a clone."""
        self.start(f"{pool}-worker", clone, "prefect", "worker", "start", "--pool", pool, "--name", pool, **environment)

    def wait_until(self, condition: Callable[[], T], what: str, seconds: float = PATIENCE) -> T:
        """Return what the condition returns, once that is true."""
        return waiting.until(condition, what, seconds)

    def ended(self, process: psutil.Process) -> None:
        """Wait for the end of a process that `start` has started."""
        self.wait_until(
            lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE, "the process's end"
        )

    def submit(self, deployment: str, parameters: dict[str, Any], **more: Any) -> str:
        """Ask a deployment for a flow run; return its id."""
        found = self.ask("GET", f"/deployments/name/{deployment}")
        wanted = {"parameters": parameters} | more
        return str(self.ask("POST", f"/deployments/{found['id']}/create_flow_run", wanted)["id"])

    def state(self, run: str) -> dict[str, Any]:
        return dict(self.ask("GET", f"/flow_runs/{run}")["state"])

    def finish(self, run: str, seconds: float = PATIENCE) -> dict[str, Any]:
        """Wait for a flow run's end; return its state."""
        final = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
        self.wait_until(lambda: self.state(run)["type"] in final, f"flow run {run}", seconds)
        return self.state(run)

    def cancel(self, run: str) -> None:
        self.ask("POST", f"/flow_runs/{run}/set_state", {"state": {"type": "CANCELLING", "name": "Cancelling"}})

    def flow_runs(self, flow: str) -> list[dict[str, Any]]:
        return list(self.ask("POST", "/flow_runs/filter", {"flows": {"name": {"any_": [flow]}}}))

    def ask(self, method: str, path: str, content: Any = None) -> Any:
        request = urllib.request.Request(self.api + path, method=method, headers={"content-type": "application/json"})
        request.data = None if content is None else json.dumps(content).encode()
        waits = [2, 4, 8]  # as Prefect's clients do where its database is busy
        while True:
            try:
                with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                    return json.loads(answer.read() or "null")
            except urllib.error.HTTPError as error:
                if error.code != 503 or not waits:
                    raise
                time.sleep(waits.pop(0))

    def locks(self, wanted: dict[str, str]) -> list[str]:
        """Return the dvc.lock of each finished run in MLflow that has these tags or parameters."""
        from mlflow import MlflowClient

        self.wait_until(self._delivered, "the couriers' work")
        client = MlflowClient(self.environment["MLFLOW_TRACKING_URI"])
        found = []
        for run in client.search_runs([client.get_experiment_by_name("ganline").experiment_id]):
            known = run.data.params | run.data.tags
            if run.info.status == "FINISHED" and wanted.items() <= known.items():
                path = client.download_artifacts(run.info.run_id, "dvc.lock", tempfile.mkdtemp(dir=self.folder))
                found.append(Path(path).read_text())
        return found

    def _delivered(self) -> bool:
        """Whether the couriers of all workers' clones have delivered all there is."""
        for folder in (path for pool in ("cpu", "gpu") for path in self.folder.glob(f"{pool}/.ganline/runs/*")):
            state, events = folder / "state.json", folder / "events.jsonl"
            if not state.exists() or json.loads(state.read_text())["offset"] < events.stat().st_size:
                return False
        return True

    def workspaces(self, clone: str) -> list[Path]:
        return list((self.folder / clone / ".ganline/workspaces").glob("*"))

    def training(self, folder: Path) -> psutil.Process:
        """Wait for a training below `folder` that has saved; return its process."""

        def found() -> psutil.Process | None:
            for process in psutil.process_iter():
                try:
                    if "stages.train" in process.cmdline()[-1:] and Path(process.cwd()).is_relative_to(folder):
                        return process if list(Path(process.cwd()).glob(".ganline/checkpoints/*/step-*.npz")) else None
                except psutil.Error:
                    continue
            return None

        return self.wait_until(found, f"a training in {folder.name} that has saved")

    def kill(self, name: str) -> None:
        """SIGKILL a process and all below it, as when its machine loses power."""
        process = self.processes.pop(name)
        for each in [process, *process.children(recursive=True)]:
            try:
                each.kill()
            except psutil.NoSuchProcess:
                continue
        process.wait()

    def close(self) -> None:
        for name, process in reversed(self.processes.items()):
            try:
                family = [process, *process.children(recursive=True)]
                process.send_signal(signal.SIGKILL if name == "prefect" else signal.SIGTERM)
            except psutil.NoSuchProcess:
                continue
            _, left = psutil.wait_procs(family, 20)
            for each in left:
                each.kill()
        for process in psutil.process_iter():  # couriers, which outlive the stages that started them
            try:
                if "ganline.tracking.courier" in process.cmdline() and Path(process.cwd()).is_relative_to(self.folder):
                    process.kill()
            except psutil.Error:
                continue
