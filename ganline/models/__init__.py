"""The catalogue of models: one file a GAN family, and how a trained one is kept and used."""

import importlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganline.core.errors import UserError
from ganline.core.files import read_arrays, undamaged, write_arrays, write_json
from ganline.models.facts import model_facts, recipe_of
from ganline.settings.recipes import Train

Shape = tuple[int, int, int]
"""(H, W, C)."""

if TYPE_CHECKING:
    from ganline.models.base import Model

SINCE = {"frozen_batch_norm": "moving", "keep": 0}
"""Keys of train that models saved before there were any do not have, and what these models did."""
BATCH = 500  # images made at once: large enough to keep the processor busy, small enough for any memory


def build(
    settings: Train, image_shape: Shape, seed: int, classes: int = 0, input_shape: Shape | None = None
) -> "Model":
    """Return the model that `settings.model` (FILE.CLASS) names, with new weights; see ganline.models.base.Model.

    `input_shape` (H, W, C) is that of what a translator is given.
    """
    inputs = {} if input_shape is None else {"input_shape": input_shape}
    module = importlib.import_module(model_facts()[settings.model]["module"])
    return getattr(module, settings.model.partition(".")[2])(settings, image_shape, seed, classes, **inputs)


def save(model: "Model", folder: Path) -> None:
    """Write the trained networks and what rebuilds them into `folder`."""
    write_arrays(folder / "weights.npz", model.weights())
    model.save_beside(folder)
    facts = {
        "settings": model.settings.model_dump(),
        "image_shape": list(model.image_shape),
        "seed": model.seed,
        "classes": model.classes,
    }
    if model.input_shape:
        facts["input_shape"] = list(model.input_shape)
    if model.trained_with:
        facts["trained_with"] = model.trained_with
    write_json(folder / "model.json", facts)


def load(folder: Path) -> "Model":
    """Return the model that `save` wrote into `folder`.

    Raises:
        UserError: `folder` holds no model, or one that is damaged.
    """
    try:
        with undamaged(folder, "`dvc checkout --force` brings it back, `dvc repro` makes it anew"):
            return _load(folder)
    except FileNotFoundError as error:
        raise UserError(f"{folder} holds no trained model ({Path(error.filename).name} is missing)") from None


def _load(folder: Path) -> "Model":
    facts: dict[str, Any] = json.loads((folder / "model.json").read_text())
    weights = read_arrays(folder / "weights.npz")
    from ganline.models.base import assign  # TensorFlow: not before there is something to load

    given = SINCE | facts["settings"]
    recipe = recipe_of(given["model"])  # models saved before there were kinds have keys that mean nothing to theirs
    settings = recipe.model_validate({key: value for key, value in given.items() if key in recipe.model_fields})
    given_shape = tuple(facts["input_shape"]) if "input_shape" in facts else None
    model = build(settings, tuple(facts["image_shape"]), facts["seed"], facts["classes"], given_shape)
    assign(model.weights(), weights)
    model.trained_with = facts.get("trained_with", {})
    model.load_beside(folder)
    return model
