"""Trains the proving ground's runs and measures what their samples show; four to seven hours on two cores.

Run, in a clone of its own (it changes params.yaml): python -m benchmarks.diagnosis.run [NAME ...]
Each run leaves benchmarks/diagnosis/runs/NAME.csv (its history with all looks), NAME.json (what the evaluate stage's
measures say of its samples at four moments) and NAME.png (some of its last samples). Runs that are there, or recorded,
are kept; `python -m benchmarks.diagnosis.records pack` records those that are there.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.asked import asked
from benchmarks.diagnosis.ground import DATASETS, Ground
from benchmarks.diagnosis.grounds import RUNS
from benchmarks.diagnosis.records import LEFT, records
from ganline.catalogue.presets import compose_params
from ganline.core.figures import image_grid, write_png
from ganline.core.files import write_json
from ganline.core.maker import Maker
from ganline.core.progress import Bar
from ganline.datasets.prepared import read_facts
from ganline.evaluation import measures as suite
from ganline.metrics.record import Case, Sample
from ganline.settings.schema import Params

SAMPLES = 2000
"""Images measured at the end (762 where the data holds no more)."""
MEASURED = (
    "default", "class_frechet", "frechet_infinity", "c2st_nn", "mifrechet", "am_score", "class_histogram", "bins",
    "classification", "diversity", "image_quality", "image_statistics",
)  # fmt: skip
"""What records.csv holds: the default measures of its time."""
MOMENTS = 4
"""At which Frechet distance, precision, recall and coverage are measured."""
SHOWN, COLUMNS = 32, 16
"""Samples in the picture, and how many of them in a row."""


def params_of(ground: Ground) -> Params:
    """Return the checked parameters of a run."""
    data = [f"dataset={ground.dataset}", *DATASETS[ground.dataset]]
    rhythm = [
        f"train.steps={ground.steps}", "train.steps_per_call=50", "train.checkpoint_every=1000000",
        f"train.sample_every={ground.steps // MOMENTS}", f"evaluate.samples={SAMPLES}", "train.select=last",
        "evaluate.kid_subset_size=500", "compute.precision=float32", f"evaluate.metrics=[{','.join(MEASURED)}]",
    ]  # fmt: skip
    return compose_params(ground.experiment, [*data, *rhythm, *ground.bent])


def prepare() -> None:
    """Make each dataset and its extractor by the line's own stages."""
    for dataset, bent in DATASETS.items():
        if not (Path("models/extractor") / dataset / "extractor.json").exists():
            use = ["pipelines.cli", "use", "gan-mnist", f"dataset={dataset}", *bent]
            for module in (use, ["stages.download"], ["stages.prepare"], ["stages.extractor"]):
                subprocess.run([sys.executable, "-m", *module], check=True)


def measured(params: Params, extractor: Any, maker: Maker, names: list[str]) -> dict[str, float]:
    """Return the numbers of the measures of these names; fakes count as unlabelled."""
    from ganline.evaluation import judging

    train_set, test_set = (judging.real_images(params, split) for split in ("train", "test"))
    settings, _ = judging.in_force(params.evaluate, len(train_set), len(test_set))
    count, seed = settings.samples, params.seed
    real = judging.drawn(test_set, count, seed, "evaluate/reference")
    has = maker.abilities - {"labels"} | extractor.abilities

    def case(sample: Sample, maker: Maker | None = None) -> Case:
        return Case(sample, real, train_set, settings, seed, extractor, maker, has)

    images = judging.fakes(maker, count, seed).images
    fake = Sample(images, *extractor.extract(images))
    floors = {"train": case(judging.drawn(train_set, count, seed, "evaluate/floor")), "held_out": case(real)}
    facts = judging.common(extractor, maker, seed, count, [])
    values, _ = suite.measure_all(suite.chosen(names), names, case(fake, maker), floors, facts, lambda name: None)
    return {key: float(f"{value:.6g}") for key, value in values.items()}


def train_and_measure(name: str) -> None:
    """Train one run, without a verdict's interference, and keep its history and its measures."""
    from ganline import models
    from ganline.core.determinism import configure
    from ganline.evaluation import judging
    from ganline.extractors.loading import load
    from ganline.models import makers
    from ganline.settings import paths
    from ganline.training.judging import probe
    from ganline.training.loop import train
    from ganline.training.material import training_data

    ground = RUNS[name]
    params = params_of(ground)
    configure(params.compute.precision, params.compute.deterministic)
    facts = read_facts(paths.prepared(params))
    data = training_data(params, facts)
    if ground.keep:
        data = {key: np.resize(values[: ground.keep], values.shape) for key, values in data.items()}
    model = models.build(params.train, tuple(facts["image_shape"]), params.seed, len(facts["classes"]))
    extractor, maker = load(paths.extractor(params)), makers.Sampler(model)
    moments: dict[int, dict[str, float]] = {}

    def measure(step: int, names: list[str]) -> dict[str, float]:
        return measured(params, extractor, maker, names)

    with tempfile.TemporaryDirectory() as folder:
        trained = train(
            model, data, params.train, Path(folder), params.compute.xla, params.diagnosis, probe(params, data["image"]),
            on_sample=lambda step, path: moments.update(
                {step: measure(step, ["frechet", "precision_recall"])} if step else {}
            ),
        )  # fmt: skip
    trained.history.write(LEFT / f"{name}.csv")
    shown = judging.fakes(maker, SHOWN, params.seed).images
    write_png(LEFT / f"{name}.png", image_grid(shown, COLUMNS))
    finite = trained.step == trained.kept
    final = measure(trained.step, params.evaluate.metrics) if finite else {}
    record = {
        **ground._asdict(), "model": params.train.model, "trained": trained.step, "finite": finite,
        "moments": moments, "final": final,
    }  # fmt: skip
    write_json(LEFT / f"{name}.json", record)


def main(names: list[str]) -> None:
    """Train the named runs, or all, two at a time, a core each."""
    LEFT.mkdir(exist_ok=True)
    prepare()
    cores = sorted(os.sched_getaffinity(0))
    known = records()
    wanted = [name for name in names or RUNS if name not in known and not (LEFT / f"{name}.json").exists()]
    running: dict[int, tuple[str, subprocess.Popen]] = {}
    with Bar("runs", len(wanted), unit="runs") as bar:
        waiting = list(wanted)
        while waiting or running:
            for core in cores:
                if core not in running and waiting:
                    name = waiting.pop(0)
                    one = f"from benchmarks.diagnosis import run; run.train_and_measure({name!r})"
                    command = [sys.executable, "-c", one]
                    with (LEFT / f"{name}.log").open("w") as log:
                        process = subprocess.Popen(["taskset", "-c", str(core), *command], stdout=log, stderr=log)
                    running[core] = name, process
            time.sleep(1)
            for core, (name, process) in list(running.items()):
                if process.poll() is not None:
                    del running[core]
                    bar.advance(text=f"{name} exit {process.returncode}")


if __name__ == "__main__":
    main(asked("benchmarks.diagnosis.run", __doc__, "RUN", RUNS))
