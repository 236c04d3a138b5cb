"""The flow on a small DVC project: order, live output, artifacts, retries, one MLflow run, nothing left behind."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest
import waiting
import yaml
from filelock import FileLock

import pipelines  # noqa: F401 - first: it sets Prefect's environment
from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.tracking import spool
from pipelines import process
from pipelines.graph import pools, read_from, stages_in_order

REPOSITORY = Path(__file__).parents[2]

STAGE = """\
import sys, time
from pathlib import Path
from ganline.core.errors import UserError
from ganline.core.files import write_json
from ganline.catalogue.check import load
from ganline.tracking.tracker import Tracker, report_mistake

name, action = sys.argv[1], Path("action.txt").read_text().strip()
with open(f"{name}.tries", "a") as tries:
    tries.write("x")
try:
    with Tracker(name, load()) as tracker:
        print(f"{name} at work")
        if name == "train" and action == "mistake":
            raise UserError("train.steps = 0: allowed is 1 or more")
        if name == "train" and action == "crash":
            sys.exit("out of luck")
        if name == "train" and action == "wait":
            Path("waiting").touch()
            time.sleep(600)
        tracker.metrics({f"{name}_done": 1.0})
        Path(f"{name}.out").write_text(name)
except UserError as error:
    print(f"{name}: {error}", file=sys.stderr)
    report_mistake(name, error)
    sys.exit(1)
"""


DIAGNOSIS = {
    "verdict": "mode_collapse", "kind": "partial", "title": "Mode collapse, partial",
    "summary": "The samples are alike.", "failing": True, "confidence": 0.9, "first_step": 1500, "evidence": [],
    "causes": [], "steps": 6000, "kept_step": 6000, "ended_early": False, "cannot_judge": "",
    "remedies": [{"change": ["train.latent_dim=100"], "why": "More directions.", "source": "A book"}],
}  # fmt: skip


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A DVC project with two stages; the second is written first."""
    for name in ("MLFLOW_TRACKING_URI", "GANLINE_SESSION", "DVC_ROOT", "DVC_STAGE", "DVC_EXP_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    Path("stage.py").write_text(STAGE)
    Path("action.txt").write_text("work")
    params = compose_params("gan-mnist", ["dataset=digits"], REPOSITORY / "conf")
    Path("params.yaml").write_text(yaml.safe_dump(params.model_dump()))
    stages = {
        "train": {"cmd": "python stage.py train", "deps": ["prepare.out", "action.txt"], "outs": ["train.out"]},
        "prepare": {"cmd": "python stage.py prepare", "deps": ["stage.py"], "outs": ["prepare.out"]},
    }
    Path("dvc.yaml").write_text(yaml.safe_dump({"stages": stages}, sort_keys=False))
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run([sys.executable, "-m", "dvc", "init", "-q"], check=True)
    return tmp_path


@pytest.fixture
def quiet_project(project):
    """The same without a courier in the background, which would take seconds of processor time."""
    (project / ".ganline").mkdir()
    with FileLock(project / ".ganline/courier.lock"):
        yield project


def logged():
    """Return all that flows have logged, as Prefect's server holds it."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import LogFilter

    with get_client(sync_client=True) as client:
        return "\n".join(log.message for log in client.read_logs(LogFilter(), limit=200, offset=0))


def artifact(key):
    """Return the content of the newest artifact with this key."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        return client.request("GET", "/artifacts/{key}/latest", path_params={"key": key}).json()["data"]


def test_the_flow_runs_the_stages_in_order_and_shows_what_came_of_it(quiet_project, prefect_server):
    from pipelines.run import run_pipeline

    Path("reports/train/samples").mkdir(parents=True)
    cv2.imwrite("reports/train/samples/step-00000100.png", np.zeros((8, 8), np.uint8))
    Path("reports/evaluate").mkdir()
    Path("reports/evaluate/metrics.json").write_text('{"fid": 12.5}')
    Path("reports/train/diagnosis.json").write_text(json.dumps(DIAGNOSIS))
    assert run_pipeline(return_state=True).message == "Mode collapse, partial (failing since step 1,500)"

    (folder,) = (quiet_project / ".ganline/runs").iterdir()
    events = [event for event, _ in spool.read_events(folder)]
    assert [event["stage"] for event in events if event["kind"] == "start"] == ["prepare", "train"]
    assert {event["tags"]["prefect.flow_run_id"] for event in events if event["kind"] == "start"} == {
        folder.name.removeprefix("flow-")
    }
    waiting.until(lambda: "train at work" in logged())  # Prefect's logger sends in the background
    assert logged().index("prepare at work") < logged().index("train at work")
    assert artifact("metrics") == '[{"metric": "fid", "value": 12.5}]'
    for text in ("data:image/png;base64,", "**Mode collapse, partial**: The samples are alike.", "since step 1,500",
                 "1. `dvc exp run --no-hydra -S train.latent_dim=100`: More directions. (A book)"):  # fmt: skip
        assert text in artifact("report")

    assert run_pipeline() is None
    assert Path("train.tries").read_text() == "x"  # the second time nothing had to run


def task_states(flow_run):
    """Return the names of the states in which a flow run's tasks ended."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId

    with get_client(sync_client=True) as client:
        tasks = client.read_task_runs(flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[flow_run])))
        return [task.state.name for task in tasks]


@pytest.mark.parametrize(
    ("action", "name", "message", "tries"),
    [("mistake", "Mistake", "train.steps = 0", 1), ("crash", "Failed", "luck", 2)],
)
def test_a_failing_stage_fails_the_flow_and_is_retried_only_if_that_may_help(
    quiet_project, prefect_server, monkeypatch, action, name, message, tries
):
    from pipelines import run, stage

    monkeypatch.setitem(stage.RETRIES, "train", 1)
    monkeypatch.setattr(stage.run_stage, "retry_delay_seconds", 0)
    Path("action.txt").write_text(action)
    Path("prepare.out").touch()
    state = run.run_pipeline(["train"], return_state=True)
    assert (state.type.value, state.name) == ("FAILED", name)
    assert message in state.message
    assert task_states(state.state_details.flow_run_id) == [name]
    assert Path("train.tries").read_text() == "x" * tries


def test_an_unknown_stage_is_refused(quiet_project, prefect_server):
    from pipelines.run import run_pipeline

    state = run_pipeline(["trian"], return_state=True)
    assert state.name == "Mistake" and "no stage trian; there are prepare, train" in state.message


def test_sigterm_leaves_no_process_behind(quiet_project, prefect_server):
    from prefect.settings import PREFECT_API_URL

    Path("action.txt").write_text("wait")
    Path("prepare.out").touch()
    environment = os.environ | {"PREFECT_API_URL": PREFECT_API_URL.value()}
    flow = subprocess.Popen([sys.executable, "-m", "pipelines.run", "train"], env=environment, start_new_session=True)
    waiting.until(lambda: Path("waiting").exists())
    stages = [child for child in psutil.Process(flow.pid).children(recursive=True) if "stage.py" in child.cmdline()]
    assert stages
    flow.send_signal(signal.SIGTERM)
    assert flow.wait(60) != 0
    assert not any(stage.is_running() and stage.status() != psutil.STATUS_ZOMBIE for stage in stages)


def test_all_stages_of_one_dvc_repro_share_one_session_and_its_lock_arrives(project):
    from mlflow import MlflowClient

    subprocess.run([sys.executable, "-m", "dvc", "repro", "-q"], check=True)
    (folder,) = (project / ".ganline/runs").iterdir()
    lock = project / "mlartifacts"
    waiting.until(lambda: list(lock.glob("*/artifacts/dvc.lock")))
    waiting.until(lambda: spool.read_state(folder)["offset"] == (folder / "events.jsonl").stat().st_size)
    client = MlflowClient(f"sqlite:///{project}/mlflow.db")
    run = client.get_run(spool.read_state(folder)["run_id"])
    assert run.info.status == "FINISHED"
    assert run.data.metrics.keys() >= {"prepare_done", "train_done"}
    (sent,) = lock.glob("*/artifacts/dvc.lock")
    assert sent.read_text() == Path("dvc.lock").read_text()


def test_a_killed_flow_leaves_no_process_behind(quiet_project, prefect_server):
    from prefect.settings import PREFECT_API_URL

    Path("action.txt").write_text("wait")
    Path("prepare.out").touch()
    environment = os.environ | {"PREFECT_API_URL": PREFECT_API_URL.value()}
    flow = subprocess.Popen([sys.executable, "-m", "pipelines.run", "train"], env=environment, start_new_session=True)
    waiting.until(lambda: Path("waiting").exists())
    children = psutil.Process(flow.pid).children(recursive=True)
    dvc = [child for child in children if "dvc" in child.cmdline()]
    assert dvc
    flow.kill()
    flow.wait()
    waiting.until(lambda: not any(child.is_running() for child in dvc), seconds=20)
    for child in children:  # this stage's stand-in, unlike a stage, does not end with dvc
        if child.is_running():
            child.kill()


@pytest.mark.parametrize(("source", "part"), [(None, "null"), ("", "say where"), ("???", "say where")])
def test_parameters_are_checked_before_dvc_sees_them(quiet_project, prefect_server, source, part):
    from pipelines.run import run_pipeline

    content = yaml.safe_load(Path("params.yaml").read_text())
    content["download"]["source"] = source
    Path("params.yaml").write_text(yaml.safe_dump(content))
    state = run_pipeline(return_state=True)
    assert state.name == "Mistake" and part in state.message and "download.source" in state.message
    assert not Path("dvc.lock").exists() and not Path("prepare.out").exists()


def test_the_session_ends_with_its_lock(quiet_project, prefect_server):
    from pipelines.run import run_pipeline

    run_pipeline()
    (folder,) = (quiet_project / ".ganline/runs").iterdir()
    last = [event for event, _ in spool.read_events(folder) if event["kind"] == "artifact"][-1]
    assert (folder / last["file"]).read_text() == Path("dvc.lock").read_text()


def test_order_follows_what_stages_read(tmp_path):
    def write(stages):
        (tmp_path / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}, sort_keys=False))
        return tmp_path / "dvc.yaml"

    last = {"deps": ["reports/train/samples", "data/${name}/a.npy"]}
    train = {"deps": ["code.py"], "plots": [{"reports/train/samples": {"x": "step"}}]}
    prepare = {"outs": ["data/${name}"]}
    assert stages_in_order(write({"last": last, "train": train, "prepare": prepare}))[-1] == "last"
    with pytest.raises(UserError, match="depend on each other"):
        stages_in_order(write({"a": {"deps": ["b"], "outs": ["a"]}, "b": {"deps": ["a"], "outs": ["b"]}}))
    assert stages_in_order(REPOSITORY / "dvc.yaml") == [
        "code", "download", "prepare", "extractor", "train", "evaluate", "study", "report",
    ]  # fmt: skip
    assert read_from(REPOSITORY / "dvc.yaml")["train"] == {"code", "prepare", "extractor"}


def test_pools_are_those_of_dvc_yaml_and_cpu_where_it_names_none(tmp_path):
    (tmp_path / "dvc.yaml").write_text("stages: {a: {meta: {pool: big}}, b: {meta: {note: x}}, c: {}}")
    assert pools(tmp_path / "dvc.yaml") == {"a": "big", "b": "cpu", "c": "cpu"}
    assert {name for name, pool in pools(REPOSITORY / "dvc.yaml").items() if pool == "gpu"} == {"train"}


def test_a_progress_bar_is_one_line_now_and_then():
    code = "import sys\nfor i in range(1000):\n    sys.stdout.write(f'\\r\\x1b[32m{i}\\x1b[0m')\nprint('\\nend')"
    seen = []
    assert process.run([sys.executable, "-c", code], os.environ, seen.append) == 0
    assert len(seen) <= 4
    assert seen[-2:] == ["999", "end"]


def test_the_last_words_of_a_command_that_is_stopped_are_heard(tmp_path):
    (tmp_path / "work.sh").write_text("trap 'echo saved; exit 1' TERM; echo begun; while true; do sleep 0.1; done")
    seen = []

    def log(line):
        seen.append(line)
        if line == "begun":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        process.run(["sh", "-c", f"sh {tmp_path}/work.sh; true"], os.environ, log)  # as dvc runs a stage
    assert (seen[0], seen[-1]) == ("begun", "saved")
