"""Bring to the page of `ganline people` what there is to judge."""

from collections.abc import Mapping
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


def _run(name: str, path: Path) -> Run:
    """Return the images in a features.npz."""
    if not path.exists():
        raise UserError(f"{path} is missing: `dvc repro` makes it, and then there are images to judge")
    with undamaged(path, "`dvc checkout --force` brings it back, `dvc repro evaluate` makes it anew"):
        images = read_arrays(path)["images"]
    return Run(digest(images), name, images)
