"""Benchmarks say what they can be asked for, and do nothing where they are asked for something else."""

import runpy
from pathlib import Path

import pytest

from benchmarks import train_step

FOLDER = Path(train_step.__file__).parent
ENTRIES = [
    ".".join(path.relative_to(FOLDER.parent).with_suffix("").parts)
    for path in sorted(FOLDER.rglob("*.py"))
    if '__name__ == "__main__"' in path.read_text()
]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # modules that were imported already run anew
@pytest.mark.parametrize("wrong", ["--help", "no-such-name", "--no-such-option"])
@pytest.mark.parametrize("entry", ENTRIES)
def test_nothing_runs_on_help_or_a_wrong_name(entry, wrong, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf").symlink_to(FOLDER.parent / "conf")
    monkeypatch.setattr("sys.argv", [entry, wrong])
    with pytest.raises(SystemExit) as end:
        runpy.run_module(entry, run_name="__main__")
    said = capsys.readouterr()
    assert (end.value.code, f"usage: python -m {entry}" in said.out + said.err) == (0 if wrong == "--help" else 2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["conf"]


def test_a_name_that_is_nearly_one_is_told(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["x", "gan-mnits"])
    with pytest.raises(SystemExit):
        train_step.asked("benchmarks.train_step", "", "EXPERIMENT", train_step.EXPERIMENTS)
    assert "no experiment 'gan-mnits'; did you mean gan-mnist?" in capsys.readouterr().err
