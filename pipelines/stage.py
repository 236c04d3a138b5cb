"""A stage as a flow runs it, through DVC: output logged as it comes, tried again where that can help, stopped with the
flow, a user's mistake told apart.
"""

import os
import sys
import tempfile
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

from prefect import Task, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.runtime import flow_run

from ganline.core.addresses import masked
from ganline.core.errors import UserError
from ganline.core.git import git
from ganline.tracking import spool
from ganline.tracking.tracker import FLOW_RUN, MISTAKE
from pipelines import asking, names, process, running

RETRIES = {"download": 2, "train": 2}  # a network may come back, and training goes on from its checkpoint
RETRY_SECONDS = 10
LAST_LINES = 12
AUTHOR = ("-c", "user.name=Ganline", "-c", "user.email=ganline@localhost")
"""Of commits that a worker makes, whose user may have no name."""
PUSHES = 5
"""Of one commit at most, each on top of what the branch has come to hold meanwhile."""


class StageFailed(Exception):  # noqa: N818 - the name is what a reader sees in Prefect
    """A stage ended with an error; the message holds the end of its output."""


def run(
    name: str, session: str, force: bool = False, environment: Mapping[str, str] | None = None, pull: bool = False
) -> None:
    """Let DVC bring one stage up to date, as a task of the flow; what may do better the next time is tried again.

    Args:
        name: of the stage.
        session: of the run, which MLflow knows it by.
        force: run it even if nothing has changed.
        environment: variables of its own.
        pull: look for its results in the remote first.

    Raises:
        UserError: the stage found a mistake that the user can mend.
        StageFailed: anything else.
    """
    here = run_stage.with_options(name=name, task_run_name=name, retries=RETRIES.get(name, 0))
    asking.settle(here(name, session, force, dict(environment or {}), pull, return_state=True))


def worth_retrying(_task: Task, _run: TaskRun, state: State) -> bool:
    """Return whether a failed stage may do better the next time: not after a user's mistake."""
    return state.name != asking.MISTAKE


@task(cache_policy=NO_CACHE, retry_delay_seconds=RETRY_SECONDS, retry_condition_fn=worth_retrying)
def run_stage(name: str, session: str, force: bool, environment: dict[str, str], pull: bool) -> State | None:
    """Do what `run` says, once; a user's mistake is a state of its own."""
    with tempfile.TemporaryDirectory() as temporary:
        mistake = Path(temporary, "mistake")
        own = {spool.SESSION: session, FLOW_RUN: str(flow_run.id or ""), MISTAKE: str(mistake)}
        arguments = ["repro", "--single-item", name, *["--force"] * force, *["--pull"] * pull]
        try:
            dvc(*arguments, environment=own | environment, failed=name)
        except StageFailed:
            if mistake.exists():
                return asking.mistake(mistake.read_text())
            raise
    return None


def dvc(*arguments: str, environment: Mapping[str, str] | None = None, failed: str = "") -> None:
    """Run a DVC command in the current directory once no other is at work there, and log what it prints.

    Raises:
        StageFailed: it fails; the message calls it `failed`.
    """
    command = ["dvc", "--wait-for-lock", *arguments]  # for the lock that others hold for moments
    while True:
        running.wait(get_run_logger().info)
        try:
            return _run(command, environment or {}, failed or f"dvc {' '.join(arguments)}")
        except StageFailed as error:
            if running.BUSY not in str(error):  # another was quicker
                raise


def use(experiment: str, overrides: Sequence[str]) -> None:
    """Run `ganline use` of the project in the current directory, which may be another revision than this one.

    Raises:
        UserError: it fails.
    """
    arguments = ["use", "--", experiment, *overrides]
    try:
        _run(["pipelines.cli", *arguments], {}, f"ganline {' '.join(arguments)}")
    except StageFailed as error:
        raise UserError(str(error)) from None


def publish_lock(branch: str, message: str) -> None:
    """Commit params.yaml and dvc.lock of the workspace to a branch of its origin, on top of what that holds.

    Raises:
        UserError: `branch` cannot be the name of one.
        StageFailed: the origin does not take it.
    """
    origin, ref = _git("remote", "get-url", "origin"), f"refs/heads/{names.require('branch', branch)}"
    for left in reversed(range(PUSHES)):
        if _git("ls-remote", "--", origin, ref):
            _git("fetch", "--quiet", "--", origin, ref)
            _git("symbolic-ref", "HEAD", "refs/heads/lock")
            _git("update-ref", "refs/heads/lock", "FETCH_HEAD")
            _git("read-tree", "FETCH_HEAD")  # else the commit would hold, and bring back, all files of this revision
        _git("add", "--force", "--", "params.yaml", "dvc.lock")
        if _git("diff", "--cached", "--name-only"):
            _git(*AUTHOR, "commit", "--quiet", "--message", message)
        try:
            _git("push", "--quiet", "--", origin, f"HEAD:{ref}")
            return
        except StageFailed:  # another run may have been quicker
            if not left:
                raise


def _git(*arguments: str) -> str:
    done = git(*arguments)
    if done.returncode:
        raise StageFailed(masked(f"git {' '.join(arguments)} failed: {done.stderr.strip()}"))
    return done.stdout.strip()


def _run(module: Sequence[str], environment: Mapping[str, str], name: str) -> None:
    log, last = get_run_logger(), deque[str](maxlen=LAST_LINES)

    def show(line: str) -> None:
        last.append(masked(line))
        log.info(last[-1])

    own = {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])}
    everything = os.environ | own | {"PYTHONUNBUFFERED": "1"} | dict(environment)
    if process.run([sys.executable, "-m", *module], everything, show):
        raise StageFailed(f"{name} failed:\n" + "\n".join(last))
