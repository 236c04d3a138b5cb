"""How every stage starts and ends: check the parameters, do the work, tell the tracker, explain a user's mistake."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow greets every start with lines about absent GPUs
os.environ.setdefault("PYTHONWARNINGS", "ignore")  # tensorflow-addons greets each import with its end of life

import stages
from ganline.catalogue.check import load
from ganline.core.addresses import mask_tracebacks, masked
from ganline.core.errors import UserError, mistake
from ganline.core.replicas import cluster
from ganline.line import vouched
from ganline.line.declared import DVC_YAML
from ganline.line.used import Use
from ganline.settings.schema import Params
from ganline.tracking import spool
from ganline.tracking.tracker import Silent, Tracker, report_mistake
from ganline.training.stop import Stopped

PR_SET_PDEATHSIG = 1


Work = Callable[[Params, Tracker], Callable[[], None] | None]
"""What a stage does; it may return what is to be done once its results stand."""


def main(stage: str, work: Work) -> None:
    """Run one stage in the current directory; exit with 1 and one clear message on a user's mistake."""
    mask_tracebacks()
    _stop_with_parent(stage)
    try:
        params = load()
        # Of machines that train together the chief alone writes and tells of the run.
        helper = stage == "train" and not cluster(params.compute.strategy).chief
        use = Use(stage, params) if DVC_YAML.exists() and not helper else None
        with (Silent if helper else Tracker)(stage, params) as tracker:
            finish = _work(work, params, tracker, use)
        if use:
            _look_again(use, tracker)
        if finish:
            finish()
    except (UserError, OSError) as error:
        told = mistake(error)
        print(masked(f"{stage}: {told}"), file=sys.stderr)
        with suppress(OSError):  # on a full disk
            report_mistake(stage, told)
        sys.exit(1)


def _work(work: Work, params: Params, tracker: Tracker, use: Use | None) -> Callable[[], None] | None:
    try:
        if use:
            vouched.refuse_untruth(use.stage, _session(), params)
        finish = work(params, tracker)
        if use:
            use.refuse_changes()
        return finish
    except Stopped as stopped:
        print(f"{tracker.stage}: {stopped}", file=sys.stderr)
        sys.exit(128 + stopped.signal_number)


def _look_again(use: Use, tracker: Tracker) -> None:
    """Look as near to DVC's own look as can be: what came between, such as the delivery to MLflow, may take seconds."""
    try:
        use.refuse_changes()
    except UserError as error:
        tracker.end(error)
        raise
    vouched.record(use, _session())


def _session() -> str:
    return spool.session_folder(spool.project_root()).name


def _stop_with_parent(stage: str) -> None:
    """Ask Linux for a SIGTERM when dvc dies: a killed pipeline must not leave a training behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != stages.PARENT or spool.orphaned():  # while this process was importing
        sys.exit(f"{stage}: dvc has ended; nothing would record what this stage makes, so it makes nothing")
