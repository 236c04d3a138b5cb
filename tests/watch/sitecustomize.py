"""Watches a stage: Python runs this first where it finds it on its path. What is read of the project in the working
directory, and which sections of params.yaml are looked at, goes to $WATCHED/STAGE.files and STAGE.params.
"""

import os
import sys
from pathlib import Path

module = next((part for before, part in zip(sys.orig_argv, sys.orig_argv[1:]) if before == "-m"), "")  # noqa: B905
stage = module.removeprefix("stages.")
TELLS = ("tracking.py", "mlflow_view.py", "used.py", "declared.py", "runner.py", "combinations.py", "paths.py")
"""Look at all parameters, but decide nothing."""


def watch(folder: Path) -> None:
    root, seen = f"{Path.cwd()}/", set()

    def tell(kind: str, what: str) -> None:
        if (kind, what) not in seen:
            seen.add((kind, what))
            with os.fdopen(os.open(folder / f"{stage}.{kind}", os.O_CREAT | os.O_APPEND | os.O_WRONLY), "w") as out:
                out.write(f"{what}\n")

    def opened(event: str, arguments: tuple) -> None:
        if event == "open" and isinstance(arguments[0], str) and not (arguments[2] & (os.O_WRONLY | os.O_RDWR)):
            path = os.path.abspath(arguments[0])
            if path.startswith(root) and not os.path.isdir(path):
                name = path.removeprefix(root)
                head, cached, tail = name.partition("__pycache__/")
                tell("files", f"{head}{tail.partition('.')[0]}.py" if cached else name)

    from ganline.params import Params

    plain = Params.__getattribute__

    def looked(self: Params, name: str) -> object:
        if name in Params.model_fields and not sys._getframe(1).f_code.co_filename.endswith(TELLS):
            tell("params", name)
        return plain(self, name)

    Params.__getattribute__ = looked
    sys.addaudithook(opened)


if "WATCHED" in os.environ and module.startswith("stages.") and stage != "courier":
    watch(Path(os.environ["WATCHED"]))
