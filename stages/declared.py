"""What dvc.yaml says of a stage: the code and inputs it depends on, the parameters it obeys, what it writes."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ganline import yaml_files
from ganline.params import Params

DVC_YAML = Path("dvc.yaml")


class Declared(NamedTuple):
    """One stage of dvc.yaml, with the values of params.yaml filled in."""

    code: list[Path]
    """Files and folders of the project."""
    inputs: list[Path]
    """What other stages made for it, and what parameters name."""
    params: list[str]
    """Dotted keys."""
    outs: list[Path]


def declared(stage: str, params: Params) -> Declared:
    """Return what dvc.yaml in the working directory says of a stage."""
    values = params.model_dump()

    def fill(path: str) -> Path:
        return Path(re.sub(r"\$\{([\w.]+)\}", lambda found: str(value(values, found[1])), path))

    def outs(entry: Mapping[str, Any]) -> list[Path]:
        return [fill(path) for kind in ("outs", "metrics") for path in entry.get(kind, ())]

    stages = yaml_files.read(DVC_YAML)["stages"]
    made = {path for entry in stages.values() for path in outs(entry)}
    deps = stages[stage]["deps"]
    inputs = [path for path in deps if "${" in path or fill(path) in made]
    return Declared(
        [Path(path) for path in deps if path not in inputs],
        [fill(path) for path in inputs],
        stages[stage]["params"],
        outs(stages[stage]),
    )


def value(values: Mapping[str, Any], key: str) -> Any:
    """Return what nested mappings hold under a dotted key."""
    found: Any = values
    for part in key.split("."):
        found = found[part]
    return found
