"""What prefect.yaml deploys: one experiment, a suite every night, a sweep, the comparison of runs, and promotion.

docs/production.md tells how to set up the machines.
"""

import json
import math
import os
import random
import sys
from collections.abc import Mapping, Sequence
from contextlib import chdir
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from prefect import flow, get_run_logger
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Cancelled, Completed, Failed
from pydantic import WithJsonSchema

from ganline.catalogue import presets as catalogue
from ganline.core.errors import UserError, in_short
from ganline.settings.schema import Params
from ganline.tracking.tracker import GROUP
from pipelines import artifacts, asking, gpus, handover, names, stage
from pipelines.graph import pools
from pipelines.run import bring_up_to_date
from pipelines.workspace import PROJECT, commit, workspace

CONF = PROJECT / catalogue.CONF
POOL = "cpu"
"""Of the machines that these flows run on."""
LATEST = timedelta(hours=1)
"""After its time, beyond which a scheduled night is dropped: nobody wants two in a row when a worker comes back."""
MOST_TRIALS = 256
TRAIN = "train/train"
Experiment = Literal[tuple(catalogue.names("experiment", CONF))]  # type: ignore[valid-type] # Prefect's form lists them
Suite = Literal[tuple(catalogue.names("suites", CONF))]  # type: ignore[valid-type]


def _number(**limits: int) -> WithJsonSchema:
    """Return what makes Prefect's server take a whole number as text too, as a call of the flow does."""
    return WithJsonSchema({"anyOf": [{"type": "integer", **limits}, {"type": "string", "pattern": "^-?[0-9]+$"}]})


@flow(name="train")
def train(
    experiment: Experiment = "dcgan-fashion-mnist-workshop",  # type: ignore[valid-type]
    overrides: Sequence[str] = (),
    revision: str = "HEAD",
    force: bool = False,
    need_gpu: bool = False,
    keep_failed: bool = False,
    lock_branch: str | None = None,
    group: str | None = None,
) -> State:
    """Run one experiment from raw images to report, in a workspace of its own.

    Args:
        experiment: a name of the catalogue.
        overrides: such as train.steps=2000 or dataset=emoji.
        revision: branch, tag or commit of the project.
        force: run every stage, even what is in the cache.
        need_gpu: fail at once where the training machine has no GPU.
        keep_failed: leave the workspace where the run fails, below .ganline/workspaces.
        lock_branch: commit params.yaml and dvc.lock to this branch of the project's origin.
        group: tag of the MLflow run, to find together what belongs together.
    """
    try:
        os.environ[GROUP] = group or ""
        if lock_branch:
            names.require("branch", lock_branch)
        wanted = commit(revision)
        _check(experiment, [overrides])
        with workspace(wanted, f"{flow_run.id}", keep_failed):
            stage.use(experiment, overrides)
            elsewhere = None
            if away := {name: pool for name, pool in pools().items() if pool != POOL}:
                handover.require_remote()
                for pool in sorted(set(away.values())):
                    handover.require_pool(pool, wanted, need_gpu)
                elsewhere = handover.Elsewhere(away, wanted, need_gpu)
            elif need_gpu:
                gpus.require()
            state = bring_up_to_date(None, force, elsewhere)
            if lock_branch:
                stage.publish_lock(lock_branch, f"{experiment} {' '.join(overrides)}".strip())
            return state
    except UserError as error:
        return asking.mistake(error)


@flow(name="nightly")
def nightly(suite: Suite = "nightly", revision: str = "HEAD", keep_failed: bool = False) -> State:  # type: ignore[valid-type]
    """Run the experiments of a suite (conf/suites), as many at once as the pools allow.

    Args:
        suite: a file of conf/suites.
        revision: branch, tag or commit of the project.
        keep_failed: leave the workspaces of runs that fail.
    """
    if _too_late():
        return Cancelled(message=f"more than {LATEST} late: dropped, the next night does it")
    try:
        wanted = commit(revision)
        entries = catalogue.suite(suite, CONF)
        for entry in entries:
            _check(entry.experiment, [entry.overrides])
        group = f"{suite} {datetime.now(UTC):%Y-%m-%d}"
        runs = {" ".join([each.experiment, *each.overrides]): (each.experiment, each.overrides) for each in entries}
        return _train_all(runs, {"revision": wanted, "keep_failed": keep_failed, "group": group})
    except UserError as error:
        return asking.mistake(error)


@flow(name="sweep")
def sweep(
    space: dict[str, list[Any]],
    experiment: Experiment = "dcgan-fashion-mnist-workshop",  # type: ignore[valid-type]
    overrides: Sequence[str] = (),
    search: Literal["grid", "random"] = "grid",
    trials: Annotated[int, _number(minimum=1, maximum=MOST_TRIALS)] = 8,
    seed: Annotated[int, _number()] = 0,
    stop_failing: bool = True,
    by: str = "frechet",
    revision: str = "HEAD",
) -> State:
    """Try values of parameters, as many at once as the pools allow, and compare what came of them.

    Args:
        space: what to try, such as {"train.latent_dim": [16, 64], "train.label_smoothing": [0.0, 0.1]}.
        experiment: a name of the catalogue.
        overrides: that hold for all.
        search: all combinations, or some drawn at random.
        trials: how many are drawn at random.
        seed: of the draw.
        stop_failing: end a training early that its diagnosis finds failing.
        by: the number to rank by.
        revision: branch, tag or commit of the project.
    """
    from ganline.studies import ranking  # SciPy takes seconds to import

    try:
        wanted = commit(revision)
        common = [*overrides, *["diagnosis.on_failure=stop"] * stop_failing]
        tried = {" ".join(point): [*common, *point] for point in _points(space, search, trials, seed)}
        for params in _check(experiment, list(tried.values())):
            ranking.require_ranking(by, params)
        group = f"sweep {flow_run.id}"
        runs = {name: (experiment, point) for name, point in tried.items()}
        state = _train_all(runs, {"revision": wanted, "group": group})
        try:
            ranked = _leaderboard(by, [], group)
            missing = "those that are missing failed, or DVC had their results already"
            get_run_logger().info(f"{ranked.message}, of {len(runs)} asked for: {missing}")
        except Exception as error:  # takes nothing from how the trainings ended
            get_run_logger().warning(f"no table: {in_short(error)}")
        return state
    except UserError as error:
        return asking.mistake(error)


@flow(name="compare")
def compare(by: str = "frechet", experiments: Sequence[Experiment] = (), group: str | None = None) -> State:  # type: ignore[valid-type]
    """Rank the finished runs that MLflow holds: a table here, and reports/compare.html in the worker's project.

    Args:
        by: the number to rank by, such as frechet, kid, precision.
        experiments: only runs of these.
        group: only runs with this tag.
    """
    try:
        return _leaderboard(by, experiments, group)
    except UserError as error:
        return asking.mistake(error)


@flow(name="promote")
def promote(run: str | None = None, by: str = "frechet") -> State:
    """Make a run's generator the champion of its dataset in MLflow's registry, if it is healthy and better.

    Args:
        run: the MLflow run's id or its beginning; the newest finished run where none is given.
        by: the number it must be better by, by more than chance.
    """
    from ganline.tracking import promotion

    try:
        with chdir(PROJECT):
            outcome = promotion.promote(run, by)
    except UserError as error:
        return asking.mistake(error)
    shown = f"**{artifacts.plain(outcome.title)}**: {artifacts.plain(outcome.reason)}"
    create_markdown_artifact(shown, key="promotion")
    return Completed(
        name="Promoted" if outcome.promoted else "NotPromoted", message=f"{outcome.title}: {outcome.reason}"
    )


def _check(experiment: str, points: Sequence[Sequence[str]]) -> list[Params]:
    """Return the parameters of an experiment under overrides, before a workspace is made or a machine is asked.

    Raises:
        UserError: params.yaml would refuse them; lists what is wrong.
    """
    return [catalogue.compose_params(experiment, overrides, CONF) for overrides in points]


def _train_all(runs: Mapping[str, tuple[str, Sequence[str]]], parameters: dict[str, Any]) -> State:
    """Run experiments with overrides, by name, through the deployment of `train`; the state says how many completed."""
    requests = [
        asking.Request(TRAIN, name, parameters | {"experiment": experiment, "overrides": list(overrides)})
        for name, (experiment, overrides) in runs.items()
    ]
    answers = asking.ask(requests)
    rows = [
        {"run": request.name, "state": answer.state.name, "message": answer.state.message or ""}
        for request, answer in zip(requests, answers, strict=True)
    ]
    create_table_artifact(rows, key="runs")
    failed = [str(row["run"]) for row in rows if row["state"] != "Completed"]
    message = f"{len(rows) - len(failed)} of {len(rows)} runs completed"
    if failed:
        return Failed(message=f"{message}; not {', '.join(failed)}: their own states say why")
    return Completed(message=message)


def _leaderboard(by: str, experiments: Sequence[str], group: str | None) -> State:
    from ganline.evaluation import compare as comparing
    from ganline.tracking import leaderboard

    with chdir(PROJECT):
        table = comparing.compare(leaderboard.read_runs(experiments, group), by)
        leaderboard.write(table, [], [])
    wanted = ("group", "rank", "run", "run_id", by, f"{by}_stderr", "not_ranked")
    rows = [
        {name: value for name, value in row.items() if name in wanted or name.startswith("params.")}
        for row in comparing.as_rows(table)
    ]
    create_table_artifact(json.loads(json.dumps(rows, default=str)), key="leaderboard")
    get_run_logger().info(f"{leaderboard.PAGE} and {leaderboard.CSV} hold all numbers")
    return Completed(message=f"{len(rows)} runs, ranked by {by}")


def _points(space: dict[str, list[Any]], search: str, trials: int, seed: int) -> list[list[str]]:
    """Return the overrides of each trial.

    Raises:
        UserError: nothing to try, or too much.
    """
    if not 1 <= trials <= MOST_TRIALS:  # of text the server checks no limits
        raise UserError(f"trials = {trials}: allowed are 1 to {MOST_TRIALS}")
    if not space or not all(space.values()):
        raise UserError('space: give each parameter the values to try, such as {"train.latent_dim": [16, 64]}')
    total = math.prod(map(len, space.values()))
    if search == "grid" and total > MOST_TRIALS:
        raise UserError(f"space: {total} combinations; allowed are {MOST_TRIALS}, or search=random with trials")
    if total > sys.maxsize:
        raise UserError(f"space: {total} combinations are more than can be drawn from; leave out parameters or values")
    drawn = random.Random(seed).sample(range(total), min(trials, total)) if search == "random" else range(total)
    return [[f"{name}={_text(value)}" for name, value in _combination(space, number).items()] for number in drawn]


def _combination(space: dict[str, list[Any]], number: int) -> dict[str, Any]:
    """Return one of all combinations by its number, in the order of itertools.product, which would hold them all."""
    found = {}
    for name, values in reversed(space.items()):
        number, place = divmod(number, len(values))
        found[name] = values[place]
    return dict(reversed(found.items()))


def _text(value: Any) -> str:
    """Return a value as an override has it: YAML, of which JSON is a part."""
    return value if isinstance(value, str) else json.dumps(value)


def _too_late() -> bool:
    by_schedule = "auto-scheduled" in (flow_run.tags or ())  # a tag that Prefect's scheduler gives
    return by_schedule and datetime.now(UTC) - flow_run.scheduled_start_time > LATEST
