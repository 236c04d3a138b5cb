import csv
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]


def ganline(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", "from pipelines.cli import main; main()", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env={"PYTHONPATH": str(ROOT)})


@pytest.fixture
def project(tmp_path):
    (tmp_path / "conf").symlink_to(ROOT / "conf")
    return tmp_path


def test_use_writes_params(project):
    assert ganline("use", "gan-mnist", "train.steps=300", "dataset=digits", folder=project).returncode == 0
    params = yaml.safe_load((project / "params.yaml").read_text())
    assert (params["train"]["steps"], params["download"]["dataset"]) == (300, "digits")


def test_a_wrong_key_is_named_with_its_nearest_right_one(project):
    done = ganline("use", "gan-mnist", "trian.steps=5", folder=project)
    assert (done.returncode, done.stdout) == (1, "")
    assert "trian.steps: unknown key; did you mean train.steps?" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (project / "params.yaml").exists()


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["gan-mnits"], "did you mean gan-mnist?"),
        (["gan-mnist", "dataset=cifar"], "no dataset 'cifar'"),
        (["gan-mnist", "steps"], "write section.key=value"),
        (["gan-mnist", "dataset=image_folder", "download.source=/no/where"], "no such file or folder"),
    ],
)
def test_mistakes_end_in_one_message(project, arguments, part):
    done = ganline("use", *arguments, folder=project)
    assert done.returncode == 1
    assert part in done.stderr and "Traceback" not in done.stderr


def test_experiments_lists_the_catalogue():
    shown = ganline("experiments").stdout
    assert "gan-mnist" in shown and "The first GAN" in shown


def test_outside_a_project_it_says_so(tmp_path):
    assert "run this in the root of a Ganline project" in ganline("experiments", folder=tmp_path).stderr


def test_nothing_slow_is_loaded_before_it_is_needed():
    slow = "{'mlflow', 'tensorflow', 'prefect', 'matplotlib', 'scipy'}"
    command = [sys.executable, "-c", f"import sys, pipelines.cli; print({slow} & set(sys.modules))"]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout == "set()\n"


def test_compare_without_runs_ends_in_one_message(project):
    done = ganline("compare", folder=project)
    assert (done.returncode, done.stdout) == (1, "")
    assert "no MLflow store yet" in done.stderr and "Traceback" not in done.stderr


def test_explore_without_a_model_ends_in_one_message(project):
    assert ganline("use", "gan-mnist", folder=project).returncode == 0
    done = ganline("explore", "--no-browser", folder=project)
    assert done.returncode == 1 and "models/gan holds no trained model" in done.stderr
    assert "Traceback" not in done.stderr


def test_networks_prints_the_documents_counts():
    rows = list(csv.DictReader(ganline("networks", "gan-mnist", "--csv").stdout.splitlines()))
    assert rows[0] == {
        "experiment": "gan-mnist", "network": "generator",
        "total": "2055784", "trainable": "2051384", "non_trainable": "4400",
    }  # fmt: skip


def test_networks_of_the_whole_catalogue():
    rows = [tuple(row.values()) for row in csv.DictReader(ganline("networks", "--csv").stdout.splitlines())]
    assert {row[0] for row in rows} == {path.stem for path in (ROOT / "conf/experiment").glob("*.yaml")}
    # A network told of ten classes (The GAN Book, Skill 6), and one whose pictures are not there
    assert ("cgan-mnist", "generator", "629448", "629192", "256") in rows
    assert ("dcgan-anime-faces", "discriminator", "517441", "516929", "512") in rows
