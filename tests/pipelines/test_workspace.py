"""Workspaces: a revision each, side by side, with the project's cache, and nothing left of them."""

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from ganline.core.errors import UserError
from ganline.tracking import spool
from pipelines.workspace import commit, place, workspace

REPOSITORY = Path(__file__).parents[2]


def git(folder, *arguments):
    identity = {f"GIT_{who}_{what}": "test@test" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=os.environ | identity, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def dvc(*arguments):
    subprocess.run([sys.executable, "-m", "dvc", *arguments], check=True, capture_output=True)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A DVC project of two commits; what its stage copies is another text in the second."""
    monkeypatch.chdir(tmp_path)
    git(tmp_path, "init", "-q", "-b", "main")
    dvc("init", "-q")
    Path("dvc.yaml").write_text("stages: {say: {cmd: cp text.txt said.txt, deps: [text.txt], outs: [said.txt]}}\n")
    for text in ("first\n", "second\n"):
        Path("text.txt").write_text(text)
        Path(".gitignore").write_text("/.ganline/\n/said.txt\n")
        git(tmp_path, "add", "-A")
        git(tmp_path, "commit", "-qm", text.strip())
    return tmp_path


def test_side_by_side_each_at_its_revision_with_one_cache(project):
    first = commit("HEAD~1", project)
    with workspace("HEAD", "new", project=project) as new:
        with workspace(first, "old", project=project) as old:
            assert Path.cwd() == old
            dvc("repro", "-q")
            assert Path("said.txt").read_text() == "first\n"
            (old / ".ganline/checkpoints/mark").touch()
            assert spool.project_root() == project
        assert Path.cwd() == new
        dvc("repro", "-q")
        assert Path("said.txt").read_text() == "second\n"
        assert (new / ".ganline/checkpoints/mark").exists()  # of all workspaces of the project
    assert not old.exists() and not new.exists()
    assert list((project / spool.WORKSPACES).iterdir()) == []
    assert not (project / "said.txt").exists()
    with workspace(first, "again", project=project):
        Path("text.txt").write_text("second\n")
        done = subprocess.run([sys.executable, "-m", "dvc", "repro"], capture_output=True, text=True, check=True)
        assert "is cached" in done.stdout  # what another workspace has made


def test_a_place_that_is_there_is_brought_to_another_commit_with_what_was_made_in_it(project):
    folder = project / spool.WORKSPACES / "stays"
    folder.parent.mkdir(parents=True)
    place(commit("HEAD~1", project), folder, project)
    (folder / "said.txt").write_text("made here")
    (folder / "text.txt").write_text("changed here")
    place(commit("HEAD", project), folder, project)
    assert [(folder / f"{name}.txt").read_text() for name in ("said", "text")] == ["made here", "second\n"]


def test_a_failed_one_is_kept_if_asked(project):
    for name, keep in (("gone", False), ("kept", True)):
        with pytest.raises(RuntimeError), workspace("main", name, keep_failed=keep, project=project):
            raise RuntimeError
    with workspace("main", "next", project=project):
        pass
    assert [path.name for path in (project / spool.WORKSPACES).iterdir()] == ["kept"]


def test_what_a_killed_run_leaves_the_next_removes(project):
    code = "import sys, time; from pathlib import Path; from pipelines.workspace import workspace\n"
    code += f"with workspace('HEAD', 'killed', project=Path({str(project)!r})): Path('in').touch(); time.sleep(600)"
    process = subprocess.Popen([sys.executable, "-c", code], cwd=REPOSITORY)
    place = project / spool.WORKSPACES / "killed"
    deadline = time.monotonic() + 60
    while not (place / "in").exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    with workspace("HEAD", "beside", project=project):
        assert place.exists()  # it lives
    process.kill()
    process.wait()
    with workspace("HEAD", "after", project=project):
        assert not place.exists()


def test_a_revision_may_be_a_branch_of_the_origin_that_came_later(project, tmp_path_factory):
    clone = tmp_path_factory.mktemp("clone")
    git(clone, "clone", "-q", str(project), ".")
    git(project, "checkout", "-q", "-b", "later")
    git(project, "commit", "-q", "--allow-empty", "-m", "later")
    assert commit("later", clone) == git(project, "rev-parse", "later")
    with workspace("later", "run", project=clone):
        assert git(Path.cwd(), "remote", "get-url", "origin") == str(project)


def test_bad_revisions_are_refused(project, tmp_path):
    with pytest.raises(UserError, match="(?s)no revision 'nowhere' .*origin cannot be asked.*git log"):
        commit("nowhere", project)
    (tmp_path / "plain").mkdir()
    with pytest.raises(UserError, match="plain is no Git repository"):
        commit("HEAD", tmp_path / "plain")


def test_dvc_lock_goes_to_a_branch_of_the_origin(project, tmp_path_factory):
    from pipelines.stage import publish_lock

    bare = tmp_path_factory.mktemp("bare")
    git(bare, "clone", "-q", "--bare", str(project), ".")
    git(project, "remote", "add", "origin", str(bare))
    for text in ("one", "two", "two"):
        with workspace("main", "run", project=project):
            Path("params.yaml").write_text("seed: 1\n")
            Path("dvc.lock").write_text(text)
            publish_lock("locks", f"run {text}")
    assert git(bare, "log", "--format=%s", "locks").splitlines() == ["run two", "run one", "second", "first"]
    assert git(bare, "show", "locks:dvc.lock") == "two"
    assert git(bare, "rev-parse", "main") == git(project, "rev-parse", "main")


def test_what_others_brought_to_the_branch_meanwhile_stays(project, tmp_path_factory):
    from pipelines.stage import publish_lock

    bare, other = tmp_path_factory.mktemp("bare"), tmp_path_factory.mktemp("other")
    git(bare, "clone", "-q", "--bare", str(project), ".")
    git(project, "remote", "add", "origin", str(bare))
    git(other, "clone", "-q", str(bare), ".")
    with workspace("main", "run", project=project):
        for name in ("added.py", "code.py"):
            (other / name).write_text("a fix of a colleague's\n")
        git(other, "add", "--all")
        git(other, "-c", "user.name=x", "-c", "user.email=x@x", "commit", "-q", "-m", "fix")
        git(other, "push", "-q", "origin", "HEAD:refs/heads/main")
        for file in ("params.yaml", "dvc.lock"):
            Path(file).write_text("seed: 1\n")
        publish_lock("main", "run")
    changed = git(bare, "show", "--format=%s", "--name-only", "main").split()
    assert changed == ["run", "dvc.lock", "params.yaml"]
    assert git(bare, "show", "main:added.py") == git(bare, "show", "main:code.py") == "a fix of a colleague's"


def test_no_password_of_an_origin_is_told(project):
    from pipelines.stage import StageFailed, publish_lock

    git(project, "remote", "add", "origin", "http://me:hunter2@127.0.0.1:1/x.git")
    with workspace("main", "run", project=project), pytest.raises(StageFailed) as failed:
        publish_lock("locks", "run")
    assert "http://***@127.0.0.1:1/x.git" in str(failed.value) and "hunter2" not in str(failed.value)


def test_a_branch_is_never_taken_for_an_option(project, tmp_path_factory):
    """Of git's fetch, one names a command; before, the second use of such a branch ran it."""
    from pipelines.stage import publish_lock

    bare = tmp_path_factory.mktemp("bare")
    git(bare, "clone", "-q", "--bare", str(project), ".")
    git(project, "remote", "add", "origin", str(bare))
    option = f"--upload-pack=touch${{IFS}}{bare}/ran;git-upload-pack"
    git(bare, "update-ref", f"refs/heads/{option}", "main")
    with workspace("main", "run", project=project):
        for file in ("params.yaml", "dvc.lock"):
            Path(file).write_text("seed: 1\n")
        with suppress(UserError):
            publish_lock(option, "run")
        assert not (bare / "ran").exists()
        with pytest.raises(UserError, match="branch '--upload-pack"):
            publish_lock(option, "run")
    with pytest.raises(UserError, match="revision '--all': allowed are a branch, tag or commit"):
        commit("--all", project)
