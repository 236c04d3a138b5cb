"""The code that decides what a stage makes: for dvc.yaml, for checkpoints, and for whoever asks whether it changed.

DVC cannot be told of files that depend on a parameter, such as those of the model that is trained, and a folder would
have every new model run all finished trainings again. So the stage `code` writes, for each other stage, the files that
it reaches with these parameters, and DVC compares those lists.
"""

import importlib
import json
from collections.abc import Iterator
from pathlib import Path

from ganline.core.closure import closure
from ganline.core.errors import UserError
from ganline.core.files import sha256
from ganline.core.words import listed as listed_first
from ganline.evaluation import measures
from ganline.line.declared import DVC_YAML
from ganline.models.facts import model_facts
from ganline.robustness.chosen import chosen_attacks, chosen_defences
from ganline.settings.networks import NETWORKS, TRAINED_HERE, module
from ganline.settings.schema import Params
from ganline.studies import studies_of

FOLDER = Path("data/code")
VGG16 = Path("conf/sources/vgg16.yaml")
DEFAULTS = ("attacks", "defences", "robustness")
"""Files of settings whose defaults decide what the study of robustness finds: params.yaml need not name them."""
ATTACKS = ("carlini_wagner", "fgsm", "pgd")
"""What its curves and its attacker who knows the defence use, whatever is asked for."""
SHOWN = 5
PACKAGES = ("ganline", "stages")
DECIDE_NOTHING = (
    "ganline/catalogue/", "ganline/line/", "ganline/settings/", "ganline/tracking/", "ganline/core/addresses.py",
    "ganline/core/closure.py", "ganline/core/errors.py", "ganline/core/files.py",
    "ganline/core/progress.py", "ganline/datasets/damage.py", "stages/__init__.py", "stages/runner.py",
)  # fmt: skip
"""How every stage reads its parameters, refuses them, writes files and tells what it does: no result depends on it."""


def code(stage: str, params: Params) -> dict[str, str]:
    """Return the sha256 of each file of the project that decides what a stage makes, by its path.

    Of a stage that has weights of others fetched that is also what pins them.
    """
    # Where nothing is known of stages, somebody trains outside a project: with the program that this file is part of.
    root = Path() if DVC_YAML.exists() else Path(__file__).parents[2]
    starts = [f"stages.{stage}", *_by_name(stage, params)]
    files = closure(starts, root, PACKAGES, DECIDE_NOTHING)
    files += [VGG16] if stage == "train" and _perceives(params) else []
    if stage == "study" and params.robustness.attacks:
        files += [Path("ganline/settings") / f"{name}.py" for name in DEFAULTS]
    if stage == "extractor":
        files += [weights.sources for kind in params.extractor.kinds if (weights := NETWORKS[kind].fetched)]
    return {str(path): sha256(root / path) for path in files}


def listed(stage: str) -> Path:
    """Return the file that DVC compares: what `code` returned when the stage `code` ran."""
    return FOLDER / f"{stage}.json"


def require_listed(stage: str, now: dict[str, str]) -> None:
    """Refuse to run a stage with other code than DVC was told of.

    Raises:
        UserError: says which files differ.
    """
    if not listed(stage).exists():
        return  # whoever runs stages by hand need not tell DVC
    if (told := json.loads(listed(stage).read_text())) != now:
        files = sorted(name for name in told.keys() | now.keys() if told.get(name) != now.get(name))
        raise UserError(
            f"{listed_first(files, SHOWN)}: changed since DVC was told what {stage} runs ({listed(stage)}); "
            f"`dvc repro {stage}` tells it, and runs what has changed"
        )


def _perceives(params: Params) -> bool:
    """Return whether the training compares images through VGG."""
    return bool(model_facts()[params.train.model].get("perceives"))


def _by_name(stage: str, params: Params) -> Iterator[str]:
    """Yield the modules that a stage imports by a name that parameters give."""
    if stage in ("extractor", "train", "evaluate", "study"):
        yield from map(module, params.extractor.kinds)
    if stage == "extractor" and set(params.extractor.kinds) - set(TRAINED_HERE):
        yield "ganline.extractors.networks"
    if stage in ("train", "evaluate", "study"):
        yield model_facts()[params.train.model]["module"]
    if stage == "train" and _perceives(params):
        yield "ganline.extractors.vgg"
    if stage == "evaluate":
        yield from (f"ganline.metrics.{name}" for name in measures.named(params.evaluate.metrics))
    if stage == "study":
        for study in (f"ganline.studies.{name}" for name in studies_of(params)):
            yield study
            yield from (f"{study}.{part}" for part in importlib.import_module(study).PARTS)
        if params.robustness.attacks:
            attacks = {*chosen_attacks(params.robustness), *ATTACKS}
            yield from (f"ganline.robustness.attacks.{name}" for name in sorted(attacks))
            yield from (f"ganline.robustness.defences.{name}" for name in chosen_defences(params.robustness))
