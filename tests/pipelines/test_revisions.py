"""What other runs left, out of DVC's cache."""

import subprocess
import sys
from pathlib import Path

import pytest

from ganline.core.errors import UserError
from pipelines import revisions

MADE = Path("reports/made.npz")


def test_a_file_of_another_revision_is_fetched(tmp_path, monkeypatch):
    project, target = tmp_path / "project", tmp_path / "target"
    (project / MADE).parent.mkdir(parents=True)
    target.mkdir()
    monkeypatch.chdir(project)

    def run(*command):
        subprocess.run(command, check=True, capture_output=True)

    run("git", "init", "-q")
    run(sys.executable, "-m", "dvc", "init", "-q")
    for content in ("first", "second"):
        MADE.write_text(content)
        run(sys.executable, "-m", "dvc", "add", "-q", str(MADE))
        run("git", "add", "-A")
        run("git", "-c", "user.name=test", "-c", "user.email=test@test", "commit", "-qm", content)
    run("git", "tag", "old", "HEAD~1")
    MADE.write_text("now")
    assert revisions.fetch("old", MADE, target).read_text() == "first"
    assert revisions.fetch("HEAD", MADE, target).read_text() == "second"
    assert revisions.fetch(str(MADE), MADE, target) == MADE and MADE.read_text() == "now"
    with pytest.raises(UserError, match=r"--beside nowhere: .*nowhere.* Allowed is a features.npz, or a DVC"):
        revisions.fetch("nowhere", MADE, target)
    with pytest.raises(UserError, match=r"--beside HEAD: .*other.npz"):
        revisions.fetch("HEAD", Path("reports/other.npz"), target)
