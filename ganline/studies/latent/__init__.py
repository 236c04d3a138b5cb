"""Explore the generator's latent space: the parts of this package, one after the other.

Writes reports/study/: findings.json (what each part found or why it was left out, with the names of its files),
figures/ (PNG, and GIF where they move), latents.npz (latents and directions worth keeping), metrics.json (the numbers
that compare across runs) and protocol.json (how to read each and how it was made).
"""

import importlib
import math
from pathlib import Path
from typing import Any

import numpy as np

from ganline.core.errors import UserError
from ganline.core.figures import write_gif, write_png
from ganline.core.files import whole_folder, write_arrays, write_json
from ganline.datasets.prepared import read_facts
from ganline.evaluation.images import real_images
from ganline.settings import paths
from ganline.settings.schema import Params
from ganline.studies.latent.base import Figure, Finding, LeftOut, Number, Space
from ganline.tracking.tracker import Tracker

PARTS = (
    "samples", "interpolation", "conditions", "attributes", "arithmetic", "perturbation", "directions", "sensitivity",
    "disentanglement", "truncation", "smoothness", "manifold", "memorisation", "inversion",
)  # fmt: skip
"""The files of this package that are parts, in the order of the report."""


def run(params: Params, tracker: Tracker) -> None:
    """Run every part, write what it found, and record it."""
    space = load(params)
    with whole_folder(paths.STUDY) as folder:
        numbers = write(folder, explore(space), facts(space))
    tracker.metrics(numbers)
    tracker.artifact(paths.STUDY, "study")


def load(params: Params) -> Space:
    """Return the space of the trained generator in models/gan.

    Raises:
        UserError: a stage before this one has left nothing here.
    """
    from ganline import models  # TensorFlow loads here, not when the stage is imported
    from ganline.extractors import network as extractors

    model = models.load(paths.GAN)
    train, test = (real_images(params, split) for split in ("train", "test"))
    classes = read_facts(paths.prepared(params))["classes"]
    extractor = extractors.load(paths.extractor(params))
    return Space(models.Generator(model), model, extractor, train, test, classes, params)


def explore(space: Space) -> dict[str, tuple[str, Finding | str]]:
    """Return by part its title and its finding, or why it was left out."""
    found: dict[str, tuple[str, Finding | str]] = {}
    for name in PARTS:
        part = importlib.import_module(f"ganline.studies.latent.{name}")
        print(f"study: {part.TITLE}", flush=True)
        try:
            finding = part.find(space)
            found[name] = part.TITLE, finding
            space.kept.update({f"{name}/{kept}": some for kept, some in finding.latents.items()})
        except (LeftOut, UserError) as reason:
            print(f"study: {part.TITLE} is left out: {reason}", flush=True)
            found[name] = part.TITLE, str(reason)
    return found


def facts(space: Space) -> dict[str, Any]:
    """Return what the protocol of every number says."""
    extractor = space.extractor.facts
    return {
        "extractor": extractor["kind"],
        "extractor_weights_sha256": extractor.get("weights_sha256", ""),
        "samples": space.settings.samples,
        "seed": space.seed,
    }


def write(
    folder: Path, found: dict[str, tuple[str, Finding | str]], made_under: dict[str, Any]
) -> dict[str, float | int]:
    """Write all files of the stage into `folder`; return the numbers by their full names."""
    index: list[dict[str, Any]] = []
    latents: dict[str, np.ndarray] = {}
    numbers: dict[str, Number] = {}
    for part, (title, finding) in found.items():
        if isinstance(finding, str):
            index.append({"part": part, "title": title, "left_out": finding})
            continue
        files = [_write_figure(folder, part, name, figure) for name, figure in finding.figures.items()]
        mine = {f"latent_{part}_{name}": number for name, number in finding.numbers.items()}
        numbers |= mine
        kept = {f"{part}/{name}": some for name, some in finding.latents.items()}
        latents |= {name: some.values.astype(np.float32) for name, some in kept.items()}
        told = {name: {"names": list(some.names), "kind": some.kind} for name, some in kept.items()}
        index.append(
            {"part": part, "title": title, "words": finding.words,
             "tables": [table._asdict() for table in finding.tables], "figures": files, "numbers": list(mine),
             "latents": told}
        )  # fmt: skip
    values = {name: _rounded(name, number.value) for name, number in numbers.items()}
    protocol = {name: made_under | _words(number) for name, number in numbers.items()}
    write_json(folder / "findings.json", index)
    write_json(folder / "metrics.json", values)
    write_json(folder / "protocol.json", protocol)
    write_arrays(folder / "latents.npz", latents)
    (folder / "figures").mkdir(exist_ok=True)
    return values


def _write_figure(folder: Path, part: str, name: str, figure: Figure) -> dict[str, str]:
    moves = figure.image.ndim == 4
    file = f"figures/{part}-{name}.{'gif' if moves else 'png'}"
    (write_gif if moves else write_png)(folder / file, figure.image)
    return {"file": file, "title": figure.title, "caption": figure.caption}


def _words(number: Number) -> dict[str, Any]:
    return {"group": "latent", "label": number.label, "better": number.better, "how_to_read": number.reading}


def _rounded(name: str, value: float) -> float | int:
    if not math.isfinite(value):
        raise ValueError(f"{name} = {value}: numbers must be finite")
    # BLAS's last digits depend on its number of threads; DVC must not see them.
    return value if isinstance(value, int) else float(f"{value:.6g}")
