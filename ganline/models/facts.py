"""What models and losses declare of themselves, read from their files without importing TensorFlow."""

import ast
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from ganline.settings.recipes import PARTNER, Latents, Train, Translation, recipes

MODELS = Path(__file__).parent
LOSSES = MODELS / "losses.py"
BATCH_NORM = ("discriminator_normalization", "frozen_batch_norm")
"""What concerns the batch norms of the discriminator, and means nothing where there are none."""


class Declared(NamedTuple):
    """What a class says of itself."""

    bases: list[str]
    literals: dict[str, Any]


@cache
def model_facts() -> dict[str, dict[str, Any]]:
    """Return, for every model as FILE.CLASS, the literals its class declares (see ganline.models.base.Model).

    "module" says where it is: every family has a file in a folder beside this one. The files are parsed, not imported,
    so that checking parameters does not load TensorFlow. A class of a family counts as a model when it, or a base class
    in these files, names its networks.
    """
    classes: dict[str, Declared] = {}
    files: dict[str, Path] = {}
    for path in sorted(MODELS.glob("**/*.py")):
        found = _classes(path)
        classes |= found
        files |= dict.fromkeys(found, path)
    facts = {}
    for name, path in files.items():
        literals = _literals(name, classes)
        if path.parent != MODELS and "network_names" in literals:
            module = f"ganline.models.{path.parent.name}.{path.stem}"
            facts[f"{path.stem}.{name}"] = literals | {"module": module} | _taken(literals)
    return facts


def _taken(literals: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return which losses and practices a model takes."""
    refused = literals.get("refuses", ())
    practices = (practice for practice in literals["practices"] if practice not in refused)
    also: tuple[str, ...] = ("labelled_fraction",) if literals.get("semi_supervised") else ()
    also += BATCH_NORM if literals.get("batch_norm") else ()
    losses = (name for name, loss in loss_facts().items() if not any(loss.get(what) for what in refused))
    return {"losses": literals.get("losses") or tuple(losses), "practices": (*practices, *also)}


@cache
def loss_facts() -> dict[str, dict[str, Any]]:
    """Return, for every adversarial loss by the value of train.loss, its literals (see ganline.models.losses.Loss)."""
    classes = _classes(LOSSES)
    named = [name for name, declared in classes.items() if "name" in declared.literals]
    return {(literals := _literals(name, classes))["name"]: literals for name in named}


def recipe_of(model: str) -> type[Train]:
    """Return what the section `train` of params.yaml holds for a model, FILE.CLASS."""
    return recipes()[model_facts()[model]["recipe"]]


def latents_of(settings: Train) -> tuple[int, str]:
    """Return how many numbers a latent of the model has, and their prior (see ganline.settings.recipes.Latents)."""
    if isinstance(settings, Latents):
        return settings.latent_dim, settings.noise
    fixed = model_facts()[settings.model]
    return fixed["latent_dim"], fixed["noise"]


def learns_unpaired(settings: Train) -> bool:
    """Return whether the model makes images of others, and learns it without knowing which belongs to which."""
    return isinstance(settings, Translation) and settings.input == PARTNER and not needs_pairs(settings.model)


def needs_pairs(model: str) -> bool:
    """Return whether the training of a model, FILE.CLASS, takes the true partner of each image."""
    return "pairs" in model_facts().get(model, {}).get("needs", ())


def adversaries_of(model: str) -> tuple[str, ...]:
    """Return the names of the networks of a model, FILE.CLASS, that judge what others make; none where none does."""
    return tuple(model_facts()[model].get("adversaries", ()))


def _classes(path: Path) -> dict[str, Declared]:
    # What is parsed is let go of here: kept, the trees of all files make Python look for garbage among them, which
    # takes longer than parsing.
    return {
        node.name: Declared([base.id for base in node.bases if isinstance(base, ast.Name)], _own_literals(node))
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef)
    }


def _literals(name: str, classes: dict[str, Declared]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for base in classes[name].bases:
        if base in classes:
            found |= _literals(base, classes)
    return found | classes[name].literals


def _own_literals(of: ast.ClassDef) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for node in of.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and value:
            try:
                found[target.id] = ast.literal_eval(value)
            except ValueError:
                continue
    return found
