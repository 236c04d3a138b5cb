"""What dvc.yaml says of its stages: their order, and the pool of machines each wants to run on."""

from graphlib import CycleError, TopologicalSorter
from pathlib import Path, PurePosixPath
from typing import Any

from ganline.core import yaml_files
from ganline.core.errors import UserError
from pipelines import names


def stages_in_order(path: Path = Path("dvc.yaml")) -> list[str]:
    """Return the stages' names, each behind those whose outputs it reads (foreach and matrix are not known here).

    Raises:
        UserError: the file is missing or unreadable, or the stages depend on each other in a circle.
    """
    try:
        return list(TopologicalSorter(read_from(path)).static_order())
    except CycleError as error:
        raise UserError(f"{path}: the stages {' -> '.join(error.args[1])} depend on each other") from None


def read_from(path: Path = Path("dvc.yaml")) -> dict[str, set[str]]:
    """Return for each stage the stages whose outputs it reads.

    Raises:
        UserError: the file is missing or unreadable.
    """
    stages = _stages(path)
    makers = {out: name for name, stage in stages.items() for out in _outputs(stage)}
    return {
        name: {makers[out] for dep in stage.get("deps", ()) for out in makers if _overlap(dep, out)}
        for name, stage in stages.items()
    }


def pools(path: Path = Path("dvc.yaml")) -> dict[str, str]:
    """Return for each stage the work pool that its `meta` names: "cpu" where it names none.

    Raises:
        UserError: the file is missing or unreadable, or what it names cannot be a pool.
    """
    found = {name: str((stage.get("meta") or {}).get("pool", "cpu")) for name, stage in _stages(path).items()}
    return {name: names.require("pool", pool) for name, pool in found.items()}


def _stages(path: Path) -> dict[str, dict[str, Any]]:
    try:
        stages: dict[str, dict[str, Any]] = yaml_files.read(path)["stages"]
    except FileNotFoundError:
        raise UserError(f"no {path} here: run this in the root of a Ganline project") from None
    except (KeyError, TypeError) as error:
        raise UserError(f"{path} cannot be read: {error}") from None
    for name in stages:
        names.require("stage", str(name))
    return stages


def _outputs(stage: dict[str, Any]) -> list[str]:
    """Return a stage's outputs; one with settings is written as a mapping from its path to them."""
    entries = [entry for kind in ("outs", "metrics", "plots") for entry in stage.get(kind, ())]
    return [next(iter(entry)) if isinstance(entry, dict) else entry for entry in entries]


def _overlap(one: str, other: str) -> bool:
    a, b = PurePosixPath(one), PurePosixPath(other)
    return a == b or a in b.parents or b in a.parents
