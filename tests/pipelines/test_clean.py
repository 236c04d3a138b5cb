"""`ganline clean`: what nothing can go on from is listed with its size, and deleted after asking."""

import numpy as np
import pytest
from typer.testing import CliRunner

from ganline.core.errors import UserError
from ganline.core.files import write_json, write_sealed
from ganline.training.checkpoint import deciding
from pipelines.cli import app, console


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A project with a training that can be gone on with, and one that other code made."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(console, "width", 200)
    (tmp_path / "conf/experiment").mkdir(parents=True)
    images = tmp_path / "data/prepared/digits/train_images.npy"
    images.parent.mkdir(parents=True)
    np.save(images, np.zeros((2, 8, 8, 1), np.uint8))
    facts = {"parameters": {"train": {"model": "gan.GAN", "steps": 100}}} | {
        name: part for name, part in deciding({}, [images], {}).items() if name != "parameters"
    }
    for name, changes in (("useful", {}), ("useless", {"code": {"ganline/models/base.py": "other"}})):
        write_sealed(tmp_path / f".ganline/checkpoints/{name}/step-00000050.npz", {"a": np.zeros(500_000)})
        write_json(tmp_path / f".ganline/checkpoints/{name}/facts.json", facts | changes)
    return tmp_path / ".ganline/checkpoints"


def left(folder):
    return sorted(path.name for path in folder.iterdir() if path.is_dir())


def test_it_asks_and_deletes_what_is_useless_alone(folder):
    refused = CliRunner().invoke(app, ["clean"], input="n\n")
    assert refused.exit_code == 0 and left(folder) == ["useful", "useless"]
    assert "made by other code" in refused.output and "kept: a training can go on from it" in refused.output
    assert "gan.GAN, stopped after step 50 of 100 steps" in refused.output
    assert "Delete 1 of them, 4.0 MB?" in refused.output and "nothing was deleted" in refused.output
    agreed = CliRunner().invoke(app, ["clean"], input="y\n")
    assert agreed.exit_code == 0 and left(folder) == ["useful"] and "deleted 1, 4.0 MB" in agreed.output


def test_it_need_not_ask(folder):
    done = CliRunner().invoke(app, ["clean", "--yes"])
    assert left(folder) == ["useful"] and "Delete" not in done.output
    assert "there is nothing in .ganline/checkpoints to delete" in CliRunner().invoke(app, ["clean", "--yes"]).output


def test_a_project_that_has_trained_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    elsewhere = CliRunner().invoke(app, ["clean"])
    assert isinstance(elsewhere.exception, UserError) and "in the root of a Ganline project" in str(elsewhere.exception)
    (tmp_path / "conf/experiment").mkdir(parents=True)
    done = CliRunner().invoke(app, ["clean"])
    assert done.exit_code == 0 and "there is nothing" in done.output and not (tmp_path / ".ganline").exists()
