"""The command `ganline translate`; what it does is tested in tests/studies/test_translation_using.py."""

import cv2
import numpy as np
import pytest

from ganline.studies.translation import using
from pipelines import cli
from tests.studies.test_translation_using import Negative, picture


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("photo.png", picture(0))
    return tmp_path


def ganline(monkeypatch, *arguments):
    """Run the command in this process; return its exit code."""
    monkeypatch.setattr("sys.argv", ["ganline", *arguments])
    with pytest.raises(SystemExit) as end:
        cli.main()
    return end.value.code or 0


def test_a_picture_is_translated_and_not_replaced_unasked(here, monkeypatch, capsys):
    monkeypatch.setattr(using, "load", lambda folder, back, style: Negative())
    assert ganline(monkeypatch, "translate", "photo.png", "out.png") == 0
    np.testing.assert_array_equal(cv2.imread("out.png"), 255 - cv2.imread("photo.png"))
    told = capsys.readouterr()
    assert "photo.png: 6/6" in told.out and "out.png is written" in told.out
    assert ganline(monkeypatch, "translate", "photo.png", "out.png") == 1
    assert "exist already; --force replaces them" in capsys.readouterr().err
    assert ganline(monkeypatch, "translate", "photo.png", "out.png", "--force") == 0


def test_a_mistake_is_said_before_a_model_is_looked_for(here, monkeypatch, capsys):
    assert ganline(monkeypatch, "translate", "none.png", "out.png") == 1
    assert "error: none.png: there is no such file or folder" in capsys.readouterr().err


def test_without_a_model_nothing_is_written(here, monkeypatch, capsys):
    assert ganline(monkeypatch, "translate", "photo.png", "new/out.png") == 1
    assert "models/gan holds no trained model" in capsys.readouterr().err
    assert [path.name for path in here.iterdir()] == ["photo.png"]
