"""The line as a Prefect flow, one task a DVC stage. `python -m pipelines.run` runs it here, with no server to set up.

DVC decides what must run, and restores or skips the rest; the flow decides when, shows it, and tries again where that
can help.
"""

import argparse
import os
import sys
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed

from ganline.catalogue import check
from ganline.core.errors import UserError
from ganline.datasets import own_pictures
from ganline.tracking import spool
from ganline.tracking.tracker import record_lock
from pipelines import artifacts, asking, handover, server, stage
from pipelines.graph import stages_in_order


@flow(name="ganline")
def run_pipeline(stages: list[str] | None = None, force: bool = False) -> State:
    """Bring the project in the working directory up to date: all its stages, or those named, in DVC's order.

    All stages share one MLflow run. With `force`, stages run even where nothing has changed. The message of the final
    state names the verdict on the training.
    """
    try:
        check.load()  # before DVC, which cannot say what is wrong with a value that it puts into dvc.yaml
        return bring_up_to_date(stages, force)
    except UserError as error:
        return asking.mistake(error)


def bring_up_to_date(stages: list[str] | None, force: bool, elsewhere: handover.Elsewhere | None = None) -> State:
    """Do the work of a flow, in the flow's own run: each stage here, or where `elsewhere` says.

    Raises:
        UserError: a stage is not known, or finds something that the user must mend.
        StageFailed: a stage fails.
    """
    known = stages_in_order()
    if unknown := set(stages or ()) - set(known):
        raise UserError(f"no stage {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    if not elsewhere:  # else the remote may have what was read of them
        own_pictures.provide_linked(check.load(), spool.project_root())
    session = os.environ.get(spool.SESSION) or f"flow-{flow_run.id}"
    for name in known:
        if stages and name not in stages:
            continue
        if elsewhere and name in elsewhere.pools:
            handover.run(name, elsewhere, session, force)
        else:
            stage.run(name, session, force, pull=elsewhere is not None)
    if elsewhere:
        stage.dvc("push", "--run-cache")  # so that no machine does again what one has done
    record_lock(session)
    artifacts.publish(session)
    return Completed(message=artifacts.verdict() or None)


def main(arguments: list[str] | None = None) -> None:
    """Run the flow here; exit with 1 and the reason when it fails."""
    parser = argparse.ArgumentParser("python -m pipelines.run", description="Run the stages as a Prefect flow.")
    parser.add_argument("stages", nargs="*", help="only these (default: all)")
    parser.add_argument("--force", action="store_true", help="run them even if nothing has changed")
    options = parser.parse_args(arguments)
    try:
        server.start_temporary()
        state: Any = run_pipeline(options.stages or None, options.force, return_state=True)
    except KeyboardInterrupt:
        sys.exit(130)
    except UserError as error:
        sys.exit(f"pipeline: {error}")
    if not state.is_completed():
        sys.exit(f"pipeline: {state.message}")


if __name__ == "__main__":
    main()
