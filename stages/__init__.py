"""The stages of the line, `python -m stages.NAME` each.

What stands here comes before all that a stage imports, which takes seconds: DVC may end meanwhile, or the stage die.
"""

import os
import sys

PARENT = os.getppid()
"""Who has started this process; see stages.runner."""

if sys.argv[:1] == ["-m"] and "DVC_STAGE" in os.environ:  # so says Python while it looks for the module to run
    from ganline.tracking import spool

    spool.tell_begun(os.environ["DVC_STAGE"])
