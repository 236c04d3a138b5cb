"""Weights that are kept along a training, evenly over its steps, for people to choose from (train.keep)."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ganline.core.errors import UserError
from ganline.core.files import read_sealed, undamaged, write_sealed
from ganline.settings.recipes import Train

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike

FOLDER = "kept"
"""Beside the checkpoints; the stage train copies it to models/kept."""


def steps(train: Train) -> list[int]:
    """Return the steps whose weights are kept, oldest first; the last is the end of the training."""
    return [round(train.steps * i / train.keep) for i in range(1, train.keep + 1)]


def file(folder: Path, step: int) -> Path:
    """Return where the weights of a step are kept in a folder."""
    return folder / f"step-{step:08}.npz"


def in_folder(folder: Path) -> dict[int, Path]:
    """Return the kept weights in a folder by their step, oldest first."""
    return {int(path.stem.removeprefix("step-")): path for path in sorted(folder.glob("step-*.npz"))}


def keep(workdir: Path, step: int, weights: Mapping[str, "ArrayLike"]) -> None:
    """Keep weights by their names."""
    write_sealed(file(workdir / FOLDER, step), weights)


def read(path: Path) -> dict[str, "np.ndarray"]:
    """Return what `keep` wrote.

    Raises:
        UserError: it is damaged, or not there.
    """
    try:
        with undamaged(path, "`dvc checkout --force` brings it back, `dvc repro train` makes it anew"):
            return read_sealed(path)
    except FileNotFoundError:
        there = ", ".join(map(str, in_folder(path.parent))) or "none"
        raise UserError(f"the weights of step {int(path.stem[5:])} were not kept: kept are {there}") from None


def refusals(train: Train) -> Iterator[str]:
    """Yield where train.keep and train.select ask for what no training keeps."""
    if train.keep > train.steps:
        yield f"train.keep = {train.keep}: allowed is train.steps = {train.steps} at most"
    elif isinstance(train.select, int) and train.select not in (there := steps(train)):
        kept = f"train.keep = {train.keep} keeps {', '.join(map(str, there))}" if there else "train.keep = 0 keeps none"
        yield f"train.select = {train.select}: the weights of that step are not kept ({kept})"
