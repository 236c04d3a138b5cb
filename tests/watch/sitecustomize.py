"""Watches a stage: Python runs this first where it finds it on its path. What is read of the project in the working
directory, and which sections of params.yaml are looked at, goes to $WATCHED/STAGE.files and STAGE.params.
"""

import os
import sys
from pathlib import Path
from types import FrameType

module = next((part for before, part in zip(sys.orig_argv, sys.orig_argv[1:]) if before == "-m"), "")  # noqa: B905
stage = module.removeprefix("stages.")
TELLS = ("/ganline/tracking/", "/ganline/line/", "/ganline/catalogue/")
"""What tells of a run, or checks it, and decides nothing."""
NO_READING = os.O_WRONLY | os.O_RDWR | os.O_DIRECTORY


def tells(frame: FrameType | None) -> bool:
    while frame and not any(part in frame.f_code.co_filename for part in TELLS):
        frame = frame.f_back
    return frame is not None


def watch(folder: Path) -> None:
    root, seen = f"{Path.cwd()}/", set()

    def tell(kind: str, what: str) -> None:
        if (kind, what) not in seen:
            seen.add((kind, what))
            with os.fdopen(os.open(folder / f"{stage}.{kind}", os.O_CREAT | os.O_APPEND | os.O_WRONLY), "w") as out:
                out.write(f"{what}\n")

    def opened(event: str, arguments: tuple) -> None:
        if event != "open" or not isinstance(arguments[0], str) or arguments[2] & NO_READING or tells(sys._getframe(1)):
            return
        path = str(Path(arguments[0]).absolute())
        if path.startswith(root):
            head, cached, tail = path.removeprefix(root).partition("__pycache__/")
            tell("files", f"{head}{tail.partition('.')[0]}.py" if cached else head)

    from ganline.settings.schema import Params

    plain = Params.__getattribute__

    def looked(self: Params, name: str) -> object:
        if name in Params.model_fields and not tells(sys._getframe(1)):
            tell("params", name)
        return plain(self, name)

    Params.__getattribute__ = looked
    sys.addaudithook(opened)


if "WATCHED" in os.environ and module.startswith("stages.") and stage != "courier":
    watch(Path(os.environ["WATCHED"]))
