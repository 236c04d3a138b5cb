"""A session's name is nobody else's, and whatever stands in a session's files stops no other one."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys

import pytest
import waiting
from delivered import PARAMS, REPOSITORY, deliver, find_runs

from ganline.tracking import spool
from ganline.tracking.courier import Courier, report
from ganline.tracking.tracker import Tracker

RUN = """
import os, sys
from pathlib import Path
os.environ.pop("GANLINE_SESSION", None)
os.chdir(sys.argv[1])
while not Path(sys.argv[1], "go").exists():
    pass
import psutil
from ganline.tracking import spool
origin = spool.Origin.of_this_process()
folder = spool.session_folder(Path(sys.argv[1]))
assert spool.session_folder(Path(sys.argv[1])).name.split("-")[:3] == folder.name.split("-")[:3]
writer = spool.Writer(folder)
writer.append("begun", process=origin, stage="train")
assert spool.session_folder(Path(sys.argv[1])) == folder  # each process of the session finds it
print(os.getpid(), folder.name, flush=True)
"""


def containers(project):
    """Return [process number, session's name] of two containers, begun together, that share a project's folder."""
    command = [sys.executable, "-c", RUN, str(project)]
    isolated = ["unshare", "--pid", "--fork", "--mount-proc", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    started = [
        subprocess.Popen([*isolated, *command], env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    (project / "go").touch()
    return [process.communicate(timeout=60)[0].split() for process in started]


def test_two_containers_that_begin_in_one_second_are_two_runs(tmp_path):
    (one, one_name), (two, two_name) = containers(tmp_path)
    assert one == two  # each counts its processes from 1
    assert one_name != two_name
    assert len(spool.sessions(tmp_path)) == 2


def test_machines_that_are_the_same_in_everything_have_names_of_their_own(tmp_path, monkeypatch):
    monkeypatch.delenv("GANLINE_SESSION", raising=False)
    names = {spool.session_folder(tmp_path / copy).name for copy in ("a", "b")}
    assert len(names) == 2


def test_a_name_that_was_given_is_another_folder_for_each_name(tmp_path):
    names = ["a b", "a/b", "a-b", "..", ".", "", "../x", "x" * 300, "x" * 301, ".hidden"]
    folders = [spool.named(tmp_path, name) for name in names]
    assert len(set(folders)) == len(names)
    assert all(folder.parent == spool.runs(tmp_path) and not folder.name.startswith(".") for folder in folders)
    assert all(len(folder.name) < 200 for folder in folders)
    assert spool.named(tmp_path, "flow-1.b_c").name == "flow-1.b_c"


def test_a_process_of_another_container_is_not_taken_for_dead(project, monkeypatch):
    """Its number means something else here; after a day without a word it is."""
    elsewhere = spool.place().rpartition(" ")[0] + " pid:[1]"
    monkeypatch.setattr(spool, "place", lambda: elsewhere)
    tracker = Tracker("train", PARAMS)
    tracker._begin()
    monkeypatch.undo()
    monkeypatch.chdir(project)
    courier = Courier(project)
    courier.look()
    (session,) = courier.sessions.values()
    assert session.stages
    assert not session.alive  # nobody waits here for what happens there
    courier.deliver(session)
    assert find_runs(project)[1][0].info.status == "RUNNING"
    session.heard -= 25 * 3600
    courier.look()
    courier.deliver(session)
    assert find_runs(project)[1][0].info.status == "KILLED"


def test_a_process_from_before_the_machine_was_started_is_dead():
    host, boot, numbers = spool.place().split(" ")
    assert spool.Origin(1, 0.0, f"{host} {boot}0 {numbers}").elsewhere is False
    assert spool.Origin(1, 0.0, f"{host}0 {boot} {numbers}").elsewhere is True
    assert spool.Origin(os.getpid(), 0.0).elsewhere is False


def good_run(monkeypatch, name):
    monkeypatch.setenv("GANLINE_SESSION", name)
    with Tracker("train", PARAMS) as tracker:
        tracker.metrics({"d_loss": 0.5}, 1)


def spoil_stray(folder):
    shutil.rmtree(folder)
    folder.write_text("stray")


def spoil_line(text):
    def spoil(folder):
        events = folder / "events.jsonl"
        events.write_text(f"{text}\n{events.read_text()}")

    return spoil


def spoil_state(text):
    return lambda folder: (folder / "state.json").write_text(text)


def spoil_events_folder(folder):
    (folder / "events.jsonl").unlink()
    (folder / "events.jsonl").mkdir()


def spoil_bytes(folder):
    events = folder / "events.jsonl"
    events.write_bytes(b"\xff\x00\r[\n" + events.read_bytes())


SPOILT = {
    "a stray file": spoil_stray,
    "no process": spoil_line('{"kind": "start", "time": 1}'),
    "no time": spoil_line('{"kind": "closed", "owner": [1, 2.0]}'),
    "an unknown kind": spoil_line('{"kind": "later", "time": 1}'),
    "a wrong process": spoil_line('{"kind": "end", "time": 1, "process": [["a"], {}], "status": "", "error": ""}'),
    "no object": spoil_line("[1, 2]"),
    "deep": spoil_line("[" * 100_000),
    "bytes": spoil_bytes,
    "state {}": spoil_state("{}"),
    "state null": spoil_state("null"),
    "state []": spoil_state("[]"),
    "state cut": spoil_state('{"offs'),
    "no number": spoil_state('{"offset": "x"}'),
    "beyond the end": spoil_state('{"offset": 100000, "run_id": "1", "experiment_id": "1", "uri": ""}'),
    "within a line": spoil_state('{"offset": 5, "run_id": "1", "experiment_id": "1", "uri": ""}'),
    "negative": spoil_state('{"offset": -1}'),
    "events are a folder": spoil_events_folder,
}
LOST = {"a stray file", "events are a folder"}


def test_one_bad_session_stops_no_other(project, monkeypatch, capsys):
    """All at once: what can be read of the bad ones arrives too, and each is spoken of."""
    for name in SPOILT:
        good_run(monkeypatch, name)
        SPOILT[name](spool.named(project, name))
    good_run(monkeypatch, "good")
    courier = Courier(project)
    done = courier.run(0, 0)
    courier.tidy()
    assert not courier.has_news()

    _, runs = find_runs(project)
    arrived = {run.data.tags["ganline.session"]: run.data.metrics.get("d_loss") for run in runs}
    wanted = {spool.named(project, name).name: 0.5 for name in [*SPOILT, "good"] if name not in LOST}
    assert arrived == wanted
    report(project)
    said = capsys.readouterr().out
    assert not done  # one of them cannot be read at all
    for name in SPOILT:
        assert spool.named(project, name).name in said, name


def test_a_stage_records_on_in_a_session_with_bad_lines(project, monkeypatch):
    good_run(monkeypatch, "run-1")
    spoil_line('{"kind": "metrics", "time": 1, "values": []}')(spool.named(project, "run-1"))
    good_run(monkeypatch, "run-1")
    deliver(project)
    assert find_runs(project)[1][0].data.metrics == {"d_loss": 0.5}


def dvc_process(tmp_path, code):
    """Run code as a stage under a `dvc` that does as it says, in a session that has a run."""
    dvc = tmp_path / "dvc"
    dvc.write_text(code)
    return subprocess.Popen([sys.executable, str(dvc)], cwd=tmp_path, env=stage_environment(tmp_path))


def stage_environment(project):
    own = {"PYTHONPATH": f"{project}:{REPOSITORY}", "DVC_STAGE": "train", "GANLINE_SESSION": "run-1"}
    return {name: value for name, value in os.environ.items() if name != "DVC_ROOT"} | own


def test_a_stage_that_dies_before_its_first_event_leaves_no_finished_run(project, monkeypatch):
    good_run(monkeypatch, "run-1")
    deliver(project)
    assert find_runs(project)[1][0].info.status == "FINISHED"
    dying = "import subprocess, sys\nsubprocess.run([sys.executable, '-m', 'stages.nothing'])\n"
    assert dvc_process(project, dying).wait(timeout=60) == 0
    deliver(project)
    _, (run,) = find_runs(project)
    assert run.info.status == "FAILED"
    assert run.data.tags["error"] == "train: it ended before it could say why"


def test_a_stage_that_refuses_its_parameters_says_so_in_the_run(project, monkeypatch):
    good_run(monkeypatch, "run-1")
    (project / "params.yaml").write_text("seed: x\n")
    code = "import stages.runner as r\nr.main('train', None)\n"
    environment = stage_environment(project)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project, env=environment | {"DVC_STAGE": ""}, capture_output=True, text=True
    )
    assert done.returncode == 1, done.stderr
    deliver(project)
    _, (run,) = find_runs(project)
    assert run.info.status == "FAILED"
    assert "params.yaml" in run.data.tags["error"]


ORPHAN = """
import os, subprocess, sys
subprocess.Popen([sys.executable, "-c", {stage!r}])
{end}
"""
STAGE = """
import os, time
import stages
time.sleep({wait})  # importing takes its time, and DVC is killed meanwhile
from pathlib import Path
from stages import runner
try:
    runner._stop_with_parent("report")
    Path("ran").touch()
except SystemExit:
    Path("refused").touch()
"""


@pytest.mark.parametrize("killed", [True, False])
def test_a_stage_whose_dvc_was_killed_early_does_nothing(project, killed):
    end = "os.kill(os.getpid(), 9)" if killed else "import time; time.sleep(30)"
    dvc = dvc_process(project, ORPHAN.format(stage=STAGE.format(wait=1), end=end))
    try:
        ran, refused = project / "ran", project / "refused"
        waiting.until(lambda: ran.exists() or refused.exists())
        assert refused.exists() is killed
    finally:
        dvc.kill()
        dvc.wait()


def test_an_event_that_a_full_disk_cuts_off_takes_no_other_with_it(tmp_path):
    def whole():
        lines = (tmp_path / "events.jsonl").read_text().splitlines()
        return [json.loads(line)["kind"] for line in lines if line.endswith("}")], len(lines)

    writer, another = spool.Writer(tmp_path), spool.Writer(tmp_path)
    writer.append("begun", stage="train")
    limits, heard = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, ((tmp_path / "events.jsonl").stat().st_size + 9, limits[1]))
        with pytest.raises(OSError, match="No space left"):
            writer.append("step", number=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, heard)
    writer.append("end", status="FINISHED")
    writer.close()
    assert whole() == (["begun", "end"], 3)
    with (tmp_path / "events.jsonl").open("ab") as file:
        file.write(b'{"kind": "st')  # a writer that was killed
    another.append("begun", stage="report")
    another.close()
    assert whole() == (["begun", "end", "begun"], 5)


def test_what_one_version_wrote_the_next_one_reads(project):
    """Sessions from before processes had a place, and addresses were masked."""
    folder = spool.named(project, "old")
    writer = spool.Writer(folder)
    start = {
        "kind": "start", "time": 1, "stage": "train", "process": [1, 2.0], "owner": None, "workspace": "/old/project",
        "uri": "sqlite:////old/project/mlflow.db", "name": "n", "params": {"a": "b"}, "tags": {},
    }  # fmt: skip
    writer._file.write(json.dumps(start).encode() + b"\n")
    assert spool.address(start, project) == f"sqlite:///{project}/mlflow.db"
    deliver(project)
    _, (run,) = find_runs(project)
    assert (run.data.params, run.info.status) == ({"a": "b"}, "KILLED")
