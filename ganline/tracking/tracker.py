"""What a stage tells about its run.

Stages never talk to MLflow: they append to a spool (ganline/tracking/spool.py), and a courier in a process of its own
(ganline/tracking/courier.py) delivers it. So a server that is slow, down or dying costs a stage nothing, and nothing
is lost.
"""

import csv
import getpass
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import wraps
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any

from filelock import FileLock, Timeout

from ganline.core.abilities import lacking
from ganline.core.addresses import masked
from ganline.core.errors import UserError
from ganline.core.git import git
from ganline.datasets import inputs, prepared
from ganline.models.facts import latents_of, model_facts
from ganline.settings import paths
from ganline.settings.schema import Params
from ganline.tracking import mlflow_view, spool

MISTAKE = "GANLINE_MISTAKE"
FLOW_RUN = "GANLINE_FLOW_RUN"
GROUP = "GANLINE_GROUP"
"""Runs that belong together, such as those of a sweep: all have this as a tag."""
WAIT = 20.0  # seconds that the last stage waits for the courier, so that it can say how the delivery went
CODE = Path(prepared.__file__).parents[1]  # the ganline package
MODEL_PACKAGES = ("mlflow", "tensorflow", "tensorflow-addons", "numpy", "pydantic", "rich")
"""What a logged model imports; a translator's also takes pictures of other channels, by OpenCV."""


def report_mistake(stage: str, error: UserError) -> None:
    """Tell the run, and the flow (pipelines/run.py), that the user must mend something: retrying is no use."""
    spool.tell_here("end", process=spool.Origin.of_this_process(), status="FAILED", error=f"{stage}: {error}")
    if path := os.environ.get(MISTAKE):
        Path(path).write_text(masked(f"{stage}: {error}"))


def record_lock(session: str) -> None:
    """Record dvc.lock as it is at the end of a session, whose workspace may be gone before the courier looks.

    A session that no stage has recorded anything in, because DVC restored all of them, stays without a run in MLflow.
    """
    root = spool.project_root()
    folder, lock = spool.named(root, session), Path("dvc.lock")
    if folder.exists() and lock.exists():
        writer = spool.Writer(folder)
        writer.append("artifact", file=writer.keep(lock), folder="")
        writer.close()
        _ensure_courier(root)


def _never_raises(method: Callable[..., None]) -> Callable[..., None]:
    """Turn a full disk or an unreadable file into one warning: no training is lost over its log."""

    @wraps(method)
    def guarded(self: "Tracker", *args: Any, **kwargs: Any) -> None:
        try:
            method(self, *args, **kwargs)
        except OSError as error:
            if not self._warned:
                print(f"{self.stage}: not everything is recorded for MLflow: {error}", file=sys.stderr)
            self._warned = True

    return guarded


class Tracker:
    """Collects what happens in one stage. Every call returns at once; none raises because a server is down.

    What the session (the pipeline run) has recorded is not recorded twice, so a retried stage may repeat itself.
    """

    def __init__(self, stage: str, params: Params) -> None:
        self.stage, self.params = stage, params
        self._root = spool.project_root()
        self._folder = spool.session_folder(self._root)
        self._process = spool.Origin.of_this_process()
        self._writer: spool.Writer | None = None
        self._points: dict[tuple[str, int], float] = {}
        self._recorded: set[str] = set()
        self._kinds: set[str] = set()
        self._completed = self._warned = False

    def __enter__(self) -> "Tracker":
        self._begin()
        return self

    @_never_raises
    def _begin(self) -> None:
        events = [event for event, _ in spool.read_events(self._folder)]
        for event in events:
            self._remember(event)
        self._writer = spool.Writer(self._folder)
        first = "start" not in self._kinds
        self._append(
            "start", stage=self.stage, process=self._process, owner=spool.dvc_process(), workspace=str(Path.cwd()),
            uri=os.environ.get(spool.TRACKING, ""), name=self._name(first),
            params=mlflow_view.flat(self.params.model_dump()), tags=_tags(self.params) | (_git_tags() if first else {}),
        )  # fmt: skip
        _ensure_courier(self._root)
        if first:
            self._keep_diff()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if isinstance(error, SystemExit) and not error.code:
            error = None
        self.end(error)
        if self._completed and error is None and self._writer:
            print(_await_delivery(self._folder), flush=True)

    @_never_raises
    def end(self, error: BaseException | None) -> None:
        """Record how the stage ended; what is said last counts."""
        status = "FINISHED" if error is None else "FAILED" if isinstance(error, Exception) else "KILLED"
        message = "" if error is None else f"{self.stage}: {error or type(error).__name__}"
        self._append("end", process=self._process, status=status, error=message)
        _ensure_courier(self._root)

    @_never_raises
    def metrics(self, values: Mapping[str, float], step: int = 0) -> None:
        """Record numbers at a training step."""
        new = {name: float(value) for name, value in values.items() if self._points.get((name, step)) != value}
        if new:
            self._append("metrics", values=new, step=step)

    @_never_raises
    def image(self, path: Path, key: str, step: int) -> None:
        """Record a PNG under `key`, shown with MLflow's step slider."""
        self._append("image", file=self._keep(path), key=key, step=step)

    @_never_raises
    def artifact(self, path: Path, folder: str = "") -> None:
        """Record a file under `folder`, or all that is in a folder."""
        if not path.is_dir():
            self._append("artifact", file=self._keep(path), folder=folder)
            return
        for inner in spool.contents(path):
            below = Path(folder, inner.relative_to(path).parent)
            self._append("artifact", file=self._keep(inner), folder="" if below == Path() else below.as_posix())

    @_never_raises
    def tags(self, values: Mapping[str, str]) -> None:
        """Set tags of the run."""
        self._append("tags", values=dict(values))

    @_never_raises
    def dataset(self, name: str, digest: str, counts: Mapping[str, int]) -> None:
        """Record which data the run used."""
        self._append("dataset", name=name, digest=digest[:36], counts=dict(counts))  # MLflow takes 36 characters

    @_never_raises
    def data(self) -> None:
        """Record which data the run used where no stage of this session has: only numbers of the same data compare."""
        if "dataset" not in self._kinds:
            facts = prepared.read_facts(paths.prepared(self.params))
            self.dataset(facts["dataset"], prepared.digest(paths.prepared(self.params)), facts["counts"])

    @_never_raises
    def model(self, path: Path) -> None:
        """Record the trained generator (a models/gan folder) as a model that can be loaded and sampled from."""
        prepare, shape = self.params.prepare, inputs.shape(self.params)
        given = {"input_shape": list(shape)} if shape else {"latent_dim": latents_of(self.params.train)[0]}
        has = model_facts()[self.params.train.model]["abilities"]
        packages = (*MODEL_PACKAGES, "opencv-python") if shape else MODEL_PACKAGES
        self._append(
            "model", file=self._keep(path), code=self._keep(CODE), **given,
            way_back=not lacking(("way back",), has), style=not lacking(("style",), has),
            image_shape=[prepare.size, prepare.size, prepare.channels],
            requirements=[f"{package}=={version(package)}" for package in packages],
        )  # fmt: skip

    @_never_raises
    def complete(self) -> None:
        """Record from the files what no stage of this session has: DVC may have restored any of them from its cache.

        The last stage calls this when all files are written. It ends by saying where to look.
        """
        self._completed = True
        self.data()
        diagnosis = json.loads((paths.TRAIN / "diagnosis.json").read_text())
        self.tags(told_by(diagnosis))
        self.model(paths.GAN)
        for values, step in _curves(paths.TRAIN / "history.csv"):
            self._fill(values, step)
        grids = sorted((paths.TRAIN / "samples").glob("step-*.png"))
        for path in grids:
            self._restored_image(path, "samples", int(path.stem.removeprefix("step-")))
        for path in grids[-1:]:
            self._restored_image(path, mlflow_view.FINAL, 0)
        self._fill(_numbers(paths.EVALUATE / "metrics.json"), 0)
        self._fill(_numbers(paths.STUDY / "metrics.json"), 0)
        for path in (Path("params.yaml"), Path("dvc.lock"), paths.REPORT):
            if path.exists():
                self.artifact(path)
        for path in (paths.TRAIN / "history.csv", paths.TRAIN / "diagnosis.json"):
            self.artifact(path, "train")
        for path in (paths.EVALUATE / "metrics.json", paths.EVALUATE / "protocol.json"):
            self.artifact(path, "evaluate")
        self.artifact(paths.STUDY, "study")

    def _fill(self, values: Mapping[str, float], step: int) -> None:
        """Record the numbers that have no value yet at this step; a value's text in a file may be rounded."""
        new = {name: float(value) for name, value in values.items() if (name, step) not in self._points}
        if new:
            self._append("metrics", values=new, step=step, restored=True)

    def _restored_image(self, path: Path, key: str, step: int) -> None:
        self._append("image", file=self._keep(path), key=key, step=step, restored=True)

    def _name(self, first: bool) -> str:
        """Return what the run is called; composing the preset it is named after takes a second, once a session."""
        return os.environ.get("DVC_EXP_NAME") or (mlflow_view.run_name(self.params) if first else "")

    def _keep_diff(self) -> None:
        if diff := _git("diff", "HEAD"):
            path = self._folder / "uncommitted.diff"
            path.write_text(masked(diff) + "\n")
            self.artifact(path, "git")

    def _keep(self, path: Path) -> str:
        return self._writer.keep(path) if self._writer else ""

    def _append(self, kind: str, **content: Any) -> None:
        event = {"kind": kind, **content}
        repeated = kind not in ("start", "end", "metrics") and _identity(event) in self._recorded
        if self._writer and not repeated:
            self._writer.append(**event)
            self._remember(event)

    def _remember(self, event: dict[str, Any]) -> None:
        self._kinds.add(event["kind"])
        if event["kind"] == "metrics":
            self._points |= {(name, event["step"]): value for name, value in event["values"].items()}
        else:
            self._recorded.add(_identity(event))


class Silent(Tracker):
    """What a machine tells that helps the chief's training along: nothing, for one run is one MLflow run."""

    def _begin(self) -> None:
        pass

    def end(self, error: BaseException | None) -> None:
        """End what stages/__init__.py has told, and say nothing else."""
        spool.tell_here("end", process=self._process, status="FINISHED", error="")


def told_by(diagnosis: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags that say what diagnosis.json says of the training as a whole."""
    replicas = str(diagnosis.get("replicas", 1))
    told = {"verdict": diagnosis["verdict"], "verdict_kind": diagnosis["kind"], "replicas": replicas}
    if "training_precision" in diagnosis:  # early runs do not say
        told["training_precision"] = diagnosis["training_precision"]
    return told | ({"judge": "; ".join(doubts)} if (doubts := diagnosis.get("doubts")) else {})


def _identity(event: Mapping[str, Any]) -> str:
    return json.dumps(
        {name: value for name, value in event.items() if name not in ("time", "restored")}, sort_keys=True
    )


def _tags(params: Params) -> dict[str, str]:
    tags = {"experiment": params.experiment}
    for tag, variable in (("dvc.experiment", "DVC_EXP_NAME"), ("prefect.flow_run_id", FLOW_RUN), ("group", GROUP)):
        if value := os.environ.get(variable):
            tags[tag] = value
    return tags


def _git_tags() -> dict[str, str]:
    tags = {"mlflow.source.type": "LOCAL", "mlflow.source.name": "dvc.yaml"}
    with suppress(KeyError, OSError):  # in a container the user may have no name
        tags["mlflow.user"] = getpass.getuser()
    if commit := _git("rev-parse", "HEAD"):
        tags |= {
            "mlflow.source.git.commit": commit,
            "mlflow.source.git.branch": _git("rev-parse", "--abbrev-ref", "HEAD"),
            "git.dirty": str(bool(_git("status", "--porcelain", "--untracked-files=no"))).lower(),
        }
    return tags


def _git(*arguments: str) -> str:
    """Return what git says, or nothing where there is no git or no repository."""
    try:
        done = git(*arguments)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _curves(path: Path) -> Iterator[tuple[dict[str, float], int]]:
    """Yield (name -> finite number, step) for each row of a CSV file that has a column `step` and empty cells."""
    with path.open(newline="") as source:
        for row in csv.DictReader(source):
            step = int(row.pop("step"))
            numbers = {name: float(text) for name, text in row.items() if text}
            yield {name: value for name, value in numbers.items() if math.isfinite(value)}, step


def _numbers(path: Path) -> dict[str, int | float]:
    """Return the numbers of a JSON file under dotted names; lists and texts are left out."""

    def leaves(value: Any, name: str) -> Iterator[tuple[str, int | float]]:
        if isinstance(value, dict):
            for key, inner in value.items():
                yield from leaves(inner, f"{name}.{key}" if name else key)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield name, value

    return dict(leaves(json.loads(path.read_text()), ""))


def _ensure_courier(root: Path) -> None:
    """Start a courier for the project unless one is at work (a courier holds the lock as long as it lives)."""
    try:
        with FileLock(root / ".ganline/courier.lock", timeout=0):
            pass
    except Timeout:
        return
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DVC_")}
    environment["PYTHONPATH"] = os.pathsep.join([str(CODE.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    log_path = root / ".ganline/courier.log"
    log_path.touch(mode=0o600)
    log_path.chmod(0o600)
    with log_path.open("ab") as log:
        # A session of its own: Ctrl-C and whoever stops the stage's process group do not reach it.
        subprocess.Popen(
            [sys.executable, "-m", "ganline.tracking.courier", "--follow"], cwd=root, env=environment,
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip


def _await_delivery(folder: Path) -> str:
    """Wait until all that was recorded so far is delivered, or cannot be; return one line that says which."""
    end, deadline = (folder / "events.jsonl").stat().st_size, time.monotonic() + WAIT
    state = spool.read_state(folder)
    while state["offset"] < end and not state.get("problem") and time.monotonic() < deadline:
        time.sleep(0.1)
        state = spool.read_state(folder)
    if state["offset"] >= end:
        address = spool.run_address(state)
        lacks = [f"{what} ({why})" for what, why in spool.refused(state).items()]
        but = f", but for what it refused: {'; '.join(lacks)}" if lacks else ""
        return f"MLflow holds this run{but}: {address if address.startswith('http') else 'make ui'}"
    reason = state.get("problem") or "it takes its time"
    how = "the next run, or `python -m ganline.tracking.courier`, goes on"
    return f"MLflow does not hold all of this run yet ({reason}); {how}"
