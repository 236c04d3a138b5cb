"""What is changed while a stage runs is not vouched for: a DVC project of two small stages that the runner runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from filelock import FileLock

from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.line.used import Use

ROOT = Path(__file__).parents[2]
STAGE = """\
import atexit, os, runpy, sys
from pathlib import Path
from stages import runner
name = sys.argv[1]
WORD = runpy.run_path(f"stages/{name}.py")["WORD"]

def edit():
    if Path("edit.py").exists():
        exec(Path("edit.py").read_text())
        Path("edit.py").unlink()

def work(params, tracker):
    Path("out").mkdir(exist_ok=True)
    Path("out", f"{name}.txt").write_text(f"{params.prepare.size} {WORD}")
    if name == os.environ.get("MEANWHILE"):
        edit()
    return lambda: Path("finished").touch()

if name == os.environ.get("AFTERWARDS"):
    atexit.register(edit)
runner.main(name, work)
"""


BY_NAME = [
    Path("ganline") / name
    for name in ("models/generation/gan.py", "extractors/classifier.py", "extractors/efficientnet_lite0.py")
]
"""What the training of gan-mnist reaches by names that its parameters give."""


def smaller(params="params.yaml"):
    return f"p = Path({params!r}); p.write_text(p.read_text().replace('size: 28', 'size: 14'))"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A DVC project whose stages write the prepared size and a word of the code; nothing is delivered to MLflow."""
    for name in ("GANLINE_SESSION", "DVC_ROOT", "DVC_STAGE", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(tmp_path)]))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    params = compose_params("gan-mnist", ["dataset=digits"], ROOT / "conf").model_dump()
    Path("params.yaml").write_text(yaml.safe_dump(params))
    Path("stage.py").write_text(STAGE)
    Path("stages").mkdir()
    for stage in ("prepare", "train"):
        Path(f"stages/{stage}.py").write_text("WORD = 'old'\n")
    for reached in BY_NAME:
        reached.parent.mkdir(parents=True, exist_ok=True)
        reached.touch()
    deps = ["stages/prepare.py"]
    stages = {
        "prepare": {"cmd": "python -B stage.py prepare", "deps": deps, "params": ["prepare", "prepare.size"],
                    "outs": ["out/prepare.txt"]},
        "train": {
            "cmd": "python -B stage.py train", "deps": ["out/prepare.txt"], "params": ["seed"],
            "outs": ["out/train.txt"],
        },
    }  # fmt: skip
    Path("dvc.yaml").write_text(yaml.safe_dump({"stages": stages}, sort_keys=False))
    Path(".dvc").mkdir()
    Path(".dvc/config").write_text("[core]\n    no_scm = true\n")
    Path(".ganline").mkdir()
    with FileLock(".ganline/courier.lock"):
        yield tmp_path


def repro(*arguments, ok=True, **environment):
    done = subprocess.run(["dvc", "repro", *arguments], env=os.environ | environment, capture_output=True, text=True)
    assert (done.returncode == 0) == ok, done.stdout + done.stderr
    return done.stdout + done.stderr


def edit(path, old, new):
    Path(path).write_text(Path(path).read_text().replace(old, new))


@pytest.mark.parametrize(
    ("change", "told", "made"),
    [
        (smaller(), "params.yaml: prepare.size was 28 and is 14", "14 old"),
        ("Path('stages/prepare.py').write_text('WORD = 1\\n')", "stages/prepare.py was changed", "28 1"),
    ],
)
def test_what_changes_while_a_stage_runs_is_told_and_its_results_are_not_kept(project, change, told, made):
    Path("edit.py").write_text(change)
    output = repro("prepare", ok=False, MEANWHILE="prepare")
    assert told in output and "Traceback" not in output
    assert not Path("out/prepare.txt").exists() and not Path("finished").exists() and not Path("dvc.lock").exists()
    assert "Running stage 'prepare'" in repro("prepare")
    assert Path("out/prepare.txt").read_text() == made and Path("finished").exists()


@pytest.mark.slow
def test_what_the_stage_does_not_use_may_change(project):
    Path("edit.py").write_text("p = Path('params.yaml'); p.write_text(p.read_text().replace('seed: 42', 'seed: 7'))")
    repro("prepare", MEANWHILE="prepare")
    assert Path("out/prepare.txt").read_text() == "28 old"


def test_what_changes_between_the_last_look_and_dvcs_is_found_by_the_next_stage(project):
    Path("edit.py").write_text(smaller())
    output = repro(ok=False, AFTERWARDS="prepare")
    assert "prepare.size: 14" in Path("dvc.lock").read_text()
    assert Path("out/prepare.txt").read_text() == "28 old"  # DVC vouches for what is not so
    assert "dvc.lock says that prepare used what was changed" in output and "size was 28 and is 14" in output
    assert "dvc.lock says that prepare used what was changed" in repro(ok=False)
    repro("--force", "--single-item", "prepare")
    assert Path("out/prepare.txt").read_text() == "14 old"
    repro()
    assert Path("out/train.txt").read_text() == "14 old"


@pytest.mark.slow
def test_a_run_has_one_set_of_parameters(project):
    Path("edit.py").write_text(
        "import subprocess\n"
        "subprocess.Popen([sys.executable, '-c', '''import time; from pathlib import Path\n"
        "while not Path(\"dvc.lock\").exists(): time.sleep(.01)\n" + smaller() + "'''])"
    )  # fmt: skip
    output = repro(ok=False, MEANWHILE="prepare")
    assert "the parameters were changed after prepare had run with them" in output
    assert "Running stage 'prepare'" in repro()
    assert Path("out/train.txt").read_text() == "14 old"


def test_folders_and_what_stages_made_are_looked_at(project):
    stages = yaml.safe_load(Path("dvc.yaml").read_text())
    stages["stages"]["train"]["deps"].append("folder")
    Path("dvc.yaml").write_text(yaml.safe_dump(stages))
    for name in ("folder/below/kept.py", "folder/changed.py", "folder/gone.py", "out/prepare.txt"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("before")
        os.utime(name, (1e9, 1e9))  # before this process began
    params = compose_params("gan-mnist", ["dataset=digits"], ROOT / "conf")
    for name in ("stages/train.py", *BY_NAME):
        os.utime(name, (1e9, 1e9))
    use = Use("train", params)
    use.refuse_changes()
    Path("folder/changed.py").write_text("beyond")
    Path("folder/gone.py").unlink()
    Path("folder/new.py").touch()
    Path("out/prepare.txt").write_text("after.")
    with pytest.raises(UserError) as refusal:
        use.refuse_changes()
    lines = [line.strip(" -") for line in str(refusal.value).splitlines() if line.startswith("  - ")]
    told = {"folder/changed.py was changed", "folder/gone.py was removed", "folder/new.py was added"}
    assert told | {"out/prepare.txt was changed"} == set(lines)


def test_code_that_was_written_after_python_began_may_have_been_read_before(project):
    params = compose_params("gan-mnist", ["dataset=digits"], ROOT / "conf")
    Path("stages/prepare.py").write_text("WORD = 2")
    with pytest.raises(UserError, match="stages/prepare.py was changed"):
        Use("prepare", params).refuse_changes()
