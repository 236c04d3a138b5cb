"""The training loop: N steps inside one compiled call, history, sample grids, checkpoints, exact resume."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from ganline.errors import UserError
from ganline.files import write_text
from ganline.models import Generator
from ganline.models.base import Model, assign, from_uint8
from ganline.params import Train
from ganline.progress import Bar
from ganline.report.figures import image_grid, write_png
from ganline.training.checkpoint import Checkpoints
from ganline.training.feed import Feed
from ganline.training.stop import Stopped, StopRequest

Row = dict[str, float]


class History:
    """The curves of a run: one row each `every` steps, each value the mean since the row before.

    The window that is still open is part of the state, so that a resumed run writes the same rows.
    """

    def __init__(self, every: int, columns: Sequence[str]) -> None:
        """Start with no rows; `columns` are the metric names of the model."""
        self.every, self.columns = every, list(columns)
        self.rows: list[list[float]] = []
        self.window: list[list[float]] = []

    def add(self, values: Mapping[str, np.ndarray]) -> list[tuple[int, Row]]:
        """Take per-step values (one array a name, all of one length) and return the rows they complete."""
        done = []
        for step_values in np.stack([values[name] for name in self.columns], axis=1).astype(np.float64).tolist():
            self.window.append(step_values)
            if len(self.window) == self.every:
                self.rows.append(np.mean(self.window, axis=0).tolist())
                self.window = []
                done.append((len(self.rows) * self.every, dict(zip(self.columns, self.rows[-1], strict=True))))
        return done

    def state(self) -> dict[str, np.ndarray]:
        """Return what `restore` takes."""
        width = len(self.columns)
        return {
            "history/rows": np.array(self.rows, np.float64).reshape(-1, width),
            "history/window": np.array(self.window, np.float64).reshape(-1, width),
        }

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from a state."""
        self.rows, self.window = state["history/rows"].tolist(), state["history/window"].tolist()

    def table(self) -> dict[str, np.ndarray]:
        """Return the columns of history.csv: `step` and the model's metrics, each float64 (rows,)."""
        values = np.array(self.rows, np.float64).reshape(-1, len(self.columns))
        steps = np.arange(1, len(values) + 1, dtype=np.float64) * self.every
        return {"step": steps} | dict(zip(self.columns, values.T, strict=True))

    def write(self, path: Path) -> None:
        """Write history.csv: column `step`, then the model's values with 6 significant digits."""
        lines = [",".join(["step", *self.columns])]
        for number, row in enumerate(self.rows, 1):
            lines.append(",".join([str(number * self.every), *(f"{value:.6g}" for value in row)]))
        write_text(path, "\n".join(lines) + "\n")


def compile_steps(model: Model, feed: Feed, xla: bool) -> Callable[..., dict[str, tf.Tensor]]:
    """Return a compiled function (chunk, first step) -> {metric: float32 (steps,)}, a step a row of the chunk."""

    step_of = tf.autograph.experimental.do_not_convert(model.train_step)  # a model's Python is plain Python

    @tf.function(jit_compile=xla, reduce_retracing=True)
    def run(chunk: dict[str, tf.Tensor], first: tf.Tensor) -> dict[str, tf.Tensor]:
        steps = tf.shape(next(iter(chunk.values())))[0]
        values = {name: tf.TensorArray(tf.float32, steps) for name in model.metric_names}
        for i in tf.range(steps):
            # One step at a time: of TensorFlow's default of ten in flight, one may read what another has yet to update.
            tf.autograph.experimental.set_loop_options(parallel_iterations=1)
            batch = feed.batch(chunk, i)
            batch["image"] = from_uint8(batch["image"], model.image_range)
            metrics = step_of(batch, first + tf.cast(i, tf.int64))
            values = {name: values[name].write(i, metrics[name]) for name in model.metric_names}
        return {name: array.stack() for name, array in values.items()}

    return run


def train(
    model: Model,
    data: Mapping[str, np.ndarray],
    settings: Train,
    workdir: Path,
    xla: bool = False,
    on_row: Callable[[int, Row], None] = lambda step, row: None,
    on_sample: Callable[[int, Path], None] = lambda step, path: None,
) -> History:
    """Train `model` for settings.steps steps, from the newest checkpoint in `workdir` if there is one.

    Args:
        model: a new model; its weights are changed in place.
        data: named arrays of equal length; "image" is uint8 (N, H, W, C), "label" int32 (N,) where the model uses it.
        settings: the recipe.
        workdir: checkpoints and samples/step-*.png go there. It must belong to this run alone (see fingerprint).
        xla: compile the step with XLA.
        on_row: called with (step, row) for every new row of the history.
        on_sample: called with (step, file) for every new grid of samples.

    Raises:
        Stopped: SIGTERM or SIGINT arrived; the state is saved.
        UserError: a loss is no longer finite.
    """
    model.make_optimizers()
    variables, history, checkpoints = (
        model.variables(),
        History(settings.log_every, model.metric_names),
        Checkpoints(workdir),
    )
    feed = Feed(data, model.batch_size, settings.sampling, model.seed)
    run = compile_steps(model, feed, xla)
    sample = _sampler(model, settings, workdir / "samples", on_sample)

    def save() -> None:
        values = {f"variable/{name}": variable.numpy() for name, variable in variables.items()}
        checkpoints.save(step, values | history.state())

    step = 0
    if found := checkpoints.newest():
        step, state = found
        assign(variables, {n.removeprefix("variable/"): v for n, v in state.items() if n.startswith("variable/")})
        history.restore(state)
        print(f"resuming after step {step}")
    else:
        sample(0)
    with StopRequest() as stop, Bar("train", settings.steps, step, "steps") as bar:
        while step < settings.steps:
            count = _steps_to_next_event(step, settings)
            metrics = run(feed.chunk(step, count), tf.constant(step, tf.int64))
            step += count
            rows = history.add({name: value.numpy() for name, value in metrics.items()})
            for row_step, row in rows:
                _refuse_nan(row_step, row)
                on_row(row_step, row)
            bar.advance(count, _summary(history))
            if step % settings.sample_every == 0 or step == settings.steps:
                sample(step)
            if stop.signal_number or step % settings.checkpoint_every == 0:
                save()
            if stop.signal_number:
                raise Stopped(stop.signal_number, step)
    return history


def _steps_to_next_event(step: int, settings: Train) -> int:
    events = [every - step % every for every in (settings.sample_every, settings.checkpoint_every)]
    return min(settings.steps_per_call, settings.steps - step, *events)


def _refuse_nan(step: int, row: Row) -> None:
    bad = [name for name, value in row.items() if not np.isfinite(value)]
    if bad:
        raise UserError(
            f"training diverged: {', '.join(bad)} not finite at step {step}. Lower train.optimizers.*.learning_rate, "
            "or look at the last sample grids for when it began"
        )


def _summary(history: History) -> str:
    row = dict(zip(history.columns, history.rows[-1], strict=True)) if history.rows else {}
    return " ".join(f"{name} {value:.3f}" for name, value in row.items() if "loss" in name or "accuracy" in name)


def _sampler(
    model: Model, settings: Train, folder: Path, on_sample: Callable[[int, Path], None]
) -> Callable[[int], None]:
    """Return a function that writes the grid of one fixed latent batch (and labels) at a step."""
    generator = Generator(model)
    latents, labels, columns = generator.grid(settings.sample_count, model.seed, "samples")

    def sample(step: int) -> None:
        path = folder / f"step-{step:08}.png"
        write_png(path, image_grid(generator.images(latents, labels), columns))
        on_sample(step, path)

    return sample
