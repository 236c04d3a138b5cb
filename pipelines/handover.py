"""A stage on another machine: the run's flow asks a worker of the stage's pool, DVC's remote carries the files.

The asking side pushes what the stage reads, and gives the worker the revision, params.yaml and dvc.lock. The worker's
side makes a workspace of them, pulls what the stage reads, lets DVC bring it up to date, pushes what came of it, and
leaves the new dvc.lock as an artifact. No file system is shared.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from dvc.config import Config
from prefect import flow, get_run_logger, task
from prefect.artifacts import Artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId, ArtifactFilterKey
from prefect.client.schemas.objects import State
from prefect.exceptions import ObjectNotFound
from prefect.runtime import flow_run

from ganline.core.errors import UserError
from ganline.core.files import write_text
from pipelines import asking, gpus, names, stage
from pipelines.graph import read_from
from pipelines.workspace import commit, workspace

LOCK_KEY = "dvc-lock"


class Elsewhere(NamedTuple):
    """Which stages of a run other machines do, and what they need to know."""

    pools: dict[str, str]
    """Stage -> work pool."""
    revision: str
    """Commit."""
    need_gpu: bool


def require_remote() -> None:
    """Refuse a run that needs DVC's remote where there is none.

    Raises:
        UserError: says how to set one up.
    """
    if "remote" not in Config(".dvc")["core"]:
        raise UserError(
            "stages go to workers of other pools, and no DVC remote is set to carry their files: "
            "`dvc remote add --default NAME URL-OR-FOLDER`, on every machine or committed"
        )


def require_pool(pool: str, revision: str, need_gpu: bool) -> None:
    """Refuse a run that needs a pool nobody has set up, or whose machine cannot do it.

    A worker of the pool is asked, ahead of the trainings that wait there; where none is online the run waits.

    Raises:
        UserError: the pool or its deployments do not exist, or the machine has no such revision or no GPU.
    """
    with get_client(sync_client=True) as client:
        try:
            found = client.read_work_pool(pool)
            for deployment in (_stage(pool), _check(pool)):
                client.read_deployment_by_name(deployment)
        except ObjectNotFound:
            raise UserError(
                f"dvc.yaml sends a stage to pool {pool!r}, and this Prefect server has no such pool with deployments "
                f"{_stage(pool)!r} and {_check(pool)!r}: `python -m pipelines.serve setup` makes those of prefect.yaml"
            ) from None
    if found.status and found.status.value != "READY":
        get_run_logger().warning(f"no worker of pool {pool!r} is online: this run waits until one is")
    _answer(_check(pool), f"check {pool}", {"revision": revision, "need_gpu": need_gpu})


def run(name: str, elsewhere: Elsewhere, session: str, force: bool) -> None:
    """Let a worker of the stage's pool bring it up to date, as a task of the flow, and fetch what came of it.

    Raises:
        UserError: the worker found a mistake that the user can mend.
        StageFailed: anything else went wrong there, or with the remote.
    """
    there = hand_over.with_options(name=name, task_run_name=name)
    asking.settle(there(name, elsewhere, session, force, return_state=True))


@task(cache_policy=NO_CACHE)
def hand_over(name: str, elsewhere: Elsewhere, session: str, force: bool) -> State | None:
    """Do what `run` says."""
    if sources := sorted(read_from()[name]):
        stage.dvc("push", *sources)
    lock, pool = Path("dvc.lock"), elsewhere.pools[name]
    parameters = {
        "name": name,
        "revision": elsewhere.revision,
        "params": Path("params.yaml").read_text(),
        "lock": lock.read_text() if lock.exists() else "",
        "session": session,
        "force": force,
        "need_gpu": elsewhere.need_gpu,
    }
    try:
        write_text(lock, _lock(_answer(_stage(pool), name, parameters)))
    except UserError as error:
        return asking.mistake(error)
    stage.dvc("pull", name)
    return None


def _answer(deployment: str, name: str, parameters: dict[str, Any]) -> UUID:
    """Return the id of the flow run that a deployment completed."""
    (answer,) = asking.ask([asking.Request(deployment, name, parameters)])
    if answer.state.name == asking.MISTAKE:
        raise UserError(answer.state.message)
    if not answer.state.is_completed():
        raise stage.StageFailed(f"{name}, by {deployment}, ended as {answer.state.name}: {answer.state.message}")
    return answer.id


def _lock(id: UUID) -> str:
    wanted = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[id]), key=ArtifactFilterKey(any_=[LOCK_KEY]))
    with get_client(sync_client=True) as client:
        (found,) = client.read_artifacts(artifact_filter=wanted)
    return str(json.loads(str(found.data)))  # as Prefect keeps it


def _stage(pool: str) -> str:
    return f"stage/{pool}"


def _check(pool: str) -> str:
    return f"check/{pool}"


@flow(name="check")
def check_machine(revision: str, need_gpu: bool = False) -> State | None:
    """Find out whether this machine can do the stages of a run.

    Args:
        revision: commit of the project, to be found in this machine's clone or at its origin.
        need_gpu: fail where this machine has none.
    """
    try:
        commit(revision)
        if need_gpu:
            gpus.require()
    except UserError as error:
        return asking.mistake(error)
    return None


@flow(name="stage")
def run_stage_here(
    name: str, revision: str, params: str, lock: str, session: str, force: bool = False, need_gpu: bool = False
) -> State | None:
    """Bring one stage of a run that goes on elsewhere up to date on this machine.

    Args:
        name: of the stage.
        revision: commit of the project, to be found in this machine's clone or at its origin.
        params: content of params.yaml.
        lock: content of dvc.lock so far.
        session: of the run, which MLflow knows it by.
        force: run the stage even if nothing has changed.
        need_gpu: fail where this machine has none.
    """
    try:
        names.require("session", session)
        with gpus.claim(need_gpu) as environment, workspace(revision, f"{flow_run.id}"):
            write_text(Path("params.yaml"), params)
            if lock:
                write_text(Path("dvc.lock"), lock)
            known = read_from()
            if name not in known:
                raise UserError(f"no stage {name!r}; there are {', '.join(known)}")
            if sources := sorted(known[name]):
                stage.dvc("pull", *sources)
            stage.run(name, session, force, environment, pull=True)
            stage.dvc("push", "--run-cache", name)
            Artifact(type="dvc-lock", key=LOCK_KEY, data=Path("dvc.lock").read_text()).create()
    except UserError as error:
        return asking.mistake(error)
    return None
