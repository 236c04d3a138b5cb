"""Which experiment the next `dvc repro` runs: params.yaml is written for it (`ganline use`)."""

from collections.abc import Sequence
from pathlib import Path

from ganline.catalogue.presets import compose_params
from ganline.core import yaml_files
from ganline.core.errors import UserError
from ganline.core.files import write_text
from ganline.datasets import listing
from ganline.datasets.own_pictures import linked
from ganline.settings import paths
from ganline.tracking import spool
from pipelines import running


def choose(experiment: str, overrides: Sequence[str]) -> None:
    """Write params.yaml for an experiment of the catalogue.

    Raises:
        UserError: a name, key or value is not allowed, or a pipeline runs here; params.yaml is left as it was.
    """
    params = compose_params(experiment, overrides)
    _require_source(params.download.source, paths.raw(params))
    if not Path(params.latent.points).is_file():  # dvc would say so, but not before all else is done
        raise UserError(
            f"latent.points = {yaml_files.shown(params.latent.points)}: there is no such file; "
            "`git checkout latents.json` brings the project's own back, which may hold no more than {}"
        )
    running.refuse("params.yaml is left as it was")
    params = linked(params, spool.project_root())
    write_text(Path("params.yaml"), yaml_files.dump(params.model_dump()))


def _require_source(source: str, copied_to: Path) -> None:
    """Refuse (UserError) a download.source that is not there, or on which dvc would fail before our code runs.

    DVC 3.67 reads all of a folder first, and ends at a link that leads nowhere or a name that is not UTF-8; and the
    folder that a stage writes it deletes.
    """
    try:
        Path(source).stat()
    except (OSError, ValueError) as error:  # ValueError: a NUL in it
        reason = error.strerror if isinstance(error, OSError) else str(error)
        home = " (write out ~: no shell opens it there)" if source.startswith("~") else ""
        raise UserError(
            f"download.source = {yaml_files.shown(source)}: there is no such file or folder: {reason}{home}"
        ) from None
    if Path(source).resolve().is_relative_to(copied_to.resolve()):
        raise UserError(
            f"download.source = {yaml_files.shown(source)}: {copied_to} is where the pipeline puts its copy, and dvc "
            "empties it first; move your pictures to a folder of their own, such as data/mine"
        )
    if Path(source).is_dir():
        listing.files(Path(source))
