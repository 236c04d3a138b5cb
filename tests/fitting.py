"""Overrides for tests that run every experiment."""

from collections.abc import Iterable
from pathlib import Path

from ganline.core import yaml_files
from ganline.models.facts import recipe_of

CONF = Path(__file__).parents[1] / "conf"


def fitting(experiment: str, overrides: Iterable[str]) -> list[str]:
    """Return the overrides without those of keys of train that the experiment's model does not know."""
    model = yaml_files.read(CONF / "experiment" / f"{experiment}.yaml")["train"]["model"]
    known = recipe_of(model).model_fields
    keys = {given: given.partition("=")[0].split(".") for given in overrides}
    return [given for given, key in keys.items() if key[0] != "train" or key[1] in known]
