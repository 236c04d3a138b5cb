"""What the stages before evaluate leave, made at once: pictures, and what an untrained network sees in them."""

import numpy as np
import yaml

from ganline.core.files import write_arrays, write_json
from ganline.extractors.classifier import classifier
from ganline.extractors.network import Extractor, facts_of
from ganline.settings import paths
from tests.stages.test_evaluate import CONF

TURNS = ["0", "90", "180", "270"]


def leave(params, splits, classes=(), **facts):
    """Leave each split's arrays by name, and features of its images; of pictures without classes by their rotation.

    Features of any kind do. Returns the extractor.
    """
    folder, where = paths.prepared(params), paths.extractor(params)
    shape, told = splits["train"]["images"].shape[1:], list(classes or TURNS)
    network = classifier(shape, told)
    extractor = Extractor(network, facts_of("classifier" if classes else "rotation", told, network, shape, "none"))
    extractor.save(where)
    folder.mkdir(parents=True)
    write_json(folder / "dataset.json", {"classes": list(classes), "image_shape": shape} | facts)
    for split, arrays in splits.items():
        for name, array in arrays.items():
            np.save(folder / f"{split}_{name}.npy", array)
        write_arrays(where / f"{split}_features.npz", extractor.extract(arrays["images"])._asdict())
    return extractor


def lose_lpips(folder):
    """Leave a list of LPIPS's sources of which none is there."""
    (folder / "conf/sources").mkdir(parents=True)
    nowhere = yaml.safe_load((CONF / "sources/lpips.yaml").read_text()) | {"sources": [{"folder": "nowhere"}]}
    (folder / "conf/sources/lpips.yaml").write_text(yaml.safe_dump(nowhere))
