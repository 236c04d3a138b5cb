"""Training on several devices: two parts of the processor.

TensorFlow splits a processor once, when it starts, so whatever needs two devices runs in a process of its own.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from ganline.catalogue.presets import compose_params
from ganline.core import replicas
from ganline.core.files import read_arrays
from ganline.settings.schema import Compute
from ganline.training import batches as feed
from ganline.training.batches import Feed, batch_indices
from ganline.training.devices import Devices, choose
from tests.fitting import EXPERIMENTS

ROOT = Path(__file__).parents[2]
sys.path.append(str(Path(__file__).parent))  # for test_loop's shrunken trainings
TWO = Compute(precision="float32", xla=False, deterministic=True, strategy="mirrored", replicas=2)


def apart(function, *arguments, environment=None, cwd=ROOT):
    """Start a process that calls a function of this file."""
    code = f"import sys; sys.path[:0] = {[str(ROOT), str(Path(__file__).parent)]}; import test_strategy as here\n"
    code += f"here.{function.__name__}(*{list(map(str, arguments))})"
    return subprocess.Popen(
        [sys.executable, "-c", code], cwd=cwd, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=os.environ | (environment or {}),
    )  # fmt: skip


def said(process, returns=0):
    """Wait for its end and return what its last line holds."""
    output, _ = process.communicate(timeout=600)
    assert process.returncode == returns, output[-3000:]
    return json.loads(output.splitlines()[-1]) if not returns else output


# Two replicas give the single device's numbers


FOUR = [
    "train.steps=4", "train.steps_per_call=4", "train.log_every=1", "train.sample_every=4", "train.checkpoint_every=4",
]  # fmt: skip
RECIPES = {
    "labels, noise, packs, clipping, several updates, an average": (
        "mode-collapse-mnist", "train.label_flipping=0.2", "train.instance_noise=0.3", "train.packing=2",
        "train.gradient_clip_norm=0.05", "train.discriminator_steps=2", "train.generator_average=0.9",
    ),
    "power iterations, clipped weights, an update for each side": (
        "mode-collapse-mnist", "train.loss=wasserstein", "train.discriminator_batches=sequential",
        "train.spectral_normalization=true", "train.weight_clip=0.1", "train.sampling=shuffle",
    ),
    "a balance and an autoencoder": ("mode-collapse-mnist", "train.loss=began", "train.instance_noise=0.3"),
    "a likelihood": ("vae-mnist",),
}  # fmt: skip


def compare(folder):
    """Print for each recipe how far two replicas are from one device: in the curves, and in all that is saved."""
    devices = choose(TWO)
    from tensorflow.keras import layers
    from test_loop import start

    from ganline.models.generation import failures
    from ganline.models.latent_gan import discriminator
    from ganline.models.layers import Dropout

    # Dropout, which no model of the catalogue has without batch norm.
    failures.ModeCollapse.build_discriminator = lambda self: discriminator(
        self.seen_shape, [layers.Flatten(), layers.Dense(64, activation="relu"), Dropout(0.3)]
    )
    found = {}
    for i, (name, (experiment, *overrides)) in enumerate(RECIPES.items()):
        one, told = start(Path(folder, f"one-{i}"), experiment, [*FOUR, *overrides])
        two, told_two = start(Path(folder, f"two-{i}"), experiment, [*FOUR, *overrides], devices=devices)
        rows = [np.array(each.history.rows) for each in (told, told_two)]
        found[name] = {"curves": float(np.max(np.abs(rows[0] - rows[1]) / np.maximum(1e-2, np.abs(rows[0]))))}
        saved, weights = two.variables(), one.variables()
        pairs = [(variable.numpy(), saved[n].numpy()) for n, variable in weights.items()]
        found[name]["saved"] = max(float(np.max(np.abs(a - b) / np.maximum(1, np.abs(a)))) for a, b in pairs)
    print(json.dumps(found | {"overflow": overflow(devices)}))


def overflow(devices):
    """Return what a step does in float16 whose scaled loss is too large: weights moved, and the scale on both."""
    import tensorflow as tf

    from ganline import models
    from ganline.training.loop import compile_steps

    tf.keras.mixed_precision.set_global_policy("mixed_float16")
    params = compose_params("mode-collapse-mnist", ["train.batch_size=8", "train.generator_batch_size=8"])
    with devices.building():
        model = models.build(params.train, (8, 8, 1), 1)
        model.make_optimizers()
    batches = Feed({"image": np.arange(640, dtype=np.uint8).reshape(10, 8, 8, 1)}, 8, "shuffle", 0, devices)
    scale, told = model.variables()["generator/loss_scale"], []
    run = compile_steps(model, batches, False, devices)
    for given in (2.0**60, 2.0**10):
        scale.assign(given)
        before = model.generator.get_weights()
        run(batches.chunk(0, 1), tf.constant(0, tf.int64))
        moved = any((new != old).any() for new, old in zip(model.generator.get_weights(), before, strict=True))
        told.append([moved, *(float(copy) / given for copy in scale.values)])
    return told


def test_two_replicas_are_one_device_where_no_statistics_of_a_batch_are_used(tmp_path):
    found = said(apart(compare, tmp_path))
    for name in RECIPES:
        assert found[name]["curves"] < 2e-5 and found[name]["saved"] < 2e-5, (name, found[name])
    assert found["overflow"] == [[False, 0.5, 0.5], [True, 1.0, 1.0]]


def test_replicas_share_out_batches_and_machines_see_only_theirs(monkeypatch):
    monkeypatch.setattr(feed, "RESIDENT_BYTES", 0)
    arrays = {"image": np.zeros((50, 2, 2, 1), np.uint8)}
    first, second = (Feed(arrays, 24, "shuffle", 3, Devices(None, 4, 2, i), batch_parts=2) for i in (0, 1))
    whole = batch_indices(50, 24, "shuffle", 3, 5, 2)
    seen = np.concatenate([each._shared_out(whole) for each in (first, second)], axis=1)
    assert seen.shape == (2, 4, 6)
    # The third replica has the third quarter of each half.
    np.testing.assert_array_equal(seen[0, 2], np.concatenate([whole[0, 6:9], whole[0, 18:21]]))
    np.testing.assert_array_equal(np.sort(seen[1].ravel()), np.sort(whole[1]))


@pytest.mark.parametrize("limit", [2**31, 0])
def test_replicas_share_out_each_side_of_a_translation_by_itself(monkeypatch, limit):
    from ganline.training.batches import Apart

    monkeypatch.setattr(feed, "RESIDENT_BYTES", limit)
    monkeypatch.setattr(Devices, "each", lambda self: iter(range(self.local)))
    sides = {"image": np.arange(50, dtype=np.uint8)[:, None], "input": Apart(np.arange(30, dtype=np.uint8)[:, None])}
    whole = Feed(sides, 16, "shuffle", 3, batch_parts=2)
    expected, shared = whole.batch(whole.chunk(5, 2), 1), []
    for worker in (0, 1):
        part = Feed(sides, 16, "shuffle", 3, Devices(None, 4, 2, worker), batch_parts=2)
        chunk = part.chunk(5, 2)
        for replica in (0, 1):
            monkeypatch.setattr(replicas, "index", lambda i=2 * worker + replica: i)
            shared.append(part.batch(chunk, 1))
    for name in sides:
        seen = np.concatenate([np.reshape(batch[name], (2, -1)) for batch in shared], axis=1).ravel()
        np.testing.assert_array_equal(seen, np.ravel(expected[name]))


def test_draws_of_all_replicas_are_those_of_one_device(monkeypatch):
    import tensorflow as tf

    from ganline.core.random import key, normal

    seed = key(1, "test", 0)
    whole = normal((12, 3), seed).numpy()
    parts = []
    for i in range(3):
        monkeypatch.setattr(replicas, "count", lambda: 3)
        monkeypatch.setattr(replicas, "index", lambda i=i: i)
        parts.append(normal(tf.constant([4, 3]), seed).numpy())
        with replicas.parts(2):  # fakes, then reals: each half is shared out by itself
            np.testing.assert_array_equal(normal((4, 3), seed), whole[[2 * i, 2 * i + 1, 6 + 2 * i, 7 + 2 * i]])
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_replicas_exchange_nothing_while_a_network_is_frozen(monkeypatch):
    monkeypatch.setattr(replicas, "count", lambda: 2)
    with replicas.apart(), pytest.raises(RuntimeError, match="for one of them alone"):
        replicas.mean(np.float32(1))


# Resume, looks and the best weights


WATCHED = [*FOUR, "train.steps=8", "diagnosis.every=4", "train.select=best", "train.generator_average=0.9"]


def resume(folder):
    """Print hashes of a training with batch norms on two replicas, whole and in two parts."""
    devices = choose(TWO)
    from test_loop import run, stop_at

    from ganline.training.stop import Stopped

    options = {"overrides": WATCHED, "watched": True, "devices": devices}
    whole = run(Path(folder, "whole"), **options)
    with pytest.raises(Stopped, match="saved at step 4"):
        run(Path(folder, "parts"), on_row=stop_at(4), **options)
    print(json.dumps([whole, run(Path(folder, "parts"), **options)]))


def test_two_replicas_are_deterministic_and_resume_exactly(tmp_path):
    whole, parts = said(apart(resume, tmp_path))
    assert parts == whole


def once(folder):
    """Print a hash of a training on two replicas."""
    devices = choose(TWO)
    from test_loop import run

    print(json.dumps(run(Path(folder), overrides=WATCHED, watched=True, devices=devices)))


@pytest.mark.slow
def test_two_replicas_killed_go_on_as_if_nothing_had_been(tmp_path):
    whole = said(apart(once, tmp_path / "whole"))
    killed = apart(once, tmp_path / "killed")
    while killed.poll() is None and not list((tmp_path / "killed").glob("step-*.npz")):
        time.sleep(0.01)
    killed.kill()
    killed.communicate()
    assert said(apart(once, tmp_path / "killed")) == whole


def test_float16_resumes_exactly_with_its_loss_scale(tmp_path):
    import tensorflow as tf
    from test_loop import run, stop_at

    from ganline.training.stop import Stopped

    tf.keras.mixed_precision.set_global_policy("mixed_float16")
    options = {"experiment": "mode-collapse-mnist", "overrides": WATCHED[:-2], "watched": True}
    whole = run(tmp_path / "whole", **options)
    with pytest.raises(Stopped, match="saved at step 4"):
        run(tmp_path / "parts", on_row=stop_at(4), **options)
    state = read_arrays(max((tmp_path / "parts").glob("step-*.npz")))
    assert state["variable/generator/loss_scale"] == 2**15 and state["variable/generator/loss_scale/steps"] == 4
    assert run(tmp_path / "parts", **options) == whole


# The catalogue


def few_steps(folder, *experiments):
    """Train each experiment for a few steps on two replicas and print which have only finite numbers."""
    devices = choose(TWO)
    from test_loop import TINY, start

    good = []
    for experiment in experiments:
        model, trained = start(Path(folder, experiment), experiment, [*TINY, "train.steps_per_call=4"], devices=devices)
        finite = all(np.isfinite(variable.numpy()).all() for variable in model.variables().values())
        copies = [v.values for v in model.state() if hasattr(v, "values")]
        alike = all((one.numpy() == other.numpy()).all() for one, other in copies)
        if trained.step == 4 and finite and alike and np.isfinite(trained.history.rows).all():
            good.append(experiment)
    print(json.dumps(good))


@pytest.mark.slow
@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_experiment_trains_on_two_replicas(experiment, tmp_path):
    assert said(apart(few_steps, tmp_path, experiment)) == [experiment]
