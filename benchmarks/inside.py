"""What benchmarks.rows does in a workspace whose params.yaml holds a row, in a process of its own: TensorFlow loads."""

import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ganline.catalogue.check import load
from ganline.core.abilities import lacking
from ganline.core.files import write_json
from ganline.evaluation.compare import COST
from ganline.metrics.record import Case
from ganline.settings import paths
from ganline.settings.schema import Evaluate
from ganline.training.stop import Stopped

SECONDS = 30.0
"""Of processor time in which steps are counted."""


class Clock:
    """A tracker that stops the training when it has seen it train for SECONDS of processor time."""

    def __init__(self) -> None:
        """Nothing seen yet."""
        self.first: tuple[int, float] | None = None
        self.last = (0, 0.0)
        self._asked = False

    def metrics(self, values: Mapping[str, float], step: int) -> None:
        """Note how far the training is; what came before its first row was building and compiling."""
        if step == 0 or COST.keys() & values.keys():  # which is told when it has ended
            return
        self.last = (step, time.process_time())
        self.first = self.first or self.last
        if not self._asked and step > self.first[0] and self.last[1] - self.first[1] >= SECONDS:
            self._asked = True  # a second signal would end it at once
            os.kill(os.getpid(), signal.SIGTERM)

    def image(self, *_: object) -> None:
        """Look at nothing, as for tags and models."""

    tags = model = image

    @property
    def rate(self) -> float:
        """Steps a second of processor time."""
        assert self.first
        return (self.last[0] - self.first[0]) / (self.last[1] - self.first[1])


def speed(told: str) -> None:
    """Train as the stage does, looks and samples with it, for SECONDS; write steps a second of processor time.

    Checkpoints go where no training finds them. A training that ends sooner is timed over what it had.
    """
    from stages import train

    params, clock = load(), Clock()
    recipe = params.train.model_copy(update={"log_every": params.train.steps_per_call, "keep": 0})
    with TemporaryDirectory(dir=Path.cwd()) as folder, suppress(Stopped):
        paths.CHECKPOINTS = Path(folder)
        train.run(params.model_copy(update={"train": recipe}), clock)  # type: ignore[arg-type]
    write_json(Path(told), {"steps_per_core_second": float(f"{clock.rate:.3g}")})


def quality(told: str) -> None:
    """Write what each step that was kept is worth: the Frechet distance and KID as the evaluation makes them."""
    from ganline.metrics.frechet import frechet_distance
    from ganline.metrics.kid import kernel_distance

    def numbers(case: Case, settings: Evaluate, seed: int) -> dict[str, float]:
        features = (case.sample.features, case.real.features)
        kid = kernel_distance(*features, settings.kid_subsets, settings.kid_subset_size, seed)
        return {"frechet": frechet_distance(*features).distance, "kid": kid.mean}

    _along(told, numbers)


def modes(told: str) -> None:
    """Write how many modes each step that was kept finds, and how evenly, as the evaluation counts them."""
    from ganline.metrics.modes import MEASURE

    _along(told, lambda case, *_: MEASURE.compute(case))


def _along(told: str, numbers: Callable[[Case, Evaluate, int], dict[str, Any]]) -> None:
    """Write numbers of each step that was kept.

    Who judges is the network that is fast to look, the dataset's own, where the run has it. A model that is slow to
    draw has no curve.
    """
    from ganline import models
    from ganline.evaluation import judging
    from ganline.evaluation.images import real_images
    from ganline.extractors import judges, loading
    from ganline.models import makers
    from ganline.models.base import assign
    from ganline.training import kept

    params, model, points = load(), models.load(paths.GAN), []
    judge = judges.with_abilities(params, "fast to look") or judges.judges(params)[0]
    maker, extractor = makers.of_run(params, model), loading.load(judge.folder)
    real = [real_images(params, split, judge.folder) for split in ("train", "test")]
    files = {} if lacking(("fast to draw",), model.abilities) else kept.in_folder(paths.KEPT)
    for step, path in files.items():
        assign(model.weights(), kept.read(path))
        made = judging.fakes(maker, min(params.evaluate.samples, *map(len, real)), params.seed)
        settings, _ = judging.in_force(params.evaluate, *map(len, real), len(made.images))
        case = judging.seat(params, maker, made, extractor, real, settings, [], []).fakes
        found = numbers(case, settings, params.seed)
        points.append({"step": step} | {name: float(f"{value:.4g}") for name, value in found.items()})
    write_json(Path(told), {"extractor": judge.kind, "points": points})
