"""How every stage starts and ends: check the parameters, do the work, tell the tracker, explain a user's mistake."""

import os
import sys
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("PYTHONWARNINGS", "ignore")  # tensorflow-addons greets each import with its end of life

from ganline.errors import UserError
from ganline.params import Params, load
from stages.tracking import Tracker


def main(stage: str, work: Callable[[Params, Tracker], None]) -> None:
    """Run one stage in the current directory; exit with 1 and one clear message on a user's mistake."""
    try:
        params = load()
        with Tracker(stage, params) as tracker:
            work(params, tracker)
    except UserError as error:
        print(f"{stage}: {error}", file=sys.stderr)
        sys.exit(1)
