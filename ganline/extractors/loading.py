"""The extractor that the stage before has left."""

import json
from pathlib import Path

from ganline.core.errors import UserError
from ganline.core.files import read_arrays
from ganline.extractors.classifier import classifier
from ganline.extractors.inception import inception_network
from ganline.extractors.network import Extractor


def load(folder: Path) -> Extractor:
    """Return the extractor saved in `folder`.

    Raises:
        UserError: there is none.
    """
    if not (folder / "extractor.json").exists():
        raise UserError(f"{folder} holds no extractor: make it with `dvc repro extractor`")
    facts = json.loads((folder / "extractor.json").read_text())
    shape = tuple(facts["image_shape"])
    network = inception_network(shape, None) if facts["kind"] == "inception" else classifier(shape, facts["classes"])
    arrays = read_arrays(folder / "weights.npz")
    network.set_weights([arrays[name] for name in sorted(arrays)])
    return Extractor(network, facts)
