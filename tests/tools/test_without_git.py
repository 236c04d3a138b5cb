"""A downloaded zip: the project's files without a Git repository."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import working_tree

LOCAL = Path(".dvc/config.local")


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run commands in a copy of the project without .git; return whether they worked and what they said."""
    working_tree.copy(tmp_path)
    monkeypatch.chdir(tmp_path)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

    def run(*command):
        environment = os.environ | {"PATH": path, "PYTHONPATH": str(tmp_path)}
        done = subprocess.run(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode == 0, done.stdout

    return run


def test_a_copy_without_git_runs_and_says_what_is_missing(run):
    assert run("dvc", "status") == (False, f"ERROR: {Path.cwd()} is not a git repository\n")
    worked, said = run("tools/without-git")
    assert worked and "no Git repository" in said and "experiments (dvc exp run)" in said
    assert run("tools/without-git") == (True, "")  # once is enough
    assert run(sys.executable, "-m", "pipelines.cli", "use", "gan-mnist", "dataset=digits", "extractor.beside=null")[0]
    worked, said = run("dvc", "repro", "prepare")
    assert worked and "test images of shape [28, 28, 1]" in said
    assert "up to date" in run("dvc", "repro", "prepare")[1]


def test_once_there_is_a_repository_dvc_uses_it(run):
    run("tools/without-git")
    assert "no_scm = true" in LOCAL.read_text()
    assert run("git", "init", "-q")[0]
    assert run("tools/without-git") == (True, "")
    assert "no_scm" not in LOCAL.read_text()
    assert run("dvc", "status", "--quiet")[1] == ""


def test_a_copy_below_another_repository_is_part_of_that(run):
    Path("below/.dvc").mkdir(parents=True)
    assert run("git", "init", "-q")[0]
    assert run("sh", "-c", "cd below && ../tools/without-git") == (True, "")
    assert not Path("below/.dvc/config.local").exists()


def test_who_starts_things_sees_to_it():
    root = Path(working_tree.ROOT)
    assert "tools/without-git" in (root / "tools/setup").read_text()
    assert "tools/without-git" in (root / "Makefile").read_text().partition("repro:")[2].partition("\n\n")[0]
