"""Makes rows of docs/results under a budget of training, as many at a time as there are cores, each on one thread.

Each row has a workspace of its own below .ganline (pipelines.workspace), a clone at the commit that is checked out. A
row that is stopped goes on from its checkpoint; of one that is done the numbers stay, its workspace goes.
"""

import hashlib
import json
import multiprocessing
import os
import re
import shlex
import shutil
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import chdir
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock

from benchmarks import printed, recorded, seeds
from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.core.files import write_json
from ganline.core.git import git
from ganline.core.random import purpose_number
from ganline.line.code import code
from ganline.settings.recipes import Train, Translation
from ganline.settings.schema import Params
from ganline.tracking import spool
from pipelines import process, workspace
from pipelines.choosing import choose

FOLDER = Path(".ganline/results")
"""Below the checkout: how far each row is, and what its commands said."""
BUDGET_CORES = 2
"""Minutes are of so many cores, whatever the machine has."""
SPEED_UP = 1.6
"""What a second thread makes of a training's speed, measured once of a translator. A row, on one thread, takes the
steps that the minutes allow on two cores, and so many times as long.
"""
ONE_THREAD = dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"), "1")
CURVE = 8
"""Steps of the curve, the last one the end."""
CLASSES = "evaluate.metrics=[default,class_histogram]"
"""The rows show how many classes are seen, and how evenly."""
PRETRAINED = "efficientnet_lite0"
IN_PHASES = ("phases", "pretraining_steps", "initialization_steps")
"""Settings of trainings whose first steps do not cost what later ones do."""
TRAINING = ("download", "prepare", "extractor", "train")
"""Stages that decide what is trained."""
DECIDING = ("ganline", "stages", "conf", "dvc.yaml", "benchmarks")
TOOK = re.compile(r"it took ([\d.,]+) minutes, ([\d.,]+) core-minutes")
"""What a training says at its end, of all its parts."""
SAID_EVERY = 60.0
"""Seconds between two lines of one row's progress."""


class Row(NamedTuple):
    """What is asked for."""

    experiment: str
    overrides: tuple[str, ...]
    """What differs from the preset, train.steps too where a person fixed it, or with a budget the most of them."""
    minutes: float | None
    """Budget, of BUDGET_CORES; None where the steps are fixed."""
    number: int = 1
    """Which seed's."""
    folder: Path = Path()
    """Below docs/results; the empty path is that of rows of the page itself, which have a picture."""
    curve: str = ""
    """What each step that was kept is told of: a function of benchmarks.inside; "" where nothing is."""

    @property
    def file(self) -> Path:
        """Where its numbers are kept, below docs/results."""
        end = "" if self.own else f"-{self.number}"
        return self.folder / f"{self.experiment}{end}.json"

    @property
    def name(self) -> str:
        """What it is called: its experiment, and of no row of the page also the folder and the seed's number."""
        return "-".join(self.file.with_suffix("").parts)

    @property
    def own(self) -> bool:
        """Whether it is a row of the page itself."""
        return self.folder == Path()

    def params(self, more: Sequence[str] = ()) -> Params:
        """Return the parameters, the preset's steps where none are fixed."""
        return compose_params(self.experiment, [*self.overrides, *more])


def row(experiment: str, overrides: Sequence[str], minutes: float, number: int = 1, folder: Path = Path()) -> Row:
    """Return a row with a seed of its own, both judges and the class numbers; of every step where a log is printed.

    The seed is made of the name, and of the number of a further one, so that nobody chose it by what it gives, and rows
    do not share one's luck.

    Raises:
        UserError: the parameters do not go together, or no budget can be kept because steps cost more and more.
    """
    every = printed.EVERY_STEP if experiment in printed.RUNS else []
    purpose = f"results/{experiment}" if number == 1 else f"results/{experiment}/{number}"
    values = of_named_precision([*overrides, *every, CLASSES, f"seed={purpose_number(purpose)}"])
    params = compose_params(experiment, values)
    if PRETRAINED not in params.extractor.kinds:
        values.append(f"extractor.beside={PRETRAINED}")
    fixed = any(value.startswith("train.steps=") for value in overrides)
    if not fixed and (found := [key for key in IN_PHASES if getattr(params.train, key, 0)]):
        raise UserError(f"{experiment}: its steps differ in cost (train.{found[0]}): fix train.steps in RUNS")
    budget, curve = None if fixed else minutes, "quality" if folder == Path() else ""
    return Row(experiment, tuple(values), budget, number, folder, curve)


def of_named_precision(overrides: Sequence[str]) -> list[str]:
    """Return overrides, and float32 where they name no precision: what auto comes to is the machine's affair."""
    named = any(value.startswith("compute.precision=") for value in overrides)
    return [*overrides, *([] if named else ["compute.precision=float32"])]


def affordable(full: int, rate: float, minutes: float) -> int:
    """Return the steps that a budget allows, `full` at most, rounded down to two digits where they are fewer.

    Args:
        full: the most that there are to be.
        rate: steps a second of one core.
        minutes: the budget, of BUDGET_CORES cores.

    Raises:
        UserError: they are too few for a curve.
    """
    steps = int(60 * SPEED_UP * minutes * rate)
    if min(steps, full) < CURVE:
        raise UserError(f"{minutes:g} minutes allow {steps} steps, fewer than the {CURVE} of a curve: give more")
    unit = 10 ** max(0, len(str(steps)) - 2)
    return min(full, steps // unit * unit)


def shortened(preset: Train, steps: int, given: Sequence[str]) -> list[str]:
    """Return what a run of so many steps takes that is not `given`: a shortened one logs, draws and saves as often."""
    values = [f"train.steps={steps}", f"train.keep={CURVE}"]
    if steps < preset.steps:
        often = {"sample": steps, "log": preset.log_every, "checkpoint": preset.checkpoint_every}
        values += [f"train.{what}_every={max(1, min(every, steps // CURVE))}" for what, every in often.items()]
    keys = {value.partition("=")[0] for value in given}
    return [value for value in values if value.partition("=")[0] not in keys]


def made_of(asked: Row) -> dict[str, str]:
    """Return what decides a row's numbers: digests of the code of each stage, and of the parameters; the budget."""
    params = asked.params()
    found = {stage: _digest(code(stage, params)) for stage in (*TRAINING, "evaluate")}
    budget = "fixed steps" if asked.minutes is None else f"{asked.minutes:g} minutes of {BUDGET_CORES} cores"
    return {"budget": budget, "parameters": _digest(params.model_dump(mode="json"))} | found


def due(asked: Mapping[Row, Mapping[str, str]], named: bool, results: Path) -> list[Row]:
    """Return the rows that are to be made, and say why others are not.

    Args:
        asked: rows, and what `made_of` says of each now.
        named: whether they were asked for by name: then what was made of something else is made anew.
        results: where rows are kept.
    """
    wanted = []
    for each, now in asked.items():
        path = results / each.file
        before = json.loads(path.read_text()).get("made_of") if path.exists() else None
        differs = [] if before is None else [name for name in now if before.get(name) != now[name]]
        if before is None or (named and differs):
            wanted.append(each)
        elif differs:
            print(f"{each.name}: kept, though {_older(differs)}; asked for by name it is made anew")
        else:
            print(f"{each.name}: done")
    return wanted


def _older(differs: Sequence[str]) -> str:
    stages = [name for name in differs if name not in ("budget", "parameters")]
    said = ["of another budget"] * ("budget" in differs) + ["of other parameters"] * ("parameters" in differs)
    return " and ".join(said + ([f"of older code ({', '.join(stages)})"] if stages else []))


def require_committed() -> str:
    """Return the commit that rows are made at.

    Raises:
        UserError: files that decide results differ from it.
    """
    if changed := git("status", "--porcelain", "--", *DECIDING).stdout.split("\n")[:-1]:
        raise UserError(f"rows are made at a commit: commit, or put aside, {', '.join(line[3:] for line in changed)}")
    return workspace.commit("HEAD", Path.cwd())


def make_all(wanted: Mapping[Row, Mapping[str, str]], after: Callable[[], None]) -> bool:
    """Make rows, as many at a time as there are cores; return whether all were made.

    SIGINT and SIGTERM end it: trainings save and leave, and the next call goes on.

    Args:
        wanted: rows, and what `made_of` says of each.
        after: called when one is done.

    Raises:
        UserError: see require_committed.
    """
    revision, waiting, failed = require_committed(), list(wanted), 0
    running: dict[BaseProcess, str] = {}
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        while waiting or running:
            while waiting and len(running) < len(os.sched_getaffinity(0)):
                each = waiting.pop(0)
                running[_start(each, dict(wanted[each]), revision)] = each.name
            wait([worker.sentinel for worker in running])
            for worker in [each for each in running if not each.is_alive()]:
                name, ended = running.pop(worker), "failed" if worker.exitcode else "done"
                failed += ended == "failed"
                print(f"{name}: {ended}; {len(waiting) + len(running)} more to go", flush=True)
                after()
    except KeyboardInterrupt:
        for worker in running:
            worker.terminate()
        for worker in running:
            worker.join()
        sys.exit("stopped; the same command goes on")
    return not failed


def _start(asked: Row, now: dict[str, str], revision: str) -> BaseProcess:
    worker = multiprocessing.get_context("spawn").Process(target=work, args=(asked, now, revision))
    worker.start()
    return worker


def _interrupt(*_: object) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # trainings are saving: whoever asks again must wait, too
    raise KeyboardInterrupt


def work(asked: Row, now: dict[str, str], revision: str) -> None:
    """Make one row, in a process of its own; exit with 1 where that fails."""
    process.end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's affair, which passes it on
    signal.signal(signal.SIGTERM, _interrupt)
    project = Path.cwd()
    making = Making(asked, now, project)
    try:
        with FileLock(project / FOLDER / f"{asked.name}.lock", timeout=0):
            making.make(revision)
    except KeyboardInterrupt:
        making.say("stopped")
        sys.exit(1)
    except Exception as error:
        making.say(f"{type(error).__name__}: {error} ({making.log})")
        sys.exit(1)


class Making:
    """A row under way. What must outlive a stop is in `state`: the steps once they are chosen, the training's cost."""

    def __init__(self, asked: Row, now: dict[str, str], project: Path) -> None:
        """Take up what an earlier try left, where what decides the training is the same."""
        self.asked, self.now, self.project = asked, now, project
        (project / FOLDER).mkdir(parents=True, exist_ok=True)
        self.log, self._file = (project / FOLDER / f"{asked.name}.{end}" for end in ("log", "json"))
        self._said = 0.0
        deciding = {name: value for name, value in now.items() if name != "evaluate"}
        fresh = {"made_of": deciding}
        before = json.loads(self._file.read_text()) if self._file.exists() else fresh
        self.state: dict[str, Any] = before if before["made_of"] == deciding else fresh

    def say(self, text: str) -> None:
        """Print a line, with the row's name before it."""
        print(f"{self.asked.name}: {text}", flush=True)

    def make(self, revision: str) -> None:
        """Go through it, from where it was stopped."""
        folder = self.project / spool.WORKSPACES / f"results-{self.asked.name}"
        folder.parent.mkdir(parents=True, exist_ok=True)
        workspace.place(revision, folder, self.project)
        with chdir(folder):
            choose(self.asked.experiment, self.asked.overrides)
            self._prepared()  # which asks for no number of steps
            values = self._values()
            choose(self.asked.experiment, values)
            params = self.asked.params(values)
            self._train()
            self.say("judging")
            line = ["evaluate", *(["study"] if isinstance(params.train, Translation) else [])]
            self._run(*_repro(*line))
            facts = self._facts(params, shlex.join(["ganline", "use", self.asked.experiment, *values]))
            recorded.keep(facts, self.project / recorded.RESULTS / self.asked.file, self.asked.own)
        shutil.rmtree(folder)

    def _values(self) -> list[str]:
        """Return what is asked for, with what follows from the number of steps, which is chosen once."""
        preset, given = compose_params(self.asked.experiment, ["download.source=."]).train, self.asked.overrides
        if self.asked.minutes is None:
            return [*given, *shortened(preset, self.asked.params().train.steps, given)]
        if "steps" not in self.state:
            self.say("timing steps")
            rate = self._told("speed")["steps_per_core_second"]
            most = self.asked.params().train.steps
            self.state["steps"] = affordable(most, rate, self.asked.minutes)
            write_json(self._file, self.state)
            self.say(f"{rate:g} steps a second of one core: {self.state['steps']:,} of {most:,} steps")
        given = tuple(value for value in given if not value.startswith("train.steps="))
        return [*given, *shortened(preset, self.state["steps"], given)]

    def _prepared(self) -> None:
        """See to data and judges; one row at a time, for the next may need the same, and finds it in DVC's cache."""
        self.say("preparing data and judges")
        with FileLock(self.project / FOLDER / "preparing.lock"):
            self._run(*_repro("extractor"))

    def _train(self) -> None:
        """Train, though DVC's cache may hold the same training: it does not hold what that took."""
        self.say("training")
        self._run(*_repro("train"), "--no-run-cache")
        write_json(self._file, self.state)

    def _facts(self, params: Params, command: str) -> dict[str, Any]:
        facts = recorded.facts(self.asked.experiment, command)
        minutes = self.state["core_minutes"]
        facts |= {
            "minutes": self.state["minutes"],
            "core_minutes": minutes,
            "seed": params.seed,
            "processor": recorded.processor(),
            "made_of": self.now,
        }
        if not self.asked.own:
            facts = {name: value for name, value in facts.items() if name not in seeds.LEFT_OUT}
        if not self.asked.curve:
            return facts
        curve = self._told(self.asked.curve)
        for point in curve["points"]:
            point["core_minutes"] = float(f"{minutes * point['step'] / facts['trained']:.3g}")
        return facts | {"curve": curve}

    def _told(self, what: str) -> dict[str, Any]:
        """Return what a function of benchmarks.inside wrote."""
        told = Path.cwd() / f".{what}.json"
        self._run(sys.executable, "-c", f"from benchmarks import inside; inside.{what}({str(told)!r})")
        return json.loads(told.read_text())

    def _run(self, *command: str) -> None:
        """Run a command on one thread; all it says goes to the log, and now and then a line to whoever looks on."""
        with self.log.open("a") as log:

            def hear(line: str) -> None:
                print(line, file=log, flush=True)
                if took := TOOK.search(line):
                    minutes = (float(value.replace(",", "")) for value in took.groups())
                    self.state |= zip(("minutes", "core_minutes"), minutes, strict=True)
                if line.startswith("train: ") and time.monotonic() - self._said > SAID_EVERY:
                    self._said = time.monotonic()
                    self.say(line)

            if ended := process.run(command, os.environ | {"PYTHONPATH": str(Path.cwd())} | ONE_THREAD, hear):
                raise UserError(f"{shlex.join(command[1:4])} ended with {ended}")


def _repro(*stages: str) -> list[str]:
    return [sys.executable, "-m", "dvc", "repro", *(f"dvc.yaml:{stage}" for stage in stages)]


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
