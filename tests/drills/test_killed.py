"""What is killed, stopped or starved in the middle of a training goes on, and ends in an undisturbed run's weights.

Each drill runs the flow in one clone; what workers and a remote add is drilled in test_production.py.
"""

import shutil
import signal
import subprocess

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(4 * 3600)]  # a busy machine takes its time


@pytest.fixture(scope="module")
def undisturbed(house):
    """The weights of a plain `dvc repro train` on a clean clone; and a Prefect server for the others' flows."""
    plain = house.clone("plain")
    house.serve_prefect(plain)
    house.plain(plain, house.SMALL, "extractor")
    shutil.copytree(plain / ".dvc/cache", house.folder / "prepared")
    return house.weights(house.plain(plain, house.SMALL, "train"))


@pytest.fixture
def clone(house, undisturbed, request):
    """A clone for one drill."""
    return prepared(house, request.node.name.replace("[", "-").replace("]", ""))


def prepared(house, name):
    """Return a clean clone whose cache holds all but the training."""
    clone = house.clone(name)
    shutil.copytree(house.folder / "prepared", clone / ".dvc/cache")
    house.python(clone, "pipelines.cli", "use", "gan-mnist", *house.SMALL)
    house.python(clone, "dvc", "repro", "extractor")
    return clone


def flow(house, clone, **environment):
    """Start the flow up to the training; return its process."""
    return house.start(clone.name, clone, "pipelines.run", "train", **environment)


def trained(house, clone):
    return house.weights((clone / "dvc.lock").read_text())


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["kill", "term"])
def test_the_training(house, undisturbed, clone, number):
    process = flow(house, clone)
    house.training(clone).send_signal(number)
    house.ended(process)
    assert "resuming after step" in house.log(clone.name)
    assert ("saved at step" in house.log(clone.name)) == (number == signal.SIGTERM)
    assert trained(house, clone) == undisturbed


def test_the_flow(house, undisturbed, clone):
    process = flow(house, clone)
    training = house.training(clone)
    process.kill()
    house.wait_until(lambda: not training.is_running(), "the training's end", 35)
    assert "resuming after step" in house.python(clone, "pipelines.run", "train")
    assert trained(house, clone) == undisturbed


def test_another_machine_goes_on_from_the_checkpoints_mirror(house, undisturbed, clone):
    mirror = {"GANLINE_CHECKPOINTS": (house.folder / "mirror").as_uri()}
    flow(house, clone, **mirror)
    house.training(clone)
    house.kill(clone.name)
    other = prepared(house, "other-machine")
    assert "resuming after step" in house.python(other, "pipelines.run", "train", **mirror)
    assert trained(house, other) == undisturbed
    assert not [path for path in (house.folder / "mirror").rglob("*") if path.is_file()]  # it is done with


def test_the_mlflow_server(house, undisturbed, clone):
    from mlflow import MlflowClient

    process = flow(house, clone)
    house.training(clone)
    house.kill("mlflow")
    house.ended(process)
    assert trained(house, clone) == undisturbed
    house.serve_mlflow(house.mlflow_port)
    (session,) = (path.name for path in (clone / ".ganline/runs").iterdir() if path.name.startswith("flow-"))
    client = MlflowClient(house.environment["MLFLOW_TRACKING_URI"])

    def curve():
        house.python(clone, "ganline.tracking.courier", ok=None)  # which leaves the work to one that is still at it
        found = client.get_experiment_by_name("ganline")
        runs = client.search_runs([found.experiment_id], f"tags.`ganline.session` = '{session}'") if found else []
        return [point.step for run in runs for point in client.get_metric_history(run.info.run_id, "d_loss")]

    house.wait_until(lambda: curve() == list(range(50, 1501, 50)), "the whole curve in MLflow")


def test_a_full_disk(house, undisturbed, clone):
    place = clone / ".ganline/checkpoints"
    place.mkdir(parents=True, exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", place], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.decode().strip()}")
    try:
        output = house.python(clone, "pipelines.run", "train", ok=False)
    finally:
        subprocess.run(["umount", place], check=True)
    assert "No space left on device" in output
    assert not (clone / "models/gan").exists()
    house.python(clone, "pipelines.run", "train")
    assert trained(house, clone) == undisturbed
