"""The extractor that the stage before has left."""

import importlib
import json
from pathlib import Path

from ganline.core.errors import UserError
from ganline.core.files import read_arrays
from ganline.extractors.network import Extractor
from ganline.settings.networks import module


def load(folder: Path) -> Extractor:
    """Return the extractor saved in `folder`.

    Raises:
        UserError: there is none.
    """
    if not (folder / "extractor.json").exists():
        raise UserError(f"{folder} holds no extractor: make it with `dvc repro extractor`")
    facts = json.loads((folder / "extractor.json").read_text())
    told = facts.get("given", {}) | ({"classes": facts["classes"]} if facts["classes"] else {})
    network = importlib.import_module(module(facts["kind"])).network(tuple(facts["image_shape"]), None, **told)
    arrays = read_arrays(folder / "weights.npz")
    network.set_weights([arrays[name] for name in sorted(arrays)])
    return Extractor(network, facts)
