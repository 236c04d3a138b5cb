"""What a training is judged by while it runs, and what is said of it at its end."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ganline.core.abilities import lacking
from ganline.datasets import inputs
from ganline.diagnosis.looks import SAMPLED
from ganline.diagnosis.pair_probe import PairProbe
from ganline.diagnosis.probe import CannotJudgeError, Describe, Probe, pixels
from ganline.diagnosis.remedies import advise
from ganline.diagnosis.unpaired_probe import UnpairedProbe
from ganline.extractors.judges import judges, with_abilities
from ganline.models.base import Model
from ganline.models.facts import adversaries_of, learns_unpaired, loss_facts, model_facts
from ganline.settings import paths
from ganline.settings.recipes import Translation
from ganline.settings.schema import Params
from ganline.training.loop import Trained
from ganline.training.monitor import AnyProbe


def extractor_files(params: Params) -> list[Path]:
    """Return the files of the feature extractor that `probe` looks through, if it does."""
    watching = with_abilities(params, "fast to look")
    files = (watching.folder / name for name in ("extractor.json", "weights.npz")) if watching else ()
    return [path for path in files if path.exists()]  # of several machines the chief alone looks


def probe(params: Params, images: np.ndarray) -> AnyProbe | str:
    """Return what holds samples against the training images, uint8 (N, H, W, C), or why there is none."""
    if reason := lacking(("fast to draw",), model_facts()[params.train.model]["abilities"], params.train.model):
        return f"{reason} for its samples to be looked at while it trains"
    try:
        if isinstance(params.train, Translation):
            folder, name = paths.prepared(params), params.train.input
            given = inputs.read(params, "train")
            if learns_unpaired(params.train):
                return UnpairedProbe(given, images, _describer(params), params.seed)
            if not inputs.paired(folder, name):
                return "no input has a true partner that its translation could be held against"
            return PairProbe(given, images, params.seed)
        return Probe(images, _describer(params), params.seed)
    except CannotJudgeError as reason:
        return str(reason)


def _describer(params: Params) -> Describe:
    watching = with_abilities(params, "fast to look")
    if not watching:
        return pixels
    from ganline.extractors.loading import load

    extractor = load(watching.folder)
    by_class = not watching.lacks("classes")

    def describe(images: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        found = extractor.describe(images)
        return found.features, found.probabilities if by_class else None

    return describe


def diagnosis(
    trained: Trained, model: Model, params: Params, accepted: Callable[[dict[str, Any]], bool], replicas: int | None
) -> dict[str, Any]:
    """Return what diagnosis.json holds: the verdict with its causes and remedies, and what a reader must know of it.

    Args:
        trained: what the training left.
        model: the trained model.
        params: of the run, its precision settled.
        accepted: whether such a params.yaml would be accepted.
        replicas: the devices of a training that a strategy lays over several; they decided its bits. None for others.
    """
    verdict = trained.verdict
    weights = {n: sum(int(np.prod(w.shape)) for w in k.trainable_weights) for n, k in model.networks.items()}
    loss, adversaries = loss_facts().get(params.train.loss, {}), adversaries_of(params.train.model)
    advice = advise(verdict, params, weights, accepted, _best_step(trained), loss=loss, adversaries=adversaries)
    content = verdict.as_dict() | advice
    content |= {
        "steps": trained.step,
        "kept_step": trained.kept,
        "ended_early": trained.step < params.train.steps,
        "training_precision": params.compute.precision,
        "cannot_judge": trained.cannot_judge,
        "doubts": _doubts(params),
    }
    return content if replicas is None else content | {"replicas": replicas}


def _best_step(trained: Trained) -> int:
    """Return the step of the look at which the samples were best, 0 without one."""
    table = trained.history.table()
    for scores in (table[name] for name in SAMPLED if name in table):
        return int(table["step"][np.nanargmin(scores)])
    return 0


def _doubts(params: Params) -> list[str]:
    """Return why little is known by the extractors that the samples were held against, and will be judged by."""
    facts = [judge.folder / "extractor.json" for judge in judges(params)]
    return [doubt for path in facts if path.exists() for doubt in json.loads(path.read_text()).get("doubts", [])]
