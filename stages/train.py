"""Train the model: prepared images in; the generator, its curves, its sample grids and a verdict out."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ganline.catalogue.check import accepted
from ganline.catalogue.combinations import uneven
from ganline.core.errors import UserError
from ganline.core.files import whole_folder, write_json
from ganline.datasets.prepared import images_file, read_facts, read_split
from ganline.datasets.split import stratified
from ganline.diagnosis.probe import CannotJudgeError, Describe, Probe, pixels
from ganline.diagnosis.remedies import advise
from ganline.line.code import code
from ganline.models.facts import loss_facts, model_facts
from ganline.report.wording import command
from ganline.settings import paths
from ganline.settings.recipes import Adversaries
from ganline.settings.schema import Params
from ganline.tracking.tracker import Tracker, told_by
from stages import runner

MIRROR = "GANLINE_CHECKPOINTS"
"""Environment variable: where checkpoints are kept for other machines too. It decides nothing about the result."""

if TYPE_CHECKING:
    from ganline.models.base import Model
    from ganline.training.loop import Trained


def run(params: Params, tracker: Tracker) -> Callable[[], None] | None:
    """Train from where an interrupted run of the same fingerprint stopped, from a shorter one, or from the start.

    Of several machines that train together only the chief writes anything. What it returns ends with the checkpoints.
    """
    from ganline import models
    from ganline.core.determinism import configure
    from ganline.training import devices as at
    from ganline.training import earlier
    from ganline.training.checkpoint import Checkpoints, deciding, fingerprint
    from ganline.training.leftovers import lock_of
    from ganline.training.loop import train

    folder, mirror = paths.prepared(params), os.environ.get(MIRROR)
    facts = read_facts(folder)
    data = training_data(params, facts)
    devices = at.choose(params.compute)
    if problems := list(uneven(params.train, devices.count)):
        raise UserError("; ".join(problems))
    configure(params.compute.precision, params.compute.deterministic)
    decide = decisive(params, facts, data) | {"replicas": devices.count, "machines": devices.workers}
    known = deciding(decide, [images_file(folder, "train"), *extractor_files(params)], code("train", params))
    workdir = paths.CHECKPOINTS / fingerprint(known)
    # An orphan of a killed pipeline may still be training this very run: two writers would spoil its checkpoints.
    with lock_of(workdir) if devices.chief else nullcontext(), devices.together():
        if devices.chief:
            Checkpoints(workdir, mirror).fetch()
            earlier.begin(workdir, known)
        with devices.building():
            model = models.build(params.train, tuple(facts["image_shape"]), params.seed, len(facts["classes"]))
        trained = train(
            model,
            data,
            params.train,
            workdir,
            params.compute.xla,
            params.diagnosis,
            probe(params, data["image"]) if devices.chief else "the chief does",
            on_row=lambda step, row: tracker.metrics(row, step),
            on_sample=lambda step, path: tracker.image(path, "samples", step),
            mirror=mirror,
            devices=devices,
        )
        if not devices.chief:
            return None
        diagnosis = tell(trained, model, params)
        if params.compute.strategy != "none":
            diagnosis["replicas"] = devices.count  # it decided the bits, as the parameters did
        trained.history.write(paths.TRAIN / "history.csv")
        write_json(paths.TRAIN / "diagnosis.json", diagnosis)
        tracker.tags(told_by(diagnosis))
        if trained.verdict.failing and params.diagnosis.on_failure == "fail":
            raise UserError(f"diagnosis.on_failure = fail, and the training fails. {trained.verdict.summary}")
        with whole_folder(paths.TRAIN / "samples") as target:
            shutil.copytree(workdir / "samples", target, dirs_exist_ok=True)
        with whole_folder(paths.GAN) as target:
            models.save(model, target)
    tracker.model(paths.GAN)
    return lambda: _finish(workdir, mirror, known)


def _finish(workdir: Path, mirror: str | None, known: Mapping[str, Any]) -> None:
    """Keep the last checkpoint for a longer training, if one can go on from it, and nothing else.

    A forced run trains anew all the same: what it shows is not a copy of this one.
    """
    from ganline.training import earlier
    from ganline.training.checkpoint import Checkpoints
    from ganline.training.leftovers import delete, lock_of

    with lock_of(workdir):
        length = known["parameters"]["train"]["steps"]
        Checkpoints(workdir, mirror).finish(None if earlier.depends_on_steps(known) else length)
    for folder in list(earlier.superseded(workdir, known)):
        delete(folder)


def training_data(params: Params, facts: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return "image", uint8 (N, H, W, C), and where the model uses labels "label", int32 (N,), -1 for those held back.

    Raises:
        UserError: the prepared data is not what the parameters or the model want.
    """
    size, channels = params.prepare.size, params.prepare.channels
    if facts["image_shape"] != [size, size, channels]:
        raise UserError(
            f"{paths.prepared(params)} holds images of shape {facts['image_shape']}, and prepare.size = {size} with "
            f"prepare.channels = {channels} wants [{size}, {size}, {channels}]: run `dvc repro prepare`"
        )
    images, labels = read_split(paths.prepared(params), "train")
    if not model_facts()[params.train.model].get("uses_labels"):
        return {"image": images}
    if labels is None or len(facts["classes"]) < 2:
        raise UserError(
            f"train.model = {params.train.model} learns from labels, and the prepared data ({facts['dataset']}) has "
            f"{'none' if labels is None else 'one class'}. What fits: a dataset with two classes or more (mnist, "
            "fashion_mnist, digits, emoji), or your own pictures in one subfolder a class (dataset=image_folder)"
        )
    fraction = params.train.labelled_fraction if isinstance(params.train, Adversaries) else 1.0
    return {"image": images, "label": used_labels(np.asarray(labels), fraction, params.seed)}


def used_labels(labels: np.ndarray, fraction: float, seed: int) -> np.ndarray:
    """Return labels int32 (N,) with `fraction` of each class left, the same for one seed, and -1 for the others.

    Raises:
        UserError: a class is left without labels.
    """
    if fraction == 1:
        return labels
    kept = stratified(labels, fraction, seed)
    print(f"train: the labels of {kept.sum()} of {len(labels)} images are used", flush=True)
    if len(np.unique(labels[kept])) < len(np.unique(labels)):
        smallest = np.unique(labels, return_counts=True)[1].min()
        raise UserError(
            f"train.labelled_fraction = {fraction} leaves a class without labels: allowed is 1/{smallest} or more, "
            "one image of the smallest class"
        )
    return np.where(kept, labels, -1).astype(np.int32)


def extractor_files(params: Params) -> list[Path]:
    """Return the files of the feature extractor that `probe` looks through, if it does."""
    if params.extractor.kind == "inception":
        return []
    files = (paths.extractor(params) / name for name in ("extractor.json", "weights.npz"))
    return [path for path in files if path.exists()]  # of several machines the chief alone looks


def probe(params: Params, images: np.ndarray) -> Probe | str:
    """Return what holds samples against the training images, or why there is none."""
    from ganline.extractors import network as extractors

    if model_facts()[params.train.model].get("slow_to_draw"):
        return f"{params.train.model} draws too slowly for its samples to be looked at while it trains"
    describe: Describe = pixels
    # Inception would take longer than the training it is to watch.
    if params.extractor.kind != "inception":
        extractor = extractors.load(paths.extractor(params))
        by_class = params.extractor.kind == "classifier"

        def describe(images: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
            found = extractor.describe(images)
            return found.features, found.probabilities if by_class else None

    try:
        return Probe(images, describe, params.seed)
    except CannotJudgeError as reason:
        return str(reason)


def tell(trained: "Trained", model: "Model", params: Params) -> dict[str, Any]:
    """Print the verdict with its remedies, and return what diagnosis.json holds."""
    table, verdict = trained.history.table(), trained.verdict
    weights = {n: sum(int(np.prod(w.shape)) for w in k.trainable_weights) for n, k in model.networks.items()}
    scores = table.get("probe_frechet")
    best = int(table["step"][np.nanargmin(scores)]) if scores is not None else 0
    loss = loss_facts().get(params.train.loss, {})
    content = verdict.as_dict() | advise(verdict, params, weights, accepted, best, loss=loss)
    content |= {
        "steps": trained.step,
        "kept_step": trained.kept,
        "ended_early": trained.step < params.train.steps,
        "cannot_judge": trained.cannot_judge,
        "doubts": _doubts(params),
    }
    print(f"train: {verdict.title}. {verdict.summary}")
    for doubt in content["doubts"]:
        print(f"  beware: {doubt}")
    for cause in content["causes"]:
        print(f"  likely cause: {cause['cause']}")
    for remedy in content["remedies"]:
        print(f"  try: {command(remedy['change'])}  ({remedy['why']})")
    if trained.kept != trained.step:
        print(f"  the weights kept are those of step {trained.kept}")
    return content


def _doubts(params: Params) -> list[str]:
    """Return why little is known by the extractor that the samples were held against, and will be judged by."""
    facts = paths.extractor(params) / "extractor.json"
    return json.loads(facts.read_text()).get("doubts", []) if facts.exists() else []


def decisive(params: Params, facts: Mapping[str, Any], data: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Return what decides a training's bits beside images, code and versions; diagnosis.every as it is in effect."""
    from ganline.training.monitor import cadence

    used = {name: hashlib.sha256(array.tobytes()).hexdigest() for name, array in data.items() if name != "image"}
    sections = params.model_dump(include={"seed", "train", "diagnosis", "compute"})
    sections["diagnosis"]["every"] = cadence(params.diagnosis.every, params.train.steps)
    return sections | {"classes": len(facts["classes"])} | used


if __name__ == "__main__":
    runner.main("train", run)
