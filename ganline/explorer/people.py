"""Bring to the page of `ganline people` what there is to judge."""

from collections.abc import Collection, Mapping
from itertools import count
from pathlib import Path

from ganline.core.errors import UserError
from ganline.core.files import read_arrays, undamaged
from ganline.datasets.prepared import read_split
from ganline.evaluation.judgements import digest
from ganline.explorer import epochs
from ganline.explorer.trials import Exhibit, Run
from ganline.settings import paths
from ganline.settings.schema import Params

FEATURES = paths.EVALUATE / "features.npz"


def load(params: Params, beside: Mapping[str, Path]) -> Exhibit:
    """Return the images that the evaluate stage drew, held-out real ones, and the images of other runs.

    Args:
        params: of the run in the working directory.
        beside: other runs' features.npz, by what they are called.

    Raises:
        UserError: nothing was evaluated yet; images are of another shape, or the same; or something is damaged.
    """
    runs = [_run(f"{params.experiment} (here)", FEATURES), *(_run(name, path) for name, path in beside.items())]
    real = read_split(paths.prepared(params), "test")[0]
    for number, run in enumerate(runs):
        if run.images.shape[1:] != real.shape[1:]:
            raise UserError(
                f"{run.name}: its images are of shape {run.images.shape[1:]}, and the real ones here of "
                f"{real.shape[1:]}: sizes would tell them apart"
            )
        if same := [other.name for other in runs[:number] if other.subject == run.subject]:
            raise UserError(f"{run.name} and {same[0]} have the same images: there is nothing to prefer")
    return Exhibit(runs, real, epochs.load(params))


def label(run: str, taken: Collection[str] = ()) -> str:
    """Return what a run is called in judgements.db, which is committed: of a file the name of its project's folder.

    Args:
        run: a DVC experiment or Git revision, or the path of a features.npz, of which nothing else is kept.
        taken: what others are called; a number tells the run from these.
    """
    name, path = run, Path(run).resolve()
    if path.is_file():
        # features.npz of a project lies where it lies here; any other is called after its own folder.
        at = len(FEATURES.parts) if path.parts[-len(FEATURES.parts) :] == FEATURES.parts else 1
        name = path.parents[at - 1].name or path.stem
    others = (f"{name} ({number})" for number in count(2))
    return name if name not in taken else next(other for other in others if other not in taken)


def _run(name: str, path: Path) -> Run:
    """Return the images in a features.npz."""
    if not path.exists():
        raise UserError(f"{path} is missing: `dvc repro` makes it, and then there are images to judge")
    own = "`dvc checkout --force` brings it back, `dvc repro evaluate` makes it anew"
    with undamaged(path, own if path == FEATURES else "give a features.npz that an evaluate stage left"):
        images = read_arrays(path)["images"]
    return Run(digest(images), name, images)
