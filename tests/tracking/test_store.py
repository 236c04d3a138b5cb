"""A project's MLflow database: made once by whoever comes first, told when broken, and moved with the project."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, nullcontext
from pathlib import Path

import pytest
from delivered import PARAMS, REPOSITORY, artifacts, client, deliver, find_runs
from filelock import FileLock

from ganline.core.errors import UserError
from ganline.core.files import write_text
from ganline.tracking import leaderboard, spool, store
from ganline.tracking.courier import by_hand
from ganline.tracking.tracker import Tracker

OPEN = (
    "import sys; from pathlib import Path; from ganline.tracking import store; "
    "store.ready(sys.argv[1], Path(sys.argv[2]))"
)


def record(name, monkeypatch, text="one"):
    monkeypatch.setenv("GANLINE_SESSION", name)
    with Tracker("train", PARAMS) as tracker:
        tracker.metrics({"d_loss": 0.5}, 1)
        write_text(Path("facts.txt"), text)
        tracker.artifact(Path("facts.txt"), "facts")


def held(root, uri=None):
    """Return what MLflow holds of each run: its artifacts' texts."""
    found, runs = find_runs(root, uri)
    return {
        run.data.tags["ganline.session"]: [
            Path(found.download_artifacts(run.info.run_id, name)).read_text() for name in artifacts(found, run)
        ]
        for run in runs
    }


@pytest.mark.slow  # four processes that import MLflow
def test_four_clones_that_meet_a_new_store_at_once_make_it_once(tmp_path):
    uri = f"sqlite:///{tmp_path}/shared/mlflow.db"
    command = [sys.executable, "-c", OPEN, uri, str(tmp_path)]
    makers = [
        subprocess.Popen(command, cwd=REPOSITORY, env=os.environ | {"PYTHONPATH": str(REPOSITORY)}) for _ in range(4)
    ]
    assert [maker.wait(timeout=300) for maker in makers] == [0] * 4
    assert client(None, uri).search_experiments()
    assert {path.name for path in (tmp_path / "shared").iterdir()} <= {"mlflow.db", "mlflow.db.lock"}


def test_a_maker_waits_for_another(tmp_path, monkeypatch, empty_store):
    """Who comes second finds a whole store, and makes none; the file appears whole or not at all."""
    path = tmp_path / "mlflow.db"
    made = []
    monkeypatch.setattr(store, "_make", lambda path: made.append(path) or shutil.copyfile(empty_store, path))
    monkeypatch.setattr(store, "PATIENCE", 0.1)
    with FileLock(f"{path}.lock"), pytest.raises(TimeoutError):
        store.ready(f"sqlite:///{path}", tmp_path)
    assert made == []
    for _ in range(2):
        store.ready(f"sqlite:///{path}", tmp_path)
    assert made == [path]


def test_who_looks_is_told_of_a_store_that_is_locked(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "PATIENCE", 0.1)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    with FileLock(tmp_path / "mlflow.db.lock"), pytest.raises(SystemExit, match="store is not ready: .*mlflow.db.lock"):
        by_hand(tmp_path)


def half_made(path, rows=0):
    """Make what four makers at once left: a temporary table of a migration at which each later start fails."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("PRAGMA foreign_keys = OFF")
        database.execute("DROP TABLE logged_models")  # as if the migrations behind had not been taken
        database.execute("CREATE TABLE _alembic_tmp_runs (id INTEGER)")
        database.execute("UPDATE alembic_version SET version_num = '0a8213491aaa'")
        for number in range(rows):
            database.execute("INSERT INTO runs (run_uuid, experiment_id) VALUES (?, 0)", (str(number),))


def test_a_store_left_half_made_without_runs_is_put_aside_and_another_is_made(
    project, monkeypatch, empty_store, capsys
):
    monkeypatch.setattr(store, "STILL", 0.1)
    monkeypatch.setattr(store, "_make", lambda path: shutil.copyfile(empty_store, path))
    half_made(project / "mlflow.db")
    record("run-1", monkeypatch)
    deliver(project)
    assert held(project) == {"run-1": ["one"]}
    assert (project / "mlflow.db.broken-1").exists()
    assert "mlflow.db.broken-1 keeps it" in capsys.readouterr().out


@pytest.mark.parametrize("what", ["half made, with runs", "no database"])
def test_a_broken_store_is_named_with_the_way_out_and_left_as_it_is(project, monkeypatch, what):
    from ganline.tracking.courier import Courier

    monkeypatch.setattr(store, "STILL", 0.1)
    path = project / "mlflow.db"
    if what == "no database":
        path.write_bytes(b"no database" * 100)
    else:
        half_made(path, rows=1)
    record("run-1", monkeypatch)
    before = path.read_bytes() if what == "no database" else None
    courier = Courier(project)
    assert not courier.run(0, 0)
    problem = spool.read_state(spool.named(project, "run-1"))["problem"]
    for word in (str(path), "backup", "mlflow db upgrade", f"mv {path}"):
        assert word in problem
    with pytest.raises(UserError, match="backup"):
        leaderboard.read_runs()
    assert before in (None, path.read_bytes())


def test_a_store_that_another_program_is_making_is_left_to_it(project, monkeypatch):
    path = project / "mlflow.db"
    half_made(path)
    monkeypatch.setattr(store, "STILL", 0.0)
    states = iter([[("a",)], [("a",), ("b",)]])
    monkeypatch.setattr(store, "_schema", lambda _: next(states))
    with pytest.raises(Exception, match="(?i)table|revision|migrat"):
        store.ready(f"sqlite:///{path}", project)
    assert not (project / "mlflow.db.broken-1").exists()


def move(project, monkeypatch, how):
    """Put a project elsewhere; return where."""
    new = project.with_name(f"{project.name} new #1")
    if how == "moved":
        project.rename(new)
    elif how == "copied":
        shutil.copytree(project, new)
    else:
        new.mkdir()
        shutil.copyfile(project / "mlflow.db", new / "mlflow.db")
    monkeypatch.chdir(new)
    return new


def no_courier(project, how):
    """Keep couriers out, as the fixture has done in the project that was moved, lock and all."""
    (project / ".ganline").mkdir(exist_ok=True)
    return nullcontext() if how == "moved" else FileLock(project / ".ganline/courier.lock")


@pytest.mark.parametrize("how", ["moved", "copied", "database copied"])
def test_a_project_in_another_place_keeps_its_runs_and_writes_there(project, monkeypatch, how, capsys):
    record("run-1", monkeypatch)
    deliver(project)
    others = {path: path.read_bytes() for path in project.rglob("*") if path.is_file() and path.suffix != ".lock"}
    new = move(project, monkeypatch, how)
    with no_courier(new, how):
        record("run-2", monkeypatch, "two")
        deliver(new)
    assert held(new) == {"run-1": ["one"], "run-2": ["two"]}
    assert str(project) in capsys.readouterr().out
    if how == "moved":
        assert not project.exists()
    else:  # the other project lives on as it was
        assert {path: path.read_bytes() for path in others} == others
        assert held(project) == {"run-1": ["one"]}
        shutil.rmtree(project)
        assert held(new) == {"run-1": ["one"], "run-2": ["two"]}


def test_what_went_to_the_old_place_after_a_move_is_brought_along(project, monkeypatch):
    """Before moves were noticed, new runs wrote to the old place, which was made again."""
    record("run-1", monkeypatch)
    deliver(project)
    new = project.with_name(f"{project.name} new")
    project.rename(new)
    found = client(new)
    experiment = found.get_experiment_by_name("ganline").experiment_id
    stray = found.create_run(experiment, tags={"ganline.session": "run-2"})
    found.log_text(stray.info.run_id, "two", "facts/facts.txt")
    assert project.exists()
    monkeypatch.chdir(new)
    store.ready(f"sqlite:///{new}/mlflow.db", new)
    shutil.rmtree(project)
    assert held(new) == {"run-1": ["one"], "run-2": ["two"]}
    assert leaderboard.read_runs()


def test_what_waits_for_delivery_goes_to_the_new_place(project, monkeypatch):
    record("run-1", monkeypatch)
    new = move(project, monkeypatch, "moved")
    deliver(new)
    assert held(new) == {"run-1": ["one"]}
    assert not project.exists()


def test_a_store_that_projects_share_is_left_where_it_is(project, monkeypatch):
    uri = f"sqlite:///{project}/mlflow.db"
    record("run-1", monkeypatch)
    deliver(project)
    other = project.with_name(f"{project.name} other")
    (other / ".ganline").mkdir(parents=True)
    monkeypatch.chdir(other)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with FileLock(other / ".ganline/courier.lock"):
        record("run-2", monkeypatch, "two")
        deliver(other)
    assert held(project) == {"run-1": ["one"], "run-2": ["two"]}
    assert not (other / "mlartifacts").exists()
