"""The training loop: N steps inside one compiled call, history, sample grids, checkpoints, exact resume."""

import signal
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ganline.core.figures import write_png
from ganline.core.files import read_sealed
from ganline.core.maker import Maker
from ganline.core.memory import give_back
from ganline.core.progress import Bar
from ganline.diagnosis.verdict import Verdict, judge
from ganline.models import makers
from ganline.models.base import Model, assign, from_uint8
from ganline.models.optimizers import begin_anew
from ganline.settings.recipes import Train
from ganline.settings.schema import Diagnosis
from ganline.training import kept
from ganline.training.batches import Data, Feed
from ganline.training.checkpoint import BEST, Checkpoints, checkpoints_in
from ganline.training.cost import Cost
from ganline.training.devices import ONE, Devices
from ganline.training.history import History, Row
from ganline.training.monitor import AnyProbe, Watch
from ganline.training.stop import Stopped, StopRequest

WATCHING = Diagnosis(every=None, on_failure="continue", patience=3)
"""Look, and let the run go on whatever is seen."""


def compile_steps(model: Model, feed: Feed, xla: bool, devices: Devices = ONE) -> Callable[..., dict[str, tf.Tensor]]:
    """Return a compiled function (chunk, first step) -> {metric: float32 (steps,)}, a step a row of the chunk.

    It has one graph for chunks of any length, none among them (`make_graph`).
    """

    @tf.autograph.experimental.do_not_convert  # a model's Python is plain Python
    def step_of(chunk: dict[str, tf.Tensor], i: tf.Tensor, first: tf.Tensor) -> dict[str, tf.Tensor]:
        batch = feed.batch(chunk, i)
        # What is uint8 is pictures.
        batch = {n: from_uint8(v, model.image_range) if v.dtype == tf.uint8 else v for n, v in batch.items()}
        return model.train_step(batch, first + tf.cast(i, tf.int64))

    each = devices.replicated(step_of, model.state())

    chunks = {name: tf.TensorSpec((None, *v.shape[1:]), v.dtype) for name, v in feed.chunk(0, 1).items()}

    @tf.function(jit_compile=xla, input_signature=(chunks, tf.TensorSpec((), tf.int64)))
    def run(chunk: dict[str, tf.Tensor], first: tf.Tensor) -> dict[str, tf.Tensor]:
        steps = tf.shape(next(iter(chunk.values())))[0]
        values = {name: tf.TensorArray(tf.float32, steps, element_shape=()) for name in model.metric_names}
        for i in tf.range(steps):
            # One step at a time: of TensorFlow's default of ten in flight, one may read what another has yet to update.
            tf.autograph.experimental.set_loop_options(parallel_iterations=1)
            metrics = each(chunk, i, first)
            values = {name: values[name].write(i, metrics[name]) for name in model.metric_names}
        return {name: array.stack() for name, array in values.items()}

    return run


def make_graph(run: Callable[..., dict[str, tf.Tensor]], chunk: Mapping[str, tf.Tensor]) -> None:
    """Have TensorFlow make the graph of compiled steps, by taking none of a chunk's, and give back what that took.

    Otherwise the first steps would find that memory, hundreds of MiB, still held.
    """
    run({name: values[:0] for name, values in chunk.items()}, tf.constant(0, tf.int64))
    give_back()


class Steps:
    """The compiled steps of a training; each phase of the model has its own, and takes batches of its own size."""

    def __init__(self, model: Model, feed: Feed, xla: bool, devices: Devices, step: int) -> None:
        """Go on after `step` steps."""
        self._model, self._feed, self._xla, self._devices = model, feed, xla, devices
        self._enter(self._of(max(0, step - 1)))

    def __call__(self, first: int, count: int) -> dict[str, np.ndarray]:
        """Train `count` steps from `first`, of one phase and up to a restart; return {metric: float32 (count,)}."""
        if (phase := self._of(first)) != self._phase:
            self._enter(phase)
        if first in self._model.restarts:
            begin_anew(self._model.optimizers)
        metrics = self._run(self._feed.chunk(first, count, self._model.seen(first)), tf.constant(first, tf.int64))
        return {name: value.numpy() for name, value in metrics.items()}

    def _enter(self, phase: int) -> None:
        self._phase = phase
        self._model.enter(phase)
        self._feed = self._feed.sized(self._model.batch_size)
        self._run = compile_steps(self._model, self._feed, self._xla, self._devices)
        if not self._xla:  # which would compile for no steps, and then anew
            make_graph(self._run, self._feed.chunk(0, 1))

    def _of(self, step: int) -> int:
        return bisect_right(self._model.phases, step) - 1


class Trained(NamedTuple):
    """What a training left beside the model's weights."""

    history: History
    verdict: Verdict
    step: int
    """Steps that were trained: fewer than asked for where the run was ended as failing."""
    kept: int
    """Step whose weights the model has: not the last where the best were asked for, or the last are not finite."""
    cannot_judge: str
    """Why the samples were not looked at; empty where they were."""
    cost: dict[str, float]
    """See Cost.minutes."""


def train(
    model: Model,
    data: Data,
    settings: Train,
    workdir: Path,
    xla: bool = False,
    diagnosis: Diagnosis = WATCHING,
    probe: AnyProbe | str = "nothing to hold the samples against was given",
    on_row: Callable[[int, Row], None] = lambda step, row: None,
    on_sample: Callable[[int, Path], None] = lambda step, path: None,
    mirror: str | None = None,
    devices: Devices = ONE,
    maker: Maker | None = None,
) -> Trained:
    """Train `model` for settings.steps steps, from the newest checkpoint in `workdir` if there is one.

    A loss that is not finite ends the training, whatever the settings: nothing can be learned from there on. The model
    then gets the best weights seen. On several machines all call this: the chief alone looks, decides and writes.

    Args:
        model: a new model, made in devices.building(); its weights are changed in place.
        data: named arrays of equal length; "image" is uint8 (N, H, W, C), "label" int32 (N,) where the model uses it; a
            translator's "input" is uint8 (N, H, W, Ci), made of the image, or drawn apart (M, H, W, Ci).
        settings: the recipe.
        workdir: checkpoints and samples/step-*.png go there. It must belong to this run alone (see fingerprint).
        xla: compile the step with XLA.
        diagnosis: when to look at the samples, and what to do when the run fails.
        probe: what the samples are held against, or why there is nothing: then the curves alone are judged.
        on_row: called with (step, row) for every new row of the history and every look; finite numbers only.
        on_sample: called with (step, file) for every new grid of samples.
        mirror: address of a folder, such as s3://bucket/checkpoints, that keeps a copy of workdir for other machines.
        devices: where to train.
        maker: draws the samples; a translator's needs images to translate, of other models one is made here.

    Raises:
        Stopped: SIGTERM or SIGINT arrived; the state is saved.
    """
    with devices.building():
        model.make_optimizers()
    feed = Feed(model.fed(data), model.batch_size, settings.sampling, model.seed, devices, model.batch_parts)
    maker = maker or makers.of(model)
    watch = Watch(model, maker, probe if devices.chief else "the chief does", diagnosis, settings.steps, workdir)
    checkpoints = Checkpoints(workdir, mirror) if devices.chief else None
    training = _Training(model, settings, watch, checkpoints, on_row, _sampler(maker, model, workdir, on_sample))
    training.begin(devices)
    steps = Steps(model, feed, xla, devices, training.step)
    with StopRequest() as stop, Bar("train", settings.steps, training.step, "steps") as bar:
        while training.step < settings.steps and not training.diverged:
            count = _steps_to_next_event(training.step, settings, watch.every, {*model.phases, *model.restarts})
            training.take(steps(training.step, count), count)
            bar.advance(count, _summary(training.history))
            failing, asked = devices.any_says(training.seen_to_fail(), stop.signal_number is not None)
            if failing:
                break
            training.save(asked)
            if asked and not training.diverged:
                raise Stopped(stop.signal_number or signal.SIGTERM, training.step)
    training.end()
    return training.result(diagnosis)


class _Training:
    """A training under way: how far it is, what is written of it. Of several machines the chief alone writes."""

    def __init__(
        self,
        model: Model,
        settings: Train,
        watch: Watch,
        checkpoints: Checkpoints | None,
        on_row: Callable[[int, Row], None],
        sample: Callable[[int], None],
    ) -> None:
        """Begin at step 0; `checkpoints` are the chief's, None on other machines."""
        self.step, self.diverged, self._cost = 0, False, Cost()
        self.history = History(settings.log_every, model.metric_names)
        self._settings, self._variables, self._model = settings, model.variables(), model
        self._watch, self._checkpoints, self._on_row, self._sample = watch, checkpoints, on_row, sample

    def begin(self, devices: Devices) -> None:
        """Go on from the newest checkpoint, or look at what there is before the first step."""
        if self._checkpoints and (found := _resumable(self._checkpoints, kept.steps(self._settings))):
            self.step, state = found
            assign(self._variables, state, "variable/")
            self.history.restore(state)
            self._watch.restore(state)
            self._cost.restore(state)
            print(f"resuming after step {self.step}")
        elif self._checkpoints:
            self._model.settle()
            self._sample(0)
            self._look()
        self.step = devices.from_chief(self.step, self._variables)

    def take(self, metrics: Mapping[str, np.ndarray], count: int) -> None:
        """Take in the metrics of `count` steps; keep the weights where that is asked for."""
        self.step += count
        for step, row in self.history.add(metrics):
            self._on_row(step, _finite(row))
        self.diverged = not all(np.isfinite(values).all() for values in metrics.values())
        if self._shown():
            self._model.settle()
        self._keep()

    def _shown(self) -> bool:
        """Return whether anything is drawn or kept after this step."""
        often = (self._settings.sample_every, self._watch.every, self._settings.steps)
        return self.step in kept.steps(self._settings) or not all(self.step % every for every in often)

    def _keep(self) -> None:
        """Keep the weights where this step is one for that; before the checkpoint, which knows of them."""
        if self._checkpoints and not self.diverged and self.step in kept.steps(self._settings):
            kept.keep(self._checkpoints.folder, self.step, self._model.weights())

    def seen_to_fail(self) -> bool:
        """Draw and look where this step is one for that; return whether the training is to end as failing."""
        if self._checkpoints and self.step % self._settings.sample_every == 0:
            self._sample(self.step)
        if not self._checkpoints or self.diverged or self.step % self._watch.every:
            return False
        self._look()
        return self._watch.ends(self.history.table())

    def save(self, asked: bool) -> None:
        """Write a checkpoint where one is `asked` for, or this step is one for that.

        The last step is: a longer training goes on from there, and results that are refused (ganline/line/used.py) are
        to be had again. What diverged never is: nothing can go on from it.
        """
        due = asked or self.step % self._settings.checkpoint_every == 0 or self.step == self._settings.steps
        if self._checkpoints and due and not self.diverged:
            state = self.history.state() | self._watch.state() | self._cost.state()
            variables = {f"variable/{name}": variable for name, variable in self._variables.items()}
            self._checkpoints.save(self.step, {**variables, **state})

    def end(self) -> None:
        """Draw and look a last time.

        What only the end of this training calls for comes after its last checkpoint: a longer one would not have it.
        """
        whole = self._checkpoints and self.step == self._settings.steps
        if whole and self.step % self._settings.sample_every:
            self._sample(self.step)
        if whole and self.step % self._watch.every and not self.diverged:
            self._look(at_end=True)
            self._watch.ends(self.history.table())
        if self.diverged:
            self.history.close()

    def result(self, diagnosis: Diagnosis) -> Trained:
        """Judge the training, and give the model the weights that it is to have."""
        verdict = judge(self.history.table(), self._watch.cannot_judge)
        chosen = self._chosen()
        last = not self.diverged and self._settings.select != "best"
        if verdict.failing and diagnosis.on_failure == "stop_and_keep_best":
            last = False
        if not self._checkpoints:
            last = True  # it keeps no best weights: what it has goes nowhere
        if chosen:
            assign(self._model.weights(), kept.read(chosen))
            step = int(self._settings.select)
        else:
            step = self.step if last else self._watch.restore_best()
        return Trained(self.history, verdict, self.step, step, self._watch.cannot_judge, self._cost.minutes())

    def _chosen(self) -> Path | None:
        """Return where the weights of the step in train.select are; None where it names none, or none was reached."""
        if not self._checkpoints or not isinstance(step := self._settings.select, int):
            return None
        path = kept.file(self._checkpoints.folder / kept.FOLDER, step)
        if path.exists() or (self.step >= step and not self.diverged):
            return path
        # Curves and a verdict that say why are worth more than an error in their place.
        ended = f"the training ended after step {self.step}, and keeps the weights that it would under last"
        print(f"train: train.select = {step} was not reached: {ended}", flush=True)
        return None

    def _look(self, at_end: bool = False) -> None:
        self.history.look(self.step, self._watch.look(self.step, at_end))
        self._on_row(self.step, _finite(self.history.looks[-1][1]))


def _resumable(checkpoints: Checkpoints, keeps: Sequence[int]) -> tuple[int, dict[str, np.ndarray]] | None:
    """Return the step and state to go on from, or None where there is none, or weights seen and kept are lost."""
    if not (found := checkpoints.newest()):
        return None
    lost = "the best weights seen"
    try:
        read_sealed(checkpoints.folder / BEST)
        lost = "weights kept"
        for step in (step for step in keeps if step <= found[0]):
            read_sealed(kept.file(checkpoints.folder / kept.FOLDER, step))
    except (OSError, ValueError) as error:
        print(f"{lost} before step {found[0]} cannot be read ({error}): starting from 0", flush=True)
        for path in checkpoints_in(checkpoints.folder).values():
            path.unlink()  # they know of best weights that no longer are: new ones must not be taken for those
        return None
    return found


def _steps_to_next_event(step: int, settings: Train, look_every: int, apart: Iterable[int]) -> int:
    events = [every - step % every for every in (settings.sample_every, settings.checkpoint_every, look_every)]
    events += [at - step for at in (*kept.steps(settings), *apart) if at > step]
    return min(settings.steps_per_call, settings.steps - step, *events)


def _finite(row: Row) -> Row:
    return {name: value for name, value in row.items() if np.isfinite(value)}


def _summary(history: History) -> str:
    row = dict(zip(history.columns, history.rows[-1], strict=True)) if history.rows else {}
    return " ".join(f"{name} {value:.3f}" for name, value in row.items() if "loss" in name or "accuracy" in name)


def _sampler(
    maker: Maker, model: Model, workdir: Path, on_sample: Callable[[int, Path], None]
) -> Callable[[int], None]:
    """Return a function that writes the sheet of samples at a step, of the same latents or inputs each time."""

    def sample(step: int) -> None:
        path = workdir / "samples" / f"step-{step:08}.png"
        write_png(path, maker.sheet(model.settings.sample_count, model.seed, "samples"))
        on_sample(step, path)

    return sample
