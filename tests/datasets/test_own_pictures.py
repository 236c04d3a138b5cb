"""Your own pictures tie no run to one machine: they are a link on theirs, and what was read of them elsewhere."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import working_tree

from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.datasets import own_pictures

ROOT = Path(__file__).parents[2]
LINK = Path("data/manual/pictures/image_folder")


def run(folder, *command):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    names = {f"GIT_{who}_{what}": "test@test" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = os.environ | names | {"PATH": path, "PYTHONPATH": str(folder)}
    environment.pop("MLFLOW_TRACKING_URI", None)
    done = subprocess.run(
        command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def executed(output):
    return [
        name for name in ("source", "download", "prepare") if f"{name}':\n" in output and f"stages.{name}" in output
    ]


def pictures(folder, count=12):
    for number in range(count):
        place = folder / ("cats" if number % 2 else "dogs")
        place.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(number).integers(0, 256, (16, 16, 3), np.uint8)
        cv2.imwrite(str(place / f"{number}.png"), noise)
    return folder


def commit(folder):
    run(folder, "git", "add", "-A")
    run(folder, "git", "commit", "-qm", "run")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_a_clone_without_the_pictures_goes_on_with_what_was_read_of_them(tmp_path, kind):
    desk, clone, mine = tmp_path / "desk", tmp_path / "clone", pictures(tmp_path / "mine")
    working_tree.copy(desk)
    run(desk, "git", "init", "-q")
    named = mine if kind == "folder" else shutil.make_archive(str(tmp_path / "packed"), "zip", mine)
    use = ["use", "gan-mnist", "dataset=image_folder", f"download.source={named}", "prepare.size=28"]
    run(desk, sys.executable, "-m", "pipelines.cli", *use, "prepare.channels=1")
    assert str(tmp_path) not in (desk / "params.yaml").read_text()
    assert executed(run(desk, "dvc", "repro", "prepare")) == ["source", "download", "prepare"]
    assert "up to date" in run(desk, "dvc", "repro", "prepare")

    pictures(mine, 14)  # two more
    if kind == "zip":
        shutil.make_archive(str(tmp_path / "packed"), "zip", mine)
    assert executed(run(desk, "dvc", "repro", "prepare"))[1:] == ["download", "prepare"]

    run(desk, "dvc", "remote", "add", "-q", "--default", "shared", str(tmp_path / "remote"))
    run(desk, "dvc", "push", "-q")
    commit(desk)
    mine.rename(tmp_path / "gone")
    (tmp_path / "packed.zip").unlink(missing_ok=True)
    run(tmp_path, "git", "clone", "-q", desk, clone)
    run(clone, "dvc", "pull", "-q", "prepare", "download")
    done = executed(run(clone, "dvc", "repro", "prepare"))
    assert done == (["source"] if kind == "folder" else ["source", "download"])
    assert len(list((clone / "data/downloaded/image_folder").rglob("*.png"))) == 14
    assert (run(clone, "git", "status", "--porcelain") == "") == (kind == "folder")
    assert "up to date" in run(clone, "dvc", "repro", "prepare")
    assert len(list((tmp_path / "gone").rglob("*.png"))) == 14  # DVC has touched none of them


@pytest.fixture
def params(tmp_path, monkeypatch):
    """Parameters that name pictures outside the project in the current directory."""
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    mine = pictures(tmp_path / "mine")
    return compose_params("gan-mnist", ["dataset=image_folder", f"download.source={mine}"], ROOT / "conf")


def test_pictures_outside_are_named_by_a_link(params, tmp_path):
    found = own_pictures.linked(params, Path.cwd())
    assert found.download.source == str(LINK) and LINK.resolve() == tmp_path / "mine"
    assert own_pictures.linked(found, Path.cwd()) == found
    (tmp_path / "other").mkdir()
    other = params.download.model_copy(update={"source": str(tmp_path / "other")})
    own_pictures.linked(params.model_copy(update={"download": other}), Path.cwd())
    assert LINK.resolve() == tmp_path / "other"
    LINK.unlink()
    LINK.mkdir()
    with pytest.raises(UserError, match="holds a copy of pictures: delete it first"):
        own_pictures.linked(params, Path.cwd())


def test_what_was_read_stands_in_for_the_pictures(params, capsys):
    found = own_pictures.linked(params, Path.cwd())
    LINK.unlink()
    with pytest.raises(UserError, match="nor is what was read of it in data/downloaded/image_folder: `dvc pull"):
        own_pictures.provide(found, Path.cwd())
    pictures(Path("data/downloaded/image_folder"), 3)
    own_pictures.provide(found, Path.cwd())
    assert len(list(LINK.rglob("*.png"))) == 3 and own_pictures.is_copy(LINK)
    assert "is not on this machine" in capsys.readouterr().out
    own_pictures.provide(found, Path.cwd())
    assert capsys.readouterr().out == ""
    shutil.rmtree(LINK)
    pictures(LINK, 2)  # what was put there since is not what was read
    assert not own_pictures.is_copy(LINK)
    shutil.rmtree(LINK)
    own_pictures.provide_linked(found, Path.cwd())
    assert own_pictures.is_copy(LINK)


def test_a_link_to_what_is_gone_is_said_and_left(params, tmp_path):
    found = own_pictures.linked(params, Path.cwd())
    shutil.rmtree(tmp_path / "mine")
    pictures(Path("data/downloaded/image_folder"), 3)
    with pytest.raises(UserError, match="is a link to .*mine, and that is not there: name the new place"):
        own_pictures.provide(found, Path.cwd())
    assert LINK.is_symlink()


def test_source_lists_and_pictures_inside_the_project_stay_as_they_are(params):
    pictures(Path("inside"))
    for name in ("inside", str(ROOT / "conf/sources/digits.yaml")):
        same = params.model_copy(update={"download": params.download.model_copy(update={"source": name})})
        assert own_pictures.linked(same, Path.cwd()) == same
        own_pictures.provide(same, Path.cwd())
    assert not Path("data").exists()
