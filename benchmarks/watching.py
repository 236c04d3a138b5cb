"""Times one look of the watch beside the training steps between two looks, at the default cadence of each preset.

Run: make bench (with the others), or python -m benchmarks.watching EXPERIMENT ...
Random images and a new extractor take as long as real ones, so that nothing needs to be downloaded or trained.
"""

import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import tensorflow as tf
from rich.console import Console
from rich.table import Table

from benchmarks.asked import asked
from ganline import models
from ganline.catalogue.presets import compose_params, names
from ganline.core.determinism import configure
from ganline.diagnosis.probe import Probe
from ganline.extractors.classifier import train_classifier
from ganline.models.makers import Sampler
from ganline.training.batches import Feed
from ganline.training.loop import WATCHING, compile_steps
from ganline.training.monitor import Watch

ROUNDS = 5
SECONDS = 1.5
"""Of training a round."""
EXPERIMENTS = (
    "mode-collapse-mnist", "convergence-failure-mnist", "gan-mnist", "lsgan-mnist", "dcgan-fashion-mnist-workshop",
    "cgan-mnist",
)  # fmt: skip
IMAGES = 1000


def costs(experiment: str) -> tuple[float, float, int]:
    """Return the seconds of a step and of a look (medians of rounds in turns), and the steps between two looks."""
    params = compose_params(experiment, ["compute.precision=float32"])
    configure(params.compute.precision, params.compute.deterministic)
    shape = (params.prepare.size, params.prepare.size, params.prepare.channels)
    draw = np.random.default_rng(0)
    images = draw.integers(0, 256, (IMAGES, *shape), np.uint8)
    labels = np.arange(IMAGES, dtype=np.int32) % 10
    settings = params.extractor.model_copy(update={"epochs": 1})
    extractor = train_classifier(images, labels, [str(i) for i in range(10)], settings, seed=0)
    model = models.build(params.train, shape, seed=0, classes=10)
    model.make_optimizers()
    feed = Feed({"image": images, "label": labels}, model.batch_size, params.train.sampling, 0)
    run = compile_steps(model, feed, params.compute.xla)
    steps_taken: list[float] = []
    looks_taken: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        probe = Probe(images, extractor.describe, 0)
        watch = Watch(model, Sampler(model), probe, WATCHING, params.train.steps, Path(folder))
        size = params.train.steps_per_call

        def steps() -> float:
            taken, start = 0, time.perf_counter()
            while taken == 0 or time.perf_counter() - start < SECONDS:
                next(iter(run(feed.chunk(taken, size), tf.constant(taken, tf.int64)).values())).numpy()
                taken += size
            return (time.perf_counter() - start) / taken

        def look(number: int) -> float:
            start = time.perf_counter()
            watch.look(number)
            return time.perf_counter() - start

        steps(), look(0)  # compile
        for i in range(ROUNDS):
            steps_taken.append(steps())
            looks_taken.append(look(i + 1))
        return statistics.median(steps_taken), statistics.median(looks_taken), watch.every


def main(experiments: list[str]) -> None:
    """Print the table."""
    table = Table(
        "experiment", "step, ms", "look, ms", "steps between looks", "share of the training's time",
        title=f"What watching costs, median of {ROUNDS} rounds",
    )  # fmt: skip
    for experiment in experiments or EXPERIMENTS:
        step, look, every = costs(experiment)
        table.add_row(
            experiment, f"{step * 1e3:.1f}", f"{look * 1e3:.0f}", f"{every:,}", f"{look / (every * step):.1%}"
        )
    Console().print(table)


if __name__ == "__main__":
    main(asked("benchmarks.watching", __doc__, "EXPERIMENT", names("experiment")))
