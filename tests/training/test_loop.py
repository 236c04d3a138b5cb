import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from ganline import models
from ganline.catalogue import compose_params, names
from ganline.compute import be_deterministic
from ganline.errors import UserError
from ganline.training.loop import History, train
from ganline.training.stop import Stopped

ROOT = Path(__file__).parents[2]
SMALL = [
    "train.steps=20", "train.batch_size=8", "train.generator_batch_size=16", "train.steps_per_call=3",
    "train.log_every=4", "train.sample_every=8", "train.checkpoint_every=5", "train.sample_count=9",
]  # fmt: skip


def data(shape, count=50):
    images = np.random.default_rng(0).integers(0, 256, (count, *shape), np.uint8)
    return {"image": images, "label": np.arange(count, dtype=np.int32) % 10}


def run(folder, experiment="gan-mnist", overrides=(), on_row=lambda step, row: None, count=50):
    """Train the shrunken experiment in `folder`; return a hash of everything it leaves."""
    be_deterministic()
    params = compose_params(experiment, [*SMALL, *overrides, "download.source=."])
    shape = (params.prepare.size, params.prepare.size, params.prepare.channels)
    model = models.build(params.train, shape, seed=7, classes=10)
    history = train(model, data(shape, count), params.train, folder, on_row=on_row)
    history.write(folder / "history.csv")
    parts = [variable.numpy().tobytes() for variable in model.variables().values()]
    parts += [path.read_bytes() for path in sorted(folder.glob("samples/*.png"))]
    return hashlib.sha256(b"".join([*parts, (folder / "history.csv").read_bytes()])).hexdigest()


def stop_at(step):
    def on_row(at, row):
        if at == step:
            os.kill(os.getpid(), signal.SIGTERM)

    return on_row


def test_a_stopped_run_goes_on_as_if_nothing_had_been(tmp_path):
    whole = run(tmp_path / "whole")
    # At step 8 a row of history is complete, its window and the sample grid are not at a checkpoint.
    with pytest.raises(Stopped, match="SIGTERM; saved at step 9|SIGTERM; saved at step 8"):
        run(tmp_path / "parts", on_row=stop_at(8))
    assert run(tmp_path / "parts") == whole


TINY = [
    "train.steps=4", "train.batch_size=2", "train.generator_batch_size=2", "train.steps_per_call=1",
    "train.log_every=1", "train.sample_every=4", "train.checkpoint_every=4", "train.sample_count=1",
]  # fmt: skip


@pytest.mark.parametrize("experiment", names("experiment"))
def test_each_experiment_is_deterministic_and_resumes_exactly(tmp_path, experiment):
    """Two trainings of one seed, the second stopped after two steps and gone on with by a new model."""
    tiny = [*TINY, "train.discriminator_steps=2"] if experiment.startswith("wgan") else TINY  # 5 take long to compile
    whole = run(tmp_path / "whole", experiment, tiny)
    with pytest.raises(Stopped, match="saved at step 2"):
        run(tmp_path / "parts", experiment, tiny, on_row=stop_at(2))
    assert run(tmp_path / "parts", experiment, tiny) == whole


def test_all_practices_together_resume_exactly(tmp_path):
    """State beside the networks: averages, BEGAN's balance, power iterations, schedules."""
    began = [*TINY, "train.loss=began", "train.generator_average=0.9", "train.spectral_normalization=true",
             "train.learning_rate_schedule=cosine", "train.instance_noise=0.1"]  # fmt: skip
    whole = run(tmp_path / "whole", overrides=began)
    with pytest.raises(Stopped, match="saved at step 2"):
        run(tmp_path / "parts", overrides=began, on_row=stop_at(2))
    assert run(tmp_path / "parts", overrides=began) == whole


def test_batches_of_calls_do_not_change_the_bits(tmp_path):
    assert run(tmp_path / "a") == run(tmp_path / "b", overrides=["train.steps_per_call=20"])


def test_an_older_checkpoint_serves_when_the_newest_is_damaged(tmp_path):
    whole = run(tmp_path / "whole")
    run(tmp_path / "parts")
    newest = max((tmp_path / "parts").glob("step-*.npz"))
    newest.write_bytes(newest.read_bytes()[:1000])
    assert run(tmp_path / "parts") == whole


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


def test_divergence_is_an_error_that_says_what_to_do(tmp_path):
    wild = [f"train.optimizers.{name}.learning_rate=1.0e30" for name in ("generator", "discriminator")]
    with pytest.raises(UserError, match=r"not finite at step .*learning_rate"):
        run(tmp_path, overrides=wild)


def test_history_rows_are_window_means():
    history = History(3, ["a"])
    assert history.add({"a": np.array([1.0, 2.0], np.float32)}) == []
    assert history.add({"a": np.array([3.0, 9.0], np.float32)}) == [(3, {"a": 2.0})]
    other = History(3, ["a"])
    other.restore(history.state())
    assert other.add({"a": np.array([9.0, 9.0], np.float32)}) == [(6, {"a": 9.0})]
    assert other.table()["step"].tolist() == [3, 6]


def test_a_long_loop_is_exact_while_the_machine_is_busy(tmp_path):
    """A witness: with TensorFlow's constant folding on, and data of this size, each try gave another hash."""
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    recipe = ["train.steps=60", "train.steps_per_call=60", "train.sample_every=60", "train.checkpoint_every=60"]
    recipe += ["train.batch_size=50", "train.generator_batch_size=100"]
    try:
        hashes = {run(tmp_path / str(i), overrides=recipe, count=60_000) for i in range(3)}
    finally:
        busy.kill()
        busy.wait()
    assert len(hashes) == 1
