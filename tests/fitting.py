"""Models, batches and overrides for tests that run every experiment."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from ganline.core import yaml_files
from ganline.datasets import inputs
from ganline.models.facts import model_facts, recipe_of
from ganline.settings.recipes import Translation
from ganline.settings.schema import Params

CONF = Path(__file__).parents[1] / "conf"


def fitting(experiment: str, overrides: Iterable[str]) -> list[str]:
    """Return the overrides without those of keys of train that the experiment's model does not know."""
    model = yaml_files.read(CONF / "experiment" / f"{experiment}.yaml")["train"]["model"]
    recipe = recipe_of(model)
    known = recipe.model_fields
    # Translators are made for pictures of 256 pixels, which take minutes; a later override has the last word.
    side = max(16, model_facts()[model].get("size_multiple", 1))
    overrides = [*([f"prepare.size={side}"] if issubclass(recipe, Translation) else []), *overrides]
    keys = {given: given.partition("=")[0].split(".") for given in overrides}
    return [given for given, key in keys.items() if key[0] != "train" or key[1] in known]


def built(params: Params, seed: int, shape: tuple[int, int, int] | None = None):
    """Return the model of a run on data of ten classes, of images of `shape` where that is not the run's."""
    from ganline import models  # TensorFlow

    own = (params.prepare.size, params.prepare.size, params.prepare.channels)
    return models.build(params.train, shape or own, seed, 10, inputs.shape(params))


def given(model, count: int) -> dict[str, Any]:
    """Return "input", random uint8 (count, H, W, C), where the model is a translator."""
    shape = model.input_shape
    return {"input": np.random.default_rng(1).integers(0, 256, (count, *shape), np.uint8)} if shape else {}
