"""Training on several machines: processes that stand for one each, found by TF_CONFIG."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from ganline.catalogue.presets import compose_params
from ganline.core import replicas
from ganline.core.errors import UserError
from ganline.core.files import read_arrays, write_json
from ganline.settings.schema import Compute
from ganline.training.devices import Devices, choose

ROOT = Path(__file__).parents[2]
TWO = Compute(precision="float32", xla=False, deterministic=True, strategy="mirrored", replicas=2)


def workspace(folder, *overrides):
    """Make a project of prepared random images, with params.yaml as composed."""
    import yaml

    small = [
        "dataset=digits", "extractor.kind=inception", "prepare.size=8", "train.steps=12", "train.batch_size=8",
        "train.generator_batch_size=8", "train.steps_per_call=2", "train.checkpoint_every=4", "train.log_every=2",
        "train.sample_every=6", "train.sample_count=4", "diagnosis.every=6", *overrides,
    ]  # fmt: skip
    params = compose_params("mode-collapse-mnist", small, ROOT / "conf")
    data = folder / "data/prepared/digits"
    data.mkdir(parents=True)
    (folder / "params.yaml").write_text(yaml.safe_dump(params.model_dump()))
    np.save(data / "train_images.npy", np.random.default_rng(0).integers(0, 256, (200, 8, 8, 1), np.uint8))
    write_json(data / "dataset.json", {"dataset": "digits", "image_shape": [8, 8, 1], "classes": []})
    return folder


def stage(folder, **environment):
    """Start the training stage in a project."""
    return subprocess.Popen(
        [sys.executable, "-m", "stages.train"], cwd=folder, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, env=os.environ | environment | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def machines(number):
    """Return TF_CONFIG for each of so many processes on loopback."""
    sockets = [socket.socket() for _ in range(number)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    cluster = {"worker": [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]}
    for each in sockets:
        each.close()
    return [json.dumps({"cluster": cluster, "task": {"type": "worker", "index": i}}) for i in range(number)]


def weights(folder):
    return read_arrays(folder / "models/gan/weights.npz")


def finished(processes, returns=0):
    outputs = [process.communicate(timeout=600)[0] for process in processes]
    assert [process.returncode for process in processes] == [returns] * len(processes), "\n".join(outputs)
    return outputs


@pytest.fixture
def no_courier(tmp_path):
    """Projects where nothing is delivered to MLflow: what is told stays in .ganline/runs."""
    locks = []

    def made(name, *overrides):
        folder = workspace(tmp_path / name, *overrides)
        lock = FileLock(folder / ".ganline/courier.lock")
        (folder / ".ganline").mkdir()
        lock.acquire()
        locks.append(lock)
        return folder

    yield made
    for lock in locks:
        lock.release()


def files(folder):
    """Return what a stage left in a project, but for locks."""
    return {str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file() and f.suffix != ".lock"}


def test_two_machines_are_one_device_and_the_chief_alone_writes(no_courier):
    alone = no_courier("alone")
    two = [no_courier(name, "compute.strategy=multi_worker") for name in ("chief", "helper")]
    before = files(two[1])
    finished([stage(alone)])
    finished([stage(folder, TF_CONFIG=config) for folder, config in zip(two, machines(2), strict=True)])
    assert files(two[1]) == before
    for name, values in weights(alone).items():
        np.testing.assert_allclose(weights(two[0])[name], values, atol=1e-6)
    diagnosis = json.loads((two[0] / "reports/train/diagnosis.json").read_text())
    assert diagnosis["replicas"] == 2 and len(list((two[0] / "reports/train/samples").iterdir())) == 3
    events = [json.loads(line) for line in next((two[0] / ".ganline/runs").glob("*/events.jsonl")).open()]
    assert {"replicas": "2"}.items() <= next(e["values"] for e in events if e["kind"] == "tags").items()
    assert "replicas" not in json.loads((alone / "reports/train/diagnosis.json").read_text())


@pytest.mark.slow
def test_a_machine_that_must_go_stops_all_and_together_they_go_on_exactly(no_courier):
    long = ["compute.strategy=multi_worker", "train.steps=60", "train.sample_every=60", "train.checkpoint_every=10"]
    whole = [no_courier(f"whole-{i}", *long) for i in range(2)]
    finished([stage(folder, TF_CONFIG=config) for folder, config in zip(whole, machines(2), strict=True)])
    parts = [no_courier(f"parts-{i}", *long) for i in range(2)]
    processes = [stage(folder, TF_CONFIG=config) for folder, config in zip(parts, machines(2), strict=True)]
    while not list(parts[0].glob(".ganline/checkpoints/*/step-*.npz")):
        time.sleep(0.05)
        assert processes[0].poll() is None, processes[0].communicate()
    processes[1].send_signal(signal.SIGTERM)  # not the chief
    outputs = finished(processes, 128 + signal.SIGTERM)
    assert all("saved at step" in output for output in outputs), outputs
    outputs = finished([stage(folder, TF_CONFIG=config) for folder, config in zip(parts, machines(2), strict=True)])
    assert "resuming after step" in outputs[0]
    for name, values in weights(whole[0]).items():
        np.testing.assert_array_equal(weights(parts[0])[name], values)


@pytest.mark.slow
@pytest.mark.parametrize("victim", [0, 1])
def test_a_machine_that_dies_ends_the_others_with_a_plain_word(no_courier, victim):
    long = ["compute.strategy=multi_worker", "train.steps=4000", "train.sample_every=4000", "train.checkpoint_every=20"]
    two = [no_courier(f"{i}", *long) for i in range(2)]
    processes = [stage(folder, TF_CONFIG=config) for folder, config in zip(two, machines(2), strict=True)]
    while not list(two[0].glob(".ganline/checkpoints/*/step-*.npz")):
        time.sleep(0.05)
        assert processes[0].poll() is None, processes[0].communicate()
    processes[victim].kill()
    (output,) = finished([processes[1 - victim]], 1)
    processes[victim].communicate()
    assert "train: another machine is gone" in output and "Traceback" not in output, output[-3000:]


# What is refused


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["compute.strategy=mirrored", "compute.replicas=3"],
         r"train.batch_size = 128: 3 replicas cannot share it evenly; what fits is a multiple of 3, .* 126 or 129"),
        (["compute.strategy=mirrored", "compute.replicas=4", "train.packing=2", "train.generator_batch_size=4"],
         r"generator_batch_size = 4: 4 replicas .* with train.packing = 2; what fits is a multiple of 8, such as 8$"),
        (["compute.replicas=2"], r"compute.replicas = 2 needs compute.strategy = mirrored or multi_worker"),
        (["compute.strategy=mirrored", "compute.xla=true"], r"compute.xla: it compiles for one device"),
        (["compute.strategy=mirrored", "train.unrolled_steps=1"], r"train.unrolled_steps with .* = mirrored"),
        (["compute.precision=mixed_float16", "train.unrolled_steps=1"], r"would vanish in mixed_float16"),
        (["compute.strategy=horovod"], r"allowed is 'none', 'mirrored' or 'multi_worker'"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_before_anything_runs(overrides, words):
    with pytest.raises(UserError, match=words):
        compose_params("dcgan-fashion-mnist-workshop", overrides)


MANY = Compute(precision="float32", xla=False, deterministic=True, strategy="multi_worker", replicas=None)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (None, "it is not set"),
        ("{", "is not that"),
        ('{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}', "is not that"),
        ('{"cluster": {"worker": ["a:1"], "ps": ["b:1"]}, "task": {"type": "ps", "index": 0}}', "has worker, ps"),
    ],
)
def test_several_machines_need_to_be_told_of_each_other(monkeypatch, config, words):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if config:
        monkeypatch.setenv("TF_CONFIG", config)
    with pytest.raises(UserError, match=f"TF_CONFIG must list the machines .* {words}"):
        choose(MANY)


def test_the_chief_is_the_first_that_tf_config_lists(monkeypatch):
    cluster = {"worker": ["b:1", "c:1"], "chief": ["a:1"]}
    found = {}
    for kind, i in (("chief", 0), ("worker", 0), ("worker", 1)):
        monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": {"type": kind, "index": i}}))
        found[kind, i] = replicas.cluster(MANY.strategy)
    assert found == {("chief", 0): (3, 0), ("worker", 0): (3, 1), ("worker", 1): (3, 2)}
    assert [place.chief for place in found.values()] == [True, False, False]


def test_one_machine_needs_no_tf_config_and_one_device_is_a_strategy_too(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", machines(2)[1])
    devices = choose(TWO.model_copy(update={"replicas": None}))
    assert devices.count >= 1 and devices.chief and devices.strategy


def test_batches_that_the_devices_of_this_machine_cannot_share_are_refused(tmp_path, monkeypatch):
    from ganline.catalogue.check import load
    from ganline.training import devices
    from stages import train

    monkeypatch.chdir(workspace(tmp_path, "compute.strategy=mirrored", "train.batch_size=9"))
    monkeypatch.setattr(devices, "choose", lambda compute: Devices(count=2))
    with pytest.raises(UserError, match="train.batch_size = 9: 2 replicas cannot share it evenly; .* such as 8 or 10"):
        train.run(load(), tracker=None)
