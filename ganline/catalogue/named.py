"""What can be chosen from conf/ by name: listed without Hydra, so that a list is there at once."""

from pathlib import Path

from ganline.core.errors import UserError

CONF = Path("conf")


def names(group: str, conf: Path = CONF) -> list[str]:
    """Return the names in a group of the catalogue ("experiment" or "dataset"): those of files, so not of folders.

    Raises:
        UserError: `conf` is not there.
    """
    if not (conf / group).is_dir():
        raise UserError(f"no {conf / group} here: run this in the root of a Ganline project")
    return sorted(path.stem for path in (conf / group).glob("*.yaml") if path.is_file())


def description(experiment: str, conf: Path = CONF) -> str:
    """Return the first comment line of an experiment's file, which says what it is."""
    lines = (conf / "experiment" / f"{experiment}.yaml").read_text("utf-8", "replace").splitlines()
    comments = [line[1:].strip() for line in lines if line.startswith("#") and "@package" not in line]
    return comments[0] if comments else ""
