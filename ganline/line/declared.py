"""What dvc.yaml says of a stage: what it reads, the parameters it obeys, what it writes."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ganline.core import yaml_files
from ganline.settings.schema import Params

DVC_YAML = Path("dvc.yaml")


class Declared(NamedTuple):
    """One stage of dvc.yaml, with the values of params.yaml filled in."""

    inputs: list[Path]
    """What other stages made for it, what parameters name, and for the stage `code` the program's folders."""
    params: list[str]
    """Dotted keys."""
    outs: list[Path]


def declared(stage: str, params: Params) -> Declared:
    """Return what dvc.yaml in the working directory says of a stage."""
    values = params.model_dump()

    def fill(path: str) -> Path:
        return Path(re.sub(r"\$\{([\w.]+)\}", lambda found: str(value(values, found[1])), path))

    entry = stages()[stage]
    outs = [fill(path) for kind in ("outs", "metrics") for path in entry.get(kind, ())]
    return Declared([fill(path) for path in entry["deps"]], entry["params"], outs)


def stages() -> dict[str, Any]:
    """Return what dvc.yaml in the working directory says of its stages, by name."""
    return yaml_files.read(DVC_YAML)["stages"]


def value(values: Mapping[str, Any], key: str) -> Any:
    """Return what nested mappings hold under a dotted key."""
    found: Any = values
    for part in key.split("."):
        found = found[part]
    return found
