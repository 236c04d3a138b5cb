import csv
import errno
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import prepared_digits
import pytest
import yaml
from dvc.utils.serialize import load_yaml
from omegaconf import OmegaConf

from ganline.catalogue import check
from ganline.core import yaml_files
from ganline.core.errors import UserError
from pipelines import cli

ROOT = Path(__file__).parents[2]


def ganline(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", "from pipelines.cli import main; main()", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env={"PYTHONPATH": str(ROOT)})


@pytest.fixture
def project(tmp_path):
    for name in ("conf", "latents.json"):
        (tmp_path / name).symlink_to(ROOT / name)
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
        (["gan-mnist", "dataset=cifar"], "no dataset 'cifar'. Known: animal_mnist, anime_faces"),
        (["gan-mnist", "steps"], "write section.key=value"),
        (["gan-mnist", "experiment=lsgan-mnist"], "named first, and no override: lsgan-mnist [section.key=value ...]"),
        (["gan-mnist", "download.dataset=fashion_mnist"], "write dataset=fashion_mnist"),
        (["gan-mnist", "latent.points=gone.json"], "latent.points = gone.json: there is no such file"),
        (["gan-mnist", "evaluate.metrics=[]"], "evaluate.metrics = []: allowed is a list of at least 1 item, not 0"),
        (["gan-mnist", "dataset=image_folder", "download.source=/no/where"], "no such file or folder"),
    ],
)
def test_mistakes_end_in_one_message(project, arguments, part):
    done = ganline("use", *arguments, folder=project)
    assert done.returncode == 1
    assert part in done.stderr and "Traceback" not in done.stderr


def test_pictures_that_dvc_would_stumble_over_or_delete_are_refused(project, monkeypatch):
    monkeypatch.chdir(project)
    pictures = project / "pictures"
    (pictures / "cats").mkdir(parents=True)
    (pictures / "cats/1.png").touch()
    (pictures / "cats/2.png").symlink_to("gone.png")
    (project / "data/downloaded/image_folder").mkdir(parents=True)
    for source, part in (
        ("pictures", r"cats/2.png is a link that leads nowhere \(gone.png\)"),
        ("data/downloaded/image_folder", "dvc empties it first; move your pictures to a folder of their own"),
    ):
        with pytest.raises(UserError, match=part):
            cli.use("gan-mnist", ["dataset=image_folder", f"download.source={source}"])
    assert not (project / "params.yaml").exists()
    (pictures / "cats/2.png").unlink()
    cli.use("gan-mnist", ["dataset=image_folder", "download.source=pictures"])
    assert (project / "params.yaml").exists()


@pytest.mark.parametrize(
    ("override", "part"),
    [
        ("train.steps=0100", "100 to DVC, 64 to Hydra"),
        ("latent.arithmetic=[a, b", "latent.arithmetic=[a, b cannot be read as YAML"),
        ('download.category="a', 'download.category="a cannot be read as YAML'),
        ("download.source=/no/[bold]where[/x]", "/no/[bold]where[/x]: there is no such file or folder"),
        ("download.source=/:cat:/[red]", "/:cat:/[red]: there is no such file or folder"),
        (f"download.source=/{'x' * 5000}", "File name too long"),
        (b"download.source=/\xff", r"'download.source=/\udcff' is not UTF-8"),
        ("download.source=~/pictures", "write out ~"),
        ("download.source=''", "say where your pictures are"),
        ("download.source=null", "download.source = null"),
        ("dataset=image_folder", "say where your pictures are"),
        ("train.penalty_weight=1e400", "train.penalty_weight = .inf: allowed is a number of at most"),
        ("seed=" + "9" * 5000, "more than 4,300"),
        ("[=5", "write section.key=value"),
    ],
    ids=lambda text: ascii(text)[:30],
)
def test_what_cannot_be_a_parameter_ends_in_one_message_and_nothing_is_written(
    monkeypatch, capsys, tmp_path, override, part
):
    for name in ("conf", "latents.json"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["ganline", "use", "gan-mnist", os.fsdecode(override)])
    with pytest.raises(SystemExit) as end:
        cli.main()
    shown = capsys.readouterr()
    assert (end.value.code, shown.out) == (1, "") and part in shown.err.replace("\n", " ")
    assert "Traceback" not in shown.err and len(shown.err) < 1000
    assert not (tmp_path / "params.yaml").exists()


def test_a_name_that_is_no_utf_8_is_shown_with_its_bytes(project):
    done = ganline("use", os.fsdecode(b"gan-\xff"), folder=project)
    assert done.returncode == 1 and r"no experiment 'gan-\udcff'" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("text", ["'1e5'", "'yes'", "'0o12'", "'1:30'", "'~'", "''", "'null'", "'[b]'", "Café", "no 5"])
def test_dvc_and_hydra_read_back_what_use_wrote(project, monkeypatch, text):
    monkeypatch.chdir(project)
    cli.use("gan-mnist", [f"download.category={text}"])
    wanted = text.strip("'")
    assert load_yaml("params.yaml")["download"]["category"] == wanted  # as DVC reads it
    assert OmegaConf.load("params.yaml").download.category == wanted
    assert check.load().download.category == wanted


def test_a_full_disk_is_one_message(project, monkeypatch, capsys):
    def full(path, text):
        raise OSError(errno.ENOSPC, "No space left on device", "params.yaml")

    monkeypatch.chdir(project)
    monkeypatch.setattr("pipelines.choosing.write_text", full)
    monkeypatch.setattr(sys, "argv", ["ganline", "use", "gan-mnist"])
    with pytest.raises(SystemExit):
        cli.main()
    told = "No space left on device (params.yaml): free some space and run again; nothing was left half written"
    assert capsys.readouterr().err == f"error: {told}\n"


def test_experiments_prints_descriptions_as_they_stand(monkeypatch, capsys, tmp_path):
    (tmp_path / "conf/experiment").mkdir(parents=True)
    (tmp_path / "conf/experiment/my.yaml").write_bytes(b"# In [0, 1], [bold]not[/x] bold :cat: \xff\n")
    monkeypatch.chdir(tmp_path)
    cli.experiments()
    assert "In [0, 1], [bold]not[/x] bold :cat: \ufffd" in " ".join(capsys.readouterr().out.split())


def test_experiments_lists_the_catalogue():
    shown = ganline("experiments").stdout
    assert "gan-mnist" in shown and "The first GAN" in shown


def test_outside_a_project_it_says_so(tmp_path):
    assert "run this in the root of a Ganline project" in ganline("experiments", folder=tmp_path).stderr


SLOW = {"cv2", "dvc", "matplotlib", "mlflow", "numpy", "pandas", "pooch", "prefect", "requests", "scipy", "tensorflow"}
PARAMETERS = {"hydra", "omegaconf", "ruamel", "yaml"}


@pytest.mark.parametrize(
    ("arguments", "unneeded"),
    [
        (["--help"], SLOW | PARAMETERS),
        (["experiments"], SLOW | PARAMETERS),
        (["use", "gan-mnist", "train.stepz=3"], SLOW),
        (["use", "gan-mnist", "train.steps=many"], SLOW),
        (["use", "gan-mnits"], SLOW),
    ],
    ids=("help", "experiments", "unknown key", "wrong value", "unknown name"),
)
def test_nothing_slow_is_loaded_before_it_is_needed(arguments, unneeded):
    tell = "import atexit, sys; atexit.register(lambda: print(*sys.modules)); from pipelines.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", tell, *arguments], cwd=ROOT, capture_output=True, text=True)
    loaded = {module.partition(".")[0] for module in done.stdout.splitlines()[-1].split()}
    assert "typer" in loaded and not loaded & unneeded


def test_compare_without_runs_ends_in_one_message(project):
    done = ganline("compare", folder=project)
    assert (done.returncode, done.stdout) == (1, "")
    assert "no MLflow store yet" in done.stderr and "Traceback" not in done.stderr


def test_export_writes_the_prepared_data_of_params_yaml(project, monkeypatch, capsys):
    params, _ = prepared_digits.project(project, monkeypatch, "gan-mnist", "prepare.size=32", size=32)
    (project / "params.yaml").write_text(yaml_files.dump(params.model_dump()))
    with pytest.raises(UserError, match="--split all: allowed is train, test or both"):
        cli.export(Path("digits.zip"), "all")
    cli.export(Path("digits.zip"), "train")
    assert "digits.zip holds 200 images of data/prepared/digits" in capsys.readouterr().out
    with zipfile.ZipFile("digits.zip") as packed:
        assert len(packed.namelist()) == 201


def test_explore_without_a_model_ends_in_one_message(project):
    assert ganline("use", "gan-mnist", folder=project).returncode == 0
    done = ganline("explore", "--no-browser", folder=project)
    assert done.returncode == 1 and "models/gan holds no trained model" in done.stderr
    assert "Traceback" not in done.stderr


def test_people_without_an_evaluated_run_ends_in_one_message(project):
    assert ganline("use", "gan-mnist", folder=project).returncode == 0
    done = ganline("people", "--no-browser", folder=project)
    assert done.returncode == 1 and "features.npz is missing: `dvc repro` makes it, and then" in done.stderr
    done = ganline("people", "--no-browser", "--beside", "nowhere", folder=project)
    assert done.returncode == 1 and "--beside nowhere: " in done.stderr and "Traceback" not in done.stderr


def test_networks_prints_the_documents_counts_whether_or_not_the_pictures_are_there():
    """Those of the whole catalogue: tests/models/test_golden.py."""
    rows = list(csv.DictReader(ganline("networks", "dcgan-anime-faces", "--csv").stdout.splitlines()))
    assert [tuple(row.values()) for row in rows] == [
        ("dcgan-anime-faces", "generator", "1866499", "1858819", "7680"),
        ("dcgan-anime-faces", "discriminator", "517441", "516929", "512"),
    ]
