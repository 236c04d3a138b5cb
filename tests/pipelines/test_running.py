"""DVC commands that are at work already: waited for by flows, told of by `ganline use`."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import waiting
import yaml

import pipelines  # noqa: F401 - first: it sets Prefect's environment
from ganline.core.errors import UserError
from pipelines import running

ROOT = Path(__file__).parents[2]
WAIT = "import time; from pathlib import Path; [time.sleep(.05) for _ in iter(Path('go').exists, True)]"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A DVC project whose one stage waits for the file `go`, and counts its runs in `runs`."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    Path("stage.py").write_text(f"{WAIT}\nopen('runs', 'a').write('x')\nPath('out').touch()")
    stage = {"cmd": "python stage.py", "deps": ["stage.py"], "outs": ["out"]}
    Path("dvc.yaml").write_text(yaml.safe_dump({"stages": {"train": stage}}))
    Path(".dvc").mkdir()
    Path(".dvc/config").write_text("[core]\n    no_scm = true\n")
    yield tmp_path
    Path("go").touch()


@pytest.fixture
def repro(project):
    """`dvc repro` at work on the stage."""
    process = subprocess.Popen(["dvc", "repro", "train"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    waiting.until(running.commands, "dvc's lock on the stage")
    yield process
    Path("go").touch()
    process.wait()


def test_who_runs_is_known(repro):
    (found,) = running.commands()
    assert found.alive() and found.pid == repro.pid
    assert str(found) == f"`dvc repro train` (process {repro.pid}), which works on out, stage.py"


def test_use_says_that_a_run_is_under_way_and_leaves_its_parameters_alone(project, repro):
    for name in ("conf", "latents.json"):
        Path(name).symlink_to(ROOT / name)
    Path("params.yaml").write_text("experiment: mine\n")
    use = [sys.executable, "-m", "pipelines.cli", "use", "gan-mnist"]
    done = subprocess.run(use, capture_output=True, text=True)
    assert done.returncode == 1 and f"`dvc repro train` (process {repro.pid})" in done.stderr
    assert "is running; params.yaml is left as it was" in " ".join(done.stderr.split())
    assert Path("params.yaml").read_text() == "experiment: mine\n"
    Path("go").touch()
    repro.wait()
    assert subprocess.run(use, capture_output=True, text=True).returncode == 0


def test_a_flow_waits_for_the_stage_that_another_command_runs_and_says_so(project, repro, monkeypatch):
    from pipelines import stage

    said = []

    class Log:
        def info(self, line):
            said.append(line)
            if line.startswith("waiting for"):
                Path("go").touch()

    monkeypatch.setattr(stage, "get_run_logger", Log)
    stage.dvc("repro", "--single-item", "train", failed="train")
    assert said[0] == f"waiting for `dvc repro train` (process {repro.pid}), which works on out, stage.py"
    assert any("didn't change, skipping" in line for line in said) and Path("runs").read_text() == "x"
    assert not running.commands()


def test_progress_is_told_every_minute(monkeypatch):
    clock, said = iter(range(0, 1000, 25)), []
    left = [[running.Running(os.getpid(), "/bin/dvc repro", ("models/gan",))]] * 6
    monkeypatch.setattr(running, "commands", lambda: left.pop() if left else [])
    monkeypatch.setattr(running.Running, "alive", lambda self: True)
    monkeypatch.setattr(time, "monotonic", lambda: float(next(clock) + 1))
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    running.wait(said.append)
    who = f"waiting for `dvc repro` (process {os.getpid()}), which works on models/gan"
    assert said == [who, f"{who}: 1 min so far"]


PROGRAM = "from dvc.repo import Repo; Repo().reproduce('train')"


@pytest.mark.parametrize("way", ["file", "module", "package", "text"])
def test_a_program_that_uses_dvc_is_a_command(project, monkeypatch, way):
    monkeypatch.setenv("PYTHONPATH", str(project))
    (project / "mine").mkdir()
    for name in ("program.py", "mine/__main__.py"):
        (project / name).write_text(PROGRAM)
    called = {"file": ["program.py"], "module": ["-m", "program"], "package": ["-m", "mine"], "text": ["-c", PROGRAM]}
    process = subprocess.Popen(
        [sys.executable, *called[way], "two words", "-x"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    waiting.until(running.commands, "DVC's lock on the stage")
    (found,) = running.commands()
    with pytest.raises(UserError, match=f"process {process.pid}.*, is running; nothing is done"):
        running.refuse("nothing is done")
    said = []
    running.wait(lambda line: (said.append(line), Path("go").touch()))
    assert f"two words -x` (process {process.pid}), which works on" in said[0]
    assert process.wait() == 0 and Path("runs").read_text() == "x"
    assert not found._replace(pid=os.getpid()).alive()  # another that got its number


def test_a_number_that_another_process_got_is_no_command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path(".dvc/tmp").mkdir(parents=True)
    held = {"write": {str(tmp_path / "out"): {"pid": os.getppid(), "cmd": "/bin/dvc repro"}}, "read": {}}
    running.RWLOCK.write_text(json.dumps(held))
    running.refuse("nothing is done")
    with pytest.raises(UserError, match="Remove .dvc/tmp/rwlock and run this again"):
        running.wait(print)
    held["write"][str(tmp_path / "out")]["pid"] = 2**22 + 1  # no process has this
    running.RWLOCK.write_text(json.dumps(held))
    assert running.commands() == []
    running.wait(print)
