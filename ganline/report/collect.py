"""All that the page shows, from the files that the stages before left."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd

from ganline.core.abilities import lacking
from ganline.core.files import read_arrays
from ganline.datasets.prepared import read_facts, read_split
from ganline.models.facts import model_facts
from ganline.report.content import Content, Pairs, Part, Sample, Study
from ganline.report.numbers import metric_rows
from ganline.settings import paths
from ganline.settings.schema import Params


def collect(params: Params) -> Content:
    """Return all that the page shows.

    Raises:
        UserError: a stage before has left nothing here.
    """
    evaluated = read_arrays(paths.EVALUATE / "features.npz")
    real, generated, conditions = panels(params, evaluated)
    return Content(
        params=params.model_dump(),
        dataset=read_facts(paths.prepared(params)),
        extractor=_json(paths.extractor(params) / "extractor.json"),
        beside=_json(paths.beside(params) / "extractor.json") if len(params.extractor.kinds) > 1 else {},
        history=pd.read_csv(paths.TRAIN / "history.csv"),
        samples=[
            Sample(int(path.stem.split("-")[1]), _image(path)) for path in sorted(paths.TRAIN.glob("samples/*.png"))
        ],
        diagnosis=_json(paths.TRAIN / "diagnosis.json"),
        metrics=_json(paths.EVALUATE / "metrics.json"),
        protocol=_json(paths.EVALUATE / "protocol.json"),
        real=real,
        generated=generated,
        conditions=conditions,
        pairs=pairs(params, evaluated),
        studies=studies(),
    )


def studies() -> list[Study]:
    """Return what the parts of each study found, with their figures and numbers."""
    values, protocol = (_json(paths.STUDY / file) for file in ("metrics.json", "protocol.json"))
    found: dict[str, Study] = {}
    for entry in _json(paths.STUDY / "findings.json"):
        study = found.setdefault(entry["study"], Study(entry["study"], []))
        study.parts.append(
            Part(
                entry["title"],
                entry.get("left_out", ""),
                entry.get("words", []),
                entry.get("tables", []),
                [(_picture(paths.STUDY / figure["file"]), figure) for figure in entry.get("figures", [])],
                metric_rows({name: values[name] for name in entry.get("numbers", [])}, protocol),
            )
        )
    return list(found.values())


def panels(params: Params, evaluated: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, int]:
    """Return held-out images and samples, uint8 (N, H, W, C) each, N at most report.images and equal for both.

    The samples of a conditional generator are sorted by the class or code they were asked for, equally many of each.
    The number of these is the third value, 0 for other generators.

    Args:
        params: of the run.
        evaluated: features.npz of the stage evaluate: "images", and "labels" where these were asked for.
    """
    test, _ = read_split(paths.prepared(params), "test")
    count = min(params.report.images, len(test), len(evaluated["images"]))
    chosen, conditions = np.arange(count), 0
    if "labels" in evaluated:
        chosen, conditions = _by_label(evaluated["labels"], count)
    evenly = np.linspace(0, len(test) - 1, len(chosen)).astype(int)  # a split may be ordered by class
    return test[evenly], evaluated["images"][chosen], conditions


def _by_label(labels: np.ndarray, count: int) -> tuple[np.ndarray, int]:
    """Return the positions of at most `count` samples, the first of each label, and the number of labels among them."""
    present, sizes = (part[:count] for part in np.unique(labels, return_counts=True))
    each = min(count // len(present), sizes.min())
    return np.concatenate([np.flatnonzero(labels == label)[:each] for label in present]), len(present)


def pairs(params: Params, evaluated: dict[str, np.ndarray]) -> Pairs | None:
    """Return what a translator was given, what it made of it and what it should have made; None of other models.

    Args:
        params: of the run; report.images are shown, at most.
        evaluated: features.npz of the stage evaluate: of a translator "inputs" beside "images", "partners" where what
            each image should be is known, and "styles" where it draws in these; uint8 (N, H, W, C) each, every one of a
            size and channels of its own.
    """
    if lacking(("inputs",), model_facts()[params.train.model]["abilities"]):
        return None
    count = min(params.report.images, len(evaluated["images"]))
    chosen = np.linspace(0, len(evaluated["images"]) - 1, count).astype(int)
    targets, styles = (evaluated[name][chosen] if name in evaluated else None for name in ("partners", "styles"))
    return Pairs(evaluated["inputs"][chosen], evaluated["images"][chosen], targets, styles)


def _json(path: Path) -> Any:
    return json.loads(path.read_text())


def _picture(path: Path) -> np.ndarray | bytes:
    """Return a PNG as an array, a GIF as it is."""
    return path.read_bytes() if path.suffix == ".gif" else _image(path)


def _image(path: Path) -> np.ndarray:
    """Return a PNG as uint8 (h, w, C), RGB where it has colours."""
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    return image[:, :, None] if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
