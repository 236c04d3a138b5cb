"""Where the line starts from: what download.source names is made to be there. This is the stage of stages/dvc.yaml."""

import sys

from ganline.catalogue.check import load
from ganline.core.errors import UserError, mistake
from ganline.datasets.own_pictures import provide
from ganline.tracking import spool

if __name__ == "__main__":
    try:
        provide(load(), spool.project_root())
        # What stages/__init__.py has told of this process is at its end.
        spool.tell_here("end", process=spool.Origin.of_this_process(), status="FINISHED", error="")
    except (UserError, OSError) as error:
        sys.exit(f"source: {mistake(error)}")
