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
from ganline.addresses import mask_tracebacks, masked
from ganline.errors import UserError, mistake
from ganline.params import Params, load
from ganline.replicas import cluster
from ganline.training.stop import Stopped
from stages import spool
from stages.tracking import Silent, Tracker, report_mistake

PR_SET_PDEATHSIG = 1


Work = Callable[[Params, Tracker], Callable[[], None] | None]
"""What a stage does; it may return what is to be done once its results stand."""


def main(stage: str, work: Work) -> None:
    """Run one stage in the current directory; exit with 1 and one clear message on a user's mistake."""
    mask_tracebacks()
    _stop_with_parent(stage)
    try:
        params = load()
        # Of machines that train together the chief alone tells of the run.
        helper = stage == "train" and not cluster(params.compute).chief
        with (Silent if helper else Tracker)(stage, params) as tracker:
            _work(work, params, tracker)
    except (UserError, OSError) as error:
        told = mistake(error)
        print(masked(f"{stage}: {told}"), file=sys.stderr)
        with suppress(OSError):  # on a full disk
            report_mistake(stage, told)
        sys.exit(1)


def _work(work: Work, params: Params, tracker: Tracker) -> None:
    try:
        if finish := work(params, tracker):
            finish()
    except Stopped as stopped:
        print(f"{tracker.stage}: {stopped}", file=sys.stderr)
        sys.exit(128 + stopped.signal_number)


def _stop_with_parent(stage: str) -> None:
    """Ask Linux for a SIGTERM when dvc dies: a killed pipeline must not leave a training behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != stages.PARENT or spool.orphaned():  # while this process was importing
        sys.exit(f"{stage}: dvc has ended; nothing would record what this stage makes, so it makes nothing")
