"""Train the model: prepared images in; the generator, its curves, its sample grids and a verdict out."""

import os
import shutil
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from ganline.catalogue.check import accepted
from ganline.catalogue.combinations import uneven
from ganline.core.errors import UserError
from ganline.core.files import whole_folder, write_json
from ganline.datasets import inputs
from ganline.datasets.prepared import read_facts
from ganline.line.code import code
from ganline.report.wording import verdict_lines
from ganline.settings import paths
from ganline.settings.schema import Params
from ganline.tracking.tracker import Tracker, told_by
from stages import runner

if TYPE_CHECKING:
    from ganline.models.base import Model
    from ganline.training.loop import Trained

MIRROR = "GANLINE_CHECKPOINTS"
"""Environment variable: where checkpoints are kept for other machines too. It decides nothing about the result."""


def run(params: Params, tracker: Tracker) -> Callable[[], None] | None:
    """Train from where an interrupted run of the same fingerprint stopped, from a shorter one, or from the start.

    Of several machines that train together only the chief writes anything. What it returns ends with the checkpoints.
    """
    from ganline import models  # TensorFlow loads here, not when the stage is imported
    from ganline.core.determinism import configure
    from ganline.models import makers
    from ganline.training import checkpoint, devices, earlier, judging, kept, leftovers, material
    from ganline.training.loop import train

    folder, mirror = paths.prepared(params), os.environ.get(MIRROR)
    facts = read_facts(folder)
    data = material.training_data(params, facts)
    at = devices.choose(params.compute)
    if problems := list(uneven(params.train, at.count)):
        raise UserError("; ".join(problems))
    params = devices.settled(params)
    print(f"train: in {params.compute.precision}", flush=True)
    configure(params.compute.precision, params.compute.deterministic)
    perception = material.perception(params)
    decide = material.decisive(params, facts, data) | {"replicas": at.count, "machines": at.workers}
    decide |= perception.facts if perception else {}
    files = [*material.picture_files(params), *judging.extractor_files(params)]
    known = checkpoint.deciding(decide, files, code("train", params))
    workdir = paths.CHECKPOINTS / checkpoint.fingerprint(known)
    # An orphan of a killed pipeline may still be training this very run: two writers would spoil its checkpoints.
    with leftovers.lock_of(workdir) if at.chief else nullcontext(), at.together():
        if at.chief:
            checkpoint.Checkpoints(workdir, mirror).fetch()
            earlier.begin(workdir, known)
        with at.building():
            shape, given = tuple(facts["image_shape"]), inputs.shape(params)
            model = models.build(params.train, shape, params.seed, len(facts["classes"]), given)
            model.trained_with = {"training_precision": params.compute.precision}
            if perception:
                model.perception = perception
                model.trained_with |= perception.facts
        probe = judging.probe(params, data["image"]) if at.chief else "the chief does"
        maker = makers.of_run(params, model)
        trained = train(
            model, data, params.train, workdir, params.compute.xla, params.diagnosis, probe,
            on_row=lambda step, row: tracker.metrics(row, step),
            on_sample=lambda step, path: tracker.image(path, "samples", step),
            mirror=mirror, devices=at, maker=maker,
        )  # fmt: skip
        if not at.chief:
            return None
        tell(trained, model, params, tracker, None if params.compute.strategy == "none" else at.count)
        write(model, workdir, kept.steps(params.train))
    tracker.model(paths.GAN)
    return lambda: leftovers.finish(workdir, mirror, known)


def tell(trained: "Trained", model: "Model", params: Params, tracker: Tracker, replicas: int | None) -> None:
    """Write the curves and the verdict, and say it.

    Raises:
        UserError: the training fails, and is to fail the stage then.
    """
    from ganline.training.judging import diagnosis

    content = diagnosis(trained, model, params, accepted, replicas)
    for line in verdict_lines(content):
        print(line)
    trained.history.write(paths.TRAIN / "history.csv")
    write_json(paths.TRAIN / "diagnosis.json", content)
    tracker.tags(told_by(content))
    tracker.metrics(trained.cost, trained.step)
    if trained.cost:
        print("it took {train_minutes:,.2f} minutes, {train_core_minutes:,.2f} core-minutes".format(**trained.cost))
    if trained.verdict.failing and params.diagnosis.on_failure == "fail":
        raise UserError(f"diagnosis.on_failure = fail, and the training fails. {trained.verdict.summary}")


def write(model: "Model", workdir: Path, keeps: list[int]) -> None:
    """Write the sample grids, the model, and the weights kept of these steps, as many as the training reached."""
    from ganline import models
    from ganline.training import kept

    with whole_folder(paths.TRAIN / "samples") as target:
        shutil.copytree(workdir / "samples", target, dirs_exist_ok=True)
    with whole_folder(paths.GAN) as target:
        models.save(model, target)
    with whole_folder(paths.KEPT) as target:
        there = [path for step in keeps if (path := kept.file(workdir / kept.FOLDER, step)).exists()]
        for path in there:
            shutil.copy2(path, target)
        write_json(target / "steps.json", list(kept.in_folder(target)))  # DVC warns of empty folders


if __name__ == "__main__":
    runner.main("train", run)
