"""What MLflow does not take as it is arrives in a form that it takes, and what it refuses is said where people look."""

import json
import math
import subprocess
from pathlib import Path

import pytest
from delivered import PARAMS, Server, artifacts, client, deliver, find_run, picture

from ganline.core.files import write_text
from ganline.tracking import leaderboard, names, spool
from ganline.tracking.courier import by_hand
from ganline.tracking.tracker import Tracker, _await_delivery


def labelled(labels):
    """Return parameters in which a user has named latents so."""
    latent = PARAMS.latent.model_copy(update={"labels": dict.fromkeys(labels, [0, 1])})
    return PARAMS.model_copy(update={"latent": latent})


def test_labels_that_mlflow_forbids_cost_no_parameter(project):
    """One such name once refused the whole batch: the run had 0 of 88 parameters."""
    labels = ["boots (red)", "ботинки", "靴 #1", "50 %", "a,b", "../a", "x" * 400, "\udcff", ""]
    params = labelled(labels)
    with Tracker("train", params) as tracker:
        tracker.metrics({"d_loss": 0.5}, 1)
    deliver(project)
    found, run = find_run(project)
    held = {names.decode(name): value for name, value in run.data.params.items()}
    flat = {f"latent.labels.{label}" for label in labels}
    assert flat - set(held) == {f"latent.labels.{'x' * 400}"}
    assert held["latent.labels.boots (red)"] == "[0, 1]"
    assert held["train.latent_dim"] == "10"
    assert len(held) == len({*leaderboard_params(params)})
    (long,) = [name for name in artifacts(found, run) if name.startswith("long values/")]
    whole = json.loads(Path(found.download_artifacts(run.info.run_id, long)).read_text())
    assert whole == {"name": f"latent.labels.{'x' * 400}", "value": "[0, 1]"}
    assert leaderboard._as_run(run, {}).parameters["latent.labels.boots (red)"] == "[0, 1]"


def leaderboard_params(params):
    from ganline.tracking.mlflow_view import flat

    return flat(params.model_dump())


@pytest.mark.parametrize("through", ["database", pytest.param("server", marks=pytest.mark.slow)])
def test_all_kinds_of_names_and_values_arrive(project, monkeypatch, through):
    server = Server(project)
    if through == "database":
        names_and_values(project, None)
        return
    server.start()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.uri)
    try:
        names_and_values(project, server.uri)
    finally:
        server.kill()


def names_and_values(project, uri):
    write_text(Path("data #1/50 % (red): ботинки.csv"), "a,b\n")
    with Tracker("train", PARAMS) as tracker:
        tracker.metrics({"F1 (macro) %": 0.5, "": 1.0, "a//b": 2.0, "m" * 300: 3.0}, 1)
        tracker.metrics({"inf": math.inf, "minus": -math.inf, "nan": math.nan, "big": 1e308, "tiny": 5e-324}, 2)
        tracker.tags({"tag: (a)": "x" * 9000, "": "empty", "zero": "a\0b"})
        tracker.image(picture(Path("a.png"), 1), "latent/boots (red)/ботинки", 3)
        tracker.artifact(Path("data #1"), "data #1")
        tracker.dataset("d" * 10, "0" * 40, {"train": 1})
    deliver(project)

    found, run = find_run(project, uri)
    assert spool.refused(spool.read_state(spool.session_folder(project))) == {}
    numbers = {names.decode(name): value for name, value in run.data.metrics.items()}
    assert {name: numbers[name] for name in ("F1 (macro) %", "", "a//b", "big", "tiny")} == {
        "F1 (macro) %": 0.5, "": 1.0, "a//b": 2.0, "big": 1e308, "tiny": 5e-324,
    }  # fmt: skip
    assert 3.0 in numbers.values()
    assert (numbers["inf"] > 1e308, numbers["minus"] < -1e308, math.isnan(numbers["nan"])) == (True, True, True)
    tags = {names.decode(name): value for name, value in run.data.tags.items()}
    assert (tags[""], tags["zero"]) == ("empty", "a\\x00b")
    assert "long values/" in tags["tag: (a)"]
    assert len(tags["tag: (a)"]) < 8000
    held = artifacts(found, run)
    assert {names.decode(name) for name in held} >= {"data #1/50 % (red): ботинки.csv"}
    for name in held:
        assert Path(found.download_artifacts(run.info.run_id, name)).stat().st_size
    pictures = [name for name in held if name.startswith("images/")]
    assert len(pictures) == 2
    assert names.decode(pictures[0].split("/")[1].split("+step+")[0].replace("~", "/")) == "latent/boots (red)/ботинки"
    assert run.inputs.dataset_inputs[0].dataset.digest == "0" * 36


def test_what_is_refused_is_said_where_people_look(project, capsys):
    with Tracker("train", PARAMS) as tracker:
        tracker.metrics({"good": 1.0, "bad": 2.0, "better": 3.0}, 1)
    folder = spool.session_folder(project)
    events = folder / "events.jsonl"
    events.write_text(events.read_text().replace('"bad": 2.0', '"bad": "two"'))
    with events.open("a") as half:
        half.write("{half a line\n")
    deliver(project)

    _, run = find_run(project)
    assert run.data.metrics == {"good": 1.0, "better": 3.0}
    for tag in ("undelivered", "mlflow.note.content"):
        assert "metric bad" in run.data.tags[tag]
        assert "events.jsonl" in run.data.tags[tag]
    assert "metric bad" in _await_delivery(folder)
    capsys.readouterr()
    by_hand(project)  # as `make ui` does
    said = capsys.readouterr().out
    assert "metric bad" in said
    assert ".ganline/runs/run-1" in said


def test_a_note_of_the_user_stays(project):
    with Tracker("train", PARAMS):
        pass
    deliver(project)
    found, run = find_run(project)
    found.set_tag(run.info.run_id, "mlflow.note.content", "mine")
    events = spool.session_folder(project) / "events.jsonl"
    with events.open("a") as half:
        half.write("{half a line\n")
    deliver(project)
    tags = found.get_run(run.info.run_id).data.tags
    assert tags["mlflow.note.content"] == "mine"
    assert "events.jsonl" in tags["undelivered"]


def delete_experiment(project):
    found, run = find_run(project)
    found.delete_experiment(run.info.experiment_id)
    return found, run


def test_after_its_experiment_was_deleted_a_new_run_arrives_and_the_old_ones_stay_deleted(project, monkeypatch):
    with Tracker("train", PARAMS):
        pass
    deliver(project)
    found, old = delete_experiment(project)
    monkeypatch.setenv("GANLINE_SESSION", "run-2")
    with Tracker("train", PARAMS) as tracker:
        tracker.metrics({"d_loss": 0.5}, 1)
    deliver(project)
    _, run = find_run(project)
    assert run.data.metrics == {"d_loss": 0.5}
    assert found.get_run(old.info.run_id).info.lifecycle_stage == "deleted"


@pytest.mark.parametrize("what", ["run", "experiment"])
def test_a_run_that_is_deleted_while_it_goes_on_comes_back_whole(project, what):
    from ganline.tracking.courier import Courier

    courier = Courier(project)
    with Tracker("train", PARAMS) as tracker:
        tracker.metrics({"d_loss": 1.0}, 1)
        courier.look()
        (session,) = courier.sessions.values()
        assert courier.deliver(session)
        found, run = find_run(project)
        if what == "run":
            found.delete_run(run.info.run_id)
        else:
            found.delete_experiment(run.info.experiment_id)
        tracker.metrics({"d_loss": 0.5}, 2)
    courier.look()
    courier.deliver(session)
    session.retry_at = 0.0
    assert courier.deliver(session)
    _, after = find_run(project)
    assert after.info.run_id == run.info.run_id
    assert [point.value for point in client(project).get_metric_history(run.info.run_id, "d_loss")] == [1.0, 0.5]
    assert after.info.status == "FINISHED"


def test_the_couriers_log_is_its_users_own(project, monkeypatch):
    from ganline.tracking import tracker as tracking

    (project / "other/.ganline").mkdir(parents=True)
    log = project / "other/.ganline/courier.log"
    log.write_text("as early versions left it")
    log.chmod(0o644)
    monkeypatch.setattr(tracking.subprocess, "Popen", lambda *_, **__: None)
    tracking._ensure_courier(project / "other")
    assert log.stat().st_mode & 0o777 == 0o600


def test_secrets_stay_out_of_all_that_is_stored(project, monkeypatch):
    """The store can be reached with the password that the environment holds, and nothing else holds it."""
    from ganline.tracking.courier import Courier

    write_text(Path("config"), "[remote]\n")
    for command in (["init", "-q"], ["add", "config"], ["-c", "user.name=a", "-c", "user.email=b", "commit", "-qma"]):
        subprocess.run(["git", *command], check=True)
    write_text(Path("config"), "[remote]\nurl = https://me:hunter2@host/dvc\n")
    address = "http://me:hunter2@127.0.0.1:9"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    secret = PARAMS.model_copy(
        update={"download": PARAMS.download.model_copy(update={"source": "https://hunter2@host/a.zip"})}
    )
    with pytest.raises(ValueError, match="hunter2"), Tracker("train", secret) as tracker:
        tracker.tags({"data.source": "https://me:hunter2@host/b"})
        raise ValueError("cannot fetch https://me:hunter2@host/b?token=hunter2")
    courier = Courier(project)
    courier.look()
    (session,) = courier.sessions.values()
    assert spool.address(session.start, project) == address
    assert not courier.deliver(session)
    stored = [path for path in (project / ".ganline").rglob("*") if path.is_file()]
    assert {"events.jsonl", "state.json", "uncommitted.diff"} <= {path.name for path in stored}
    assert [path for path in stored if b"hunter2" in path.read_bytes()] == []
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert spool.address(session.start, project) == "http://***@127.0.0.1:9"
