"""The line as a Prefect flow, one task a DVC stage. `python -m pipelines.run` runs it here, with no server to set up.

DVC decides what must run, and restores or skips the rest; the flow decides when, shows it, and tries again where that
can help.
"""

import argparse
import os
import sys
import tempfile
from collections import deque
from pathlib import Path
from typing import Any

from prefect import Task, flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.runtime import flow_run
from prefect.states import Completed

from ganline.errors import UserError
from pipelines import artifacts, process
from pipelines.graph import stages_in_order
from stages import spool
from stages.tracking import FLOW_RUN, MISTAKE

RETRIES = {"download": 2, "train": 2}  # a network may come back, and training goes on from its checkpoint
RETRY_SECONDS = 10
LAST_LINES = 12


class StageFailed(Exception):  # noqa: N818 - the name is what a reader sees in Prefect
    """A stage ended with an error; the message holds the end of its output."""


def worth_retrying(_task: Task, _run: TaskRun, state: State) -> bool:
    """Return whether a failed stage may do better the next time: not after a user's mistake."""
    return not isinstance(state.result(raise_on_failure=False), UserError)


@task(cache_policy=NO_CACHE, retry_delay_seconds=RETRY_SECONDS, retry_condition_fn=worth_retrying)
def run_stage(stage: str, session: str, force: bool) -> None:
    """Let DVC bring one stage up to date.

    Raises:
        UserError: the stage found a mistake that the user can mend.
        StageFailed: anything else.
    """
    log, last = get_run_logger(), deque[str](maxlen=LAST_LINES)

    def show(line: str) -> None:
        last.append(line)
        log.info(line)

    with tempfile.TemporaryDirectory() as temporary:
        mistake = Path(temporary, "mistake")
        command = [sys.executable, "-m", "dvc", "--wait-for-lock", "repro", "--single-item", stage]
        status = process.run(command + ["--force"] * force, _environment(session, mistake), show)
        if mistake.exists():
            raise UserError(mistake.read_text())
    if status:
        raise StageFailed(f"{stage} failed:\n" + "\n".join(last))


def _environment(session: str, mistake: Path) -> dict[str, str]:
    own = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        "PYTHONUNBUFFERED": "1",
        spool.SESSION: session,
        FLOW_RUN: str(flow_run.id or ""),
        MISTAKE: str(mistake),
    }
    return os.environ | own


@flow(name="ganline")
def run_pipeline(stages: list[str] | None = None, force: bool = False) -> State:
    """Bring the project in the working directory up to date: all its stages, or those named, in DVC's order.

    All stages share one MLflow run. With `force`, stages run even where nothing has changed. The message of the final
    state names the verdict on the training.
    """
    known = stages_in_order()
    if unknown := set(stages or ()) - set(known):
        raise UserError(f"no stage {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    session = os.environ.get(spool.SESSION) or f"flow-{flow_run.id}"
    for stage in known:
        if not stages or stage in stages:
            run_stage.with_options(name=stage, task_run_name=stage, retries=RETRIES.get(stage, 0))(
                stage, session, force
            )
    artifacts.publish(session)
    return Completed(message=artifacts.verdict() or None)


def main(arguments: list[str] | None = None) -> None:
    """Run the flow here; exit with 1 and the reason when it fails."""
    parser = argparse.ArgumentParser("python -m pipelines.run", description="Run the stages as a Prefect flow.")
    parser.add_argument("stages", nargs="*", help="only these (default: all)")
    parser.add_argument("--force", action="store_true", help="run them even if nothing has changed")
    options = parser.parse_args(arguments)
    try:
        state: Any = run_pipeline(options.stages or None, options.force, return_state=True)
    except KeyboardInterrupt:
        sys.exit(130)
    if not state.is_completed():
        sys.exit(f"pipeline: {state.message}")


if __name__ == "__main__":
    main()
