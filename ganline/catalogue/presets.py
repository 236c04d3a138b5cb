"""How an experiment of the catalogue in conf/ is composed into the parameters of a run."""

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Len
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import BaseModel, TypeAdapter, ValidationError
from yaml import YAMLError

from ganline.catalogue import overrides as given
from ganline.catalogue.check import check, named_model
from ganline.catalogue.named import CONF, names
from ganline.core import yaml_files
from ganline.core.errors import UserError
from ganline.models.facts import model_facts, recipe_of
from ganline.settings.schema import Params

GROUPS = ("experiment", "dataset")
RECIPE = "recipe"
"""The group of the defaults of each kind of model; experiments choose from it, not users."""
CANNOT_COMPOSE = (HydraException, OmegaConfBaseException, YAMLError, UnicodeDecodeError, RecursionError, ValueError)
"""What Hydra and OmegaConf raise for files and keys that they cannot read."""


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
        return TypeAdapter(Annotated[list[Entry], Len(1)]).validate_python(yaml_files.read(path))
    except ValidationError as error:
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
    groups, values = _read(overrides, conf)
    try:
        config = _composed([f"experiment={experiment}", *groups], conf)
        preset = str(OmegaConf.select(config, "train.model"))
        _same_dataset(str(OmegaConf.select(config, "download.dataset")), values.get("download.dataset"), conf)
        # Values are merged here, not by Hydra, so that every wrong key is found at once and named by the schema.
        for key, value in values.items():
            OmegaConf.update(config, key, value, merge=True)
        content: Any = OmegaConf.to_container(config, resolve=True)
    except CANNOT_COMPOSE as error:
        raise UserError(f"cannot compose {experiment}: {error}") from None
    _same_kind(experiment, preset, named_model(content), conf)
    return check(content, " ".join([experiment, *overrides]))


def _read(overrides: Sequence[str], conf: Path) -> tuple[list[str], dict[str, Any]]:
    """Return the overrides that choose from groups of the catalogue, and the values of the others by key."""
    groups, values = [], {}
    for override in overrides:
        key, value = given.read(override)
        if key == "experiment":
            raise UserError(
                f"{override}: an experiment is named first, and no override: {value} [section.key=value ...]"
            )
        if key in GROUPS:
            _known(key, value, conf)
            groups.append(override)
        else:
            values[key] = value
    return groups, values


def _same_dataset(chosen: str, named: Any, conf: Path) -> None:
    """Refuse another dataset's name for the pictures of the one that was chosen; a name of one's own is none."""
    if named != chosen and named in names("dataset", conf):
        raise UserError(
            f"download.dataset = {named}: that is what the pictures of {chosen} would be called; for those of "
            f"{named} write dataset={named}"
        )


def _same_kind(experiment: str, preset: str, model: str, conf: Path) -> None:
    """Refuse a model whose recipe has other keys than the experiment's: nobody could name their values."""
    if {preset, model} <= set(model_facts()) and recipe_of(model) is not recipe_of(preset):
        alike = [known for known in model_facts() if recipe_of(known) is recipe_of(model)]
        fit = [name for name in names("experiment", conf) if _model(name, conf) in alike]
        raise UserError(
            f"train.model = {model} takes other keys than {preset}, the model of {experiment}: begin with an "
            f"experiment whose model takes the same ({', '.join(fit)})"
        )


def _model(experiment: str, conf: Path) -> str:
    return named_model(yaml_files.read(conf / "experiment" / f"{experiment}.yaml"))


def _composed(chosen: Sequence[str], conf: Path) -> DictConfig:
    """Return what Hydra makes of the chosen files, which hold nothing that DVC would read differently."""
    with initialize_config_dir(str(conf.resolve()), version_base=None):
        config = compose("config", list(chosen), return_hydra_config=True)
    for group, name in config.hydra.runtime.choices.items():
        if group in (*GROUPS, RECIPE):
            yaml_files.read(conf / group / f"{name}.yaml")
    yaml_files.read(conf / "config.yaml")
    OmegaConf.set_struct(config, False)
    del config["hydra"]
    return config


def _known(group: str, name: object, conf: Path) -> None:
    allowed = names(group, conf)
    if name not in allowed:
        nearest = difflib.get_close_matches(str(name), allowed, n=1)
        hint = f"; did you mean {nearest[0]}?" if nearest else ""
        raise UserError(f"no {group} {str(name)[:100]!r}{hint or '.'} Known: {', '.join(allowed)}")
