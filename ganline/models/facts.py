"""What the models declare of themselves, read from their files without importing TensorFlow."""

import ast
from functools import cache
from pathlib import Path
from typing import Any

MODELS = Path(__file__).parent
BATCH_NORM = ("discriminator_normalization", "frozen_batch_norm")
"""What concerns the batch norms of the discriminator, and means nothing where there are none."""


@cache
def model_facts() -> dict[str, dict[str, Any]]:
    """Return, for every model as FILE.CLASS, the literals its class declares (see ganline.models.base.Model).

    "module" says where it is: every family has a file in a folder beside this one.

    The files are parsed, not imported, so that checking parameters does not load TensorFlow. A class counts as a
    model when it, or a base class in these files, declares what params.yaml is checked against.
    """
    classes: dict[str, ast.ClassDef] = {}
    files: dict[str, Path] = {}
    for path in sorted(MODELS.glob("**/*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef):
                classes[node.name], files[node.name] = node, path
    facts = {}
    for name, path in files.items():
        literals = _literals(name, classes)
        if path.parent != MODELS and {"network_names", "image_range", "losses", "practices"} <= set(literals):
            refused = literals.get("refuses", ())
            also: tuple[str, ...] = ("labelled_fraction",) if literals.get("semi_supervised") else ()
            also += BATCH_NORM if literals.get("batch_norm") else ()
            facts[f"{path.stem}.{name}"] = literals | {
                "module": f"ganline.models.{path.parent.name}.{path.stem}",
                "losses": tuple(loss for loss in literals["losses"] if loss not in refused),
                "practices": (*(practice for practice in literals["practices"] if practice not in refused), *also),
            }
    return facts


def _literals(name: str, classes: dict[str, ast.ClassDef]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for base in classes[name].bases:
        if isinstance(base, ast.Name) and base.id in classes:
            found |= _literals(base.id, classes)
    for node in classes[name].body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and value:
            try:
                found[target.id] = ast.literal_eval(value)
            except ValueError:
                continue
    return found
