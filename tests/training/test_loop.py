import csv
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.eager import context

from ganline.catalogue.presets import compose_params
from ganline.core.determinism import be_deterministic
from ganline.diagnosis.probe import Probe, pixels
from ganline.diagnosis.verdict import Verdict
from ganline.models import augmentation, makers
from ganline.training import loop
from ganline.training import monitor as watch
from ganline.training.batches import Feed
from ganline.training.devices import ONE
from ganline.training.history import History
from ganline.training.loop import train
from ganline.training.stop import Stopped
from tests.fitting import EXPERIMENTS, built, each, fitting, given
from tests.graphs import forget

ROOT = Path(__file__).parents[2]
SMALL = [
    "train.steps=20", "train.batch_size=8", "train.generator_batch_size=16", "train.steps_per_call=3",
    "train.log_every=4", "train.sample_every=8", "train.checkpoint_every=5", "train.sample_count=9",
]  # fmt: skip


def data(shape, count=50):
    images = np.random.default_rng(0).integers(0, 256, (count, *shape), np.uint8)
    return {"image": images, "label": np.arange(count, dtype=np.int32) % 10}


def start(
    folder, experiment="gan-mnist", overrides=(), on_row=lambda step, row: None, count=50, watched=False, devices=ONE,
    build=built,
):  # fmt: skip
    """Train the shrunken experiment in `folder`; return the model and what the training left."""
    be_deterministic()
    params = compose_params(experiment, fitting(experiment, [*SMALL, *overrides, "download.source=."]))
    with devices.building():
        model = build(params, seed=7)
    images = data(model.image_shape, count) | given(model, count)
    probe = Probe(images["image"], pixels, seed=7) if watched else "this test looks at no samples"
    return model, train(
        model, images, params.train, folder, False, params.diagnosis, probe, on_row=on_row, devices=devices,
        maker=makers.of(model, images.get("input"), images["image"], images["image"]),
    )  # fmt: skip


def run(folder, *args, **options):
    """As `start`; return a hash of everything it leaves."""
    model, trained = start(folder, *args, **options)
    trained.history.write(folder / "history.csv")
    parts = [path.read_bytes() for path in sorted(folder.glob("samples/*.png"))]
    return hash_of(model, *parts, (folder / "history.csv").read_bytes())


def hash_of(model, *more):
    digest = hashlib.sha256()
    for variable in model.variables().values():
        digest.update(variable.numpy())  # one at a time: of the largest models they are a gigabyte
    for part in more:
        digest.update(part)
    return digest.hexdigest()


def stop_at(step):
    asked = []

    def on_row(at, row):
        if at == step and not asked:
            asked.append(at)  # once: a look may follow at the same step, and a second signal kills
            os.kill(os.getpid(), signal.SIGTERM)

    return on_row


def test_a_stopped_run_goes_on_as_if_nothing_had_been(tmp_path):
    looks = {"overrides": ["diagnosis.every=4", "train.select=best"], "watched": True}
    whole = run(tmp_path / "whole", **looks)
    # At step 8 a row of history is complete, its window and the sample grid are not at a checkpoint.
    with pytest.raises(Stopped, match="SIGTERM; saved at step 9|SIGTERM; saved at step 8"):
        run(tmp_path / "parts", on_row=stop_at(8), **looks)
    assert run(tmp_path / "parts", **looks) == whole


TINY = [
    "train.steps=4", "train.batch_size=2", "train.generator_batch_size=2", "train.steps_per_call=1",
    "train.log_every=1", "train.sample_every=4", "train.checkpoint_every=4", "train.sample_count=1",
    "train.phases=[{size: 4, first_step: 0, batch_size: 4}, {size: 8, first_step: 2, fade_steps: 1}]",
]  # fmt: skip


SAGAN = "biggan-fashion-mnist train.model=biggan.SAGAN"
STYLEGAN2 = "stylegan-emoji train.model=stylegan.StyleGAN2 train.r1_every=2 train.path_length_weight=2"


@pytest.mark.parametrize("row", [*each([*EXPERIMENTS, SAGAN]), STYLEGAN2])
def test_each_experiment_is_deterministic_and_resumes_exactly(tmp_path, row):
    """Two models of one seed, of which the second goes on with the training of the first from its middle."""
    experiment, *overrides = row.split()
    tiny = [*TINY, "train.checkpoint_every=2", "train.path_length_every=2", *overrides]
    tiny += ["train.discriminator_steps=2"] if experiment.startswith("wgan") else []  # 5 take long to compile
    begun, rows = [], []

    def noted(*args, **more):
        model = built(*args, **more)
        begun.append(hash_of(model))
        return model

    whole = run(tmp_path / "whole", experiment, tiny, build=noted)
    forget()  # the first model, before there is another
    left = shutil.ignore_patterns("step-*4.npz", "step-*4.png", "history.csv")
    shutil.copytree(tmp_path / "whole", tmp_path / "parts", ignore=left)
    again = run(tmp_path / "parts", experiment, tiny, lambda step, row: rows.append(step), build=noted)
    assert (again, rows[0], begun[0]) == (whole, 3, begun[1])


def test_all_practices_together_resume_exactly(tmp_path):
    """State beside the networks: averages, BEGAN's balance, power iterations, schedules."""
    began = [*TINY, "train.loss=began", "train.generator_average=0.9", "train.spectral_normalization=true",
             "train.learning_rate_schedule=cosine", "train.instance_noise=0.1"]  # fmt: skip
    whole = run(tmp_path / "whole", overrides=began)
    with pytest.raises(Stopped, match="saved at step 2"):
        run(tmp_path / "parts", overrides=began, on_row=stop_at(2))
    assert run(tmp_path / "parts", overrides=began) == whole


def test_an_augmentation_that_adapts_resumes_exactly(tmp_path, monkeypatch):
    """Its chance rises by an eighth a step, here, and what it has counted is no part of the networks."""
    for name, value in (("TARGET", -2.0), ("EVERY", 1), ("IMAGES", 16)):
        monkeypatch.setattr(augmentation, name, value)
    adaptive = [*TINY, "train.augmentation=adaptive"]
    whole = run(tmp_path / "whole", overrides=adaptive)
    with pytest.raises(Stopped, match="saved at step 2"):
        run(tmp_path / "parts", overrides=adaptive, on_row=stop_at(2))
    assert run(tmp_path / "parts", overrides=adaptive) == whole
    with (tmp_path / "parts" / "history.csv").open() as history:
        chances = [row["augmentation_chance"] for row in csv.DictReader(history)]
    assert chances == ["", "0.125", "0.25", "0.375", "0.5"]  # the first row is of the look before any step


def test_batches_of_calls_do_not_change_the_bits(tmp_path):
    assert run(tmp_path / "a") == run(tmp_path / "b", overrides=["train.steps_per_call=20"])


def test_an_older_checkpoint_serves_when_the_newest_is_damaged(tmp_path):
    whole = run(tmp_path / "whole")
    run(tmp_path / "parts")
    newest = max((tmp_path / "parts").glob("step-*.npz"))
    newest.write_bytes(newest.read_bytes()[:1000])
    assert run(tmp_path / "parts") == whole


def test_lost_best_weights_are_not_taken_for_those_of_the_next_try(tmp_path):
    """The next try is killed when it has looked once: its best weights are none that the old checkpoint knows of."""
    looks = {"overrides": ["diagnosis.every=4", "train.select=best"], "watched": True}
    parts = tmp_path / "parts"
    with pytest.raises(Stopped):
        run(parts, on_row=stop_at(8), **looks)
    (parts / "best.npz").write_bytes(b"damaged")

    def die(step, row):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(parts, on_row=die, **looks)
    assert not list(parts.glob("step-*.npz"))
    assert run(parts, **looks) == run(tmp_path / "whole", **looks)


KILLED = """
import sys; sys.path.insert(0, "tests/training")
from pathlib import Path
from test_loop import run
print(run(Path(sys.argv[1])))
"""


def test_sigkill_at_any_moment_then_again_gives_the_same_hash(tmp_path):
    """Kill when the first checkpoint appears and once more in a write, then let it finish."""
    whole = run(tmp_path / "whole")
    folder = tmp_path / "killed"
    command = [sys.executable, "-c", KILLED, str(folder)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)})
    while process.poll() is None and not list(folder.glob("*.npz")):
        time.sleep(0.001)
    process.kill()
    process.wait()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert done.stdout.split()[-1] == whole, done.stderr


def test_looking_does_not_change_the_training(tmp_path):
    model, _ = start(tmp_path / "a", overrides=["diagnosis.every=3"], watched=True)
    other, _ = start(tmp_path / "b")
    for name, variable in model.variables().items():
        np.testing.assert_array_equal(variable, other.variables()[name], err_msg=name)


def test_divergence_ends_the_training_with_the_best_weights_seen(tmp_path, capsys):
    wild = [f"train.optimizers.{name}.learning_rate=1.0e30" for name in ("generator", "discriminator")]
    model, trained = start(tmp_path, overrides=wild, watched=True)
    assert trained.verdict.verdict == "diverged" and trained.verdict.failing and trained.kept == 0
    assert trained.step < 20 and all(np.isfinite(variable).all() for variable in model.weights().values())
    trained.history.write(tmp_path / "history.csv")
    last = (tmp_path / "history.csv").read_text().splitlines()[-1]
    assert "nan" in last or "inf" in last


def test_a_step_that_was_chosen_and_not_reached_costs_neither_curves_nor_verdict(tmp_path, capsys):
    wild = [f"train.optimizers.{name}.learning_rate=1.0e30" for name in ("generator", "discriminator")]
    _, trained = start(tmp_path, overrides=[*wild, "train.keep=2", "train.select=20"], watched=True)
    assert trained.verdict.verdict == "diverged" and trained.kept == 0
    assert "train.select = 20 was not reached: the training ended after step" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("action", "step", "kept"),
    [("continue", 20, "last"), ("stop", 10, "last"), ("stop_and_keep_best", 10, "best"), ("fail", 10, "last")],
)
def test_what_is_done_with_a_failing_run(tmp_path, monkeypatch, capsys, action, step, kept):
    failing = Verdict("mode_collapse", "partial", "Too much alike.", 0.8, 5)
    for module in (loop, watch):
        monkeypatch.setattr(module, "judge", lambda table, cannot_judge: failing)
    # Patience is asked of the history: here it runs out at step 10.
    monkeypatch.setattr(watch, "lasting", lambda table, patience: patience == 2 and table["step"][-1] >= 10)
    overrides = [f"diagnosis.on_failure={action}", "diagnosis.patience=2", "diagnosis.every=5"]
    _, trained = start(tmp_path, overrides=overrides, watched=True)
    assert trained.step == step
    looks = trained.history.looks
    best = min(looks, key=lambda look: look[1]["probe_frechet"])[0]
    assert trained.kept == {"last": step, "best": best}[kept]
    assert capsys.readouterr().out.count("Mode collapse, partial: Too much alike.") == 1


def test_the_best_weights_are_those_of_the_best_look(tmp_path):
    """Samples of a generator that is pushed away from the data get worse: the best are the first."""
    away = ["train.optimizers.generator.learning_rate=0.5", "diagnosis.every=5", "train.select=best"]
    model, trained = start(tmp_path, overrides=away, watched=True)
    looks = trained.history.table()
    seen = ~np.isnan(looks["probe_frechet"])
    assert trained.kept == looks["step"][seen][np.argmin(looks["probe_frechet"][seen])] < trained.step == 20
    again, _ = start(tmp_path / "again", overrides=[*away, f"train.steps={max(1, trained.kept)}"], watched=True)
    if trained.kept:
        for name, variable in model.weights().items():
            np.testing.assert_array_equal(variable, again.weights()[name], err_msg=name)


def test_history_rows_are_window_means_and_looks_join_them(tmp_path):
    history = History(3, ["a"])
    assert history.add({"a": np.array([1.0, 2.0], np.float32)}) == []
    assert history.add({"a": np.array([3.0, 9.0], np.float32)}) == [(3, {"a": 2.0})]
    other = History(3, ["a"])
    other.restore(history.state())
    assert other.add({"a": np.array([9.0, 9.0], np.float32)}) == [(6, {"a": 9.0})]
    other.look(4, {"seen": 5.0})
    table = other.table()
    assert table["step"].tolist() == [3, 4, 6]
    np.testing.assert_array_equal(table["a"], [2.0, np.nan, 9.0])
    np.testing.assert_array_equal(table["seen"], [np.nan, 5.0, np.nan])
    third = History(3, ["a"])
    third.restore(other.state())
    third.write(tmp_path / "history.csv")
    assert (tmp_path / "history.csv").read_text() == "step,a,seen\n3,2,\n4,,5\n6,9,\n"


def test_sums_are_not_taken_in_the_order_in_which_their_terms_are_ready():
    """A witness: with TensorFlow's memory optimizer on, and data of this size, the sum had no AddN but AssignAdds."""
    be_deterministic()
    data, weights = tf.zeros((60_000, 1000)), tf.zeros((1000, 1000))

    @tf.function
    def total(data, weights):
        return tf.add_n([tf.gather(data, [i] * 1000) @ weights for i in range(3)])

    context.enable_run_metadata()
    try:
        total(data, weights)
        (graphs,) = context.export_run_metadata().function_graphs
    finally:
        context.disable_run_metadata()
    kinds = {node.op for node in graphs.post_optimization_graph.node}
    assert "AddN" in kinds and "AssignAdd" not in kinds


def test_a_long_loop_is_exact_while_the_machine_is_busy(tmp_path):
    """A witness: as TensorFlow comes, with data of this size, each try gave another hash."""
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    recipe = ["train.steps=60", "train.steps_per_call=60", "train.sample_every=60", "train.checkpoint_every=60"]
    recipe += ["train.batch_size=50", "train.generator_batch_size=100"]
    try:
        hashes = {run(tmp_path / str(i), overrides=recipe, count=60_000) for i in range(3)}
    finally:
        busy.kill()
        busy.wait()
    assert len(hashes) == 1


def test_one_graph_serves_chunks_of_any_length_and_is_made_before_the_first_step():
    params = compose_params("mode-collapse-mnist", ["train.batch_size=4", "train.generator_batch_size=4"])
    model = built(params, seed=7)
    model.make_optimizers()
    feed = Feed(data(model.image_shape), model.batch_size, "shuffle", 7)
    steps = loop.compile_steps(model, feed, xla=False)
    before = {name: variable.numpy() for name, variable in model.variables().items()}
    loop.make_graph(steps, feed.chunk(0, 2))
    assert steps.experimental_get_tracing_count() == 1
    assert all((variable.numpy() == before[name]).all() for name, variable in model.variables().items())
    for count in (1, 3):
        told = steps(feed.chunk(0, count), tf.constant(0, tf.int64))
        assert {name: values.shape for name, values in told.items()} == dict.fromkeys(model.metric_names, (count,))
    assert steps.experimental_get_tracing_count() == 1
