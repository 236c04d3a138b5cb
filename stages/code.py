"""Write down which code each other stage runs with these parameters, so that DVC runs what an edit touches, no more."""

import sys

from ganline.catalogue.check import load
from ganline.core.errors import UserError, mistake
from ganline.core.files import write_json
from ganline.line.code import code, listed
from ganline.line.declared import declared, stages

if __name__ == "__main__":
    try:
        params = load()
        for stage in stages():
            if listed(stage) in declared(stage, params).inputs:
                write_json(listed(stage), code(stage, params))
    except (UserError, OSError) as error:
        sys.exit(f"code: {mistake(error)}")
