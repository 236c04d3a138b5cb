"""Prepared data small enough for any test."""

from pathlib import Path

import numpy as np

from ganline.catalogue.presets import compose_params
from ganline.core.files import write_json
from ganline.datasets.prepared import read_facts
from ganline.settings import paths

CONF = Path(__file__).parents[1] / "conf"
LABELS = np.arange(200, dtype=np.int32) % 4


def project(folder, monkeypatch, experiment, *overrides, size=28, labels=LABELS):
    """Prepared data of 200 images in the current directory; return the parameters and the facts."""
    monkeypatch.chdir(folder)
    params = compose_params(experiment, ["dataset=digits", *overrides], CONF)
    data = paths.prepared(params)
    data.mkdir(parents=True, exist_ok=True)
    np.save(data / "train_images.npy", np.zeros((200, size, size, 1), np.uint8))
    if labels is not None:
        np.save(data / "train_labels.npy", labels)
    names = [] if labels is None else [str(label) for label in np.unique(labels)]
    write_json(data / "dataset.json", {"dataset": "digits", "image_shape": [size, size, 1], "classes": names})
    return params, read_facts(data)
