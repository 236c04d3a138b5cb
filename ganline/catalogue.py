"""The catalogue of experiments in conf/, and how one is composed into the parameters of a run."""

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import yaml
from annotated_types import Len
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import BaseModel, TypeAdapter, ValidationError

from ganline.errors import UserError
from ganline.params import Params, check

CONF = Path("conf")
GROUPS = ("experiment", "dataset")


def names(group: str, conf: Path = CONF) -> list[str]:
    """Return the names in a group of the catalogue ("experiment" or "dataset").

    Raises:
        UserError: `conf` is not there.
    """
    if not (conf / group).is_dir():
        raise UserError(f"no {conf / group} here: run this in the root of a Ganline project")
    return sorted(path.stem for path in (conf / group).glob("*.yaml"))


def description(experiment: str, conf: Path = CONF) -> str:
    """Return the first comment line of an experiment's file, which says what it is."""
    lines = (conf / "experiment" / f"{experiment}.yaml").read_text().splitlines()
    comments = [line[1:].strip() for line in lines if line.startswith("#") and "@package" not in line]
    return comments[0] if comments else ""


class Entry(BaseModel, extra="forbid"):
    """One run of a suite."""

    experiment: str
    overrides: list[str] = []


def suite(name: str, conf: Path = CONF) -> list[Entry]:
    """Return the runs of a suite: the content of conf/suites/NAME.yaml.

    Raises:
        UserError: there is no such suite, or it is not a list of experiments with overrides.
    """
    _known("suites", name, conf)
    path = conf / "suites" / f"{name}.yaml"
    try:
        return TypeAdapter(Annotated[list[Entry], Len(1)]).validate_python(yaml.safe_load(path.read_text()))
    except (yaml.YAMLError, ValidationError) as error:
        raise UserError(
            f"{path} must be a list of entries with experiment and, if need be, overrides: {error}"
        ) from None


def compose_params(experiment: str, overrides: Sequence[str] = (), conf: Path = CONF) -> Params:
    """Return the parameters of an experiment, composed and checked.

    Args:
        experiment: a name in conf/experiment.
        overrides: "dataset=NAME" or "section.key=value" (a value as in YAML).
        conf: the catalogue's folder.

    Raises:
        UserError: a name, key or value is not allowed; all wrong keys and values are listed.
    """
    _known("experiment", experiment, conf)
    chosen, values = [f"experiment={experiment}"], []
    for override in overrides:
        key, equals, value = override.partition("=")
        if not equals:
            raise UserError(f"{override!r}: write section.key=value")
        if key in GROUPS:
            _known(key, value, conf)
            chosen.append(override)
        else:
            values.append(override)
    try:
        with initialize_config_dir(str(conf.resolve()), version_base=None):
            config = compose("config", chosen)
        # Values are merged here, not by Hydra, so that every wrong key is found at once and named by the schema.
        OmegaConf.set_struct(config, False)
        content = OmegaConf.to_container(OmegaConf.merge(config, OmegaConf.from_dotlist(values)), resolve=True)
    except (HydraException, OmegaConfBaseException) as error:
        raise UserError(f"cannot compose {experiment}: {error}") from None
    return check(content, " ".join([experiment, *overrides]))


def _known(group: str, name: str, conf: Path) -> None:
    allowed = names(group, conf)
    if name not in allowed:
        nearest = difflib.get_close_matches(name, allowed, n=1)
        hint = f"; did you mean {nearest[0]}?" if nearest else ""
        raise UserError(f"no {group} {name!r}{hint} Known: {', '.join(allowed)}")
