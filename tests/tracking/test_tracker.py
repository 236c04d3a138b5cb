"""What a stage records reaches MLflow whole and once, whatever happens to the stage, the courier or the server."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import waiting
from delivered import PARAMS, REPOSITORY, Server, artifacts, deliver, find_run, free_port, picture
from filelock import FileLock

from ganline.core.errors import UserError
from ganline.core.files import write_json, write_text
from ganline.settings import paths
from ganline.tracking import spool
from ganline.tracking.courier import Courier
from ganline.tracking.tracker import MISTAKE, Tracker, report_mistake


def finished_files():
    """What the stages leave, as if DVC had restored it."""
    write_json(paths.prepared(PARAMS) / "dataset.json", {"dataset": "digits", "counts": {"train": 1500, "test": 297}})
    write_text(Path("params.yaml"), "seed: 42\n")
    write_text(Path("dvc.lock"), "stages: {}\n")
    write_text(paths.TRAIN / "history.csv", "step,d_loss,g_loss,probe_frechet\n0,,,9.5\n10,0.5,0.7,\n20,0.4,0.8,inf\n")
    for step in (0, 10):
        picture(paths.TRAIN / f"samples/step-{step:08d}.png", step)
    write_json(paths.TRAIN / "diagnosis.json", {"verdict": "mode_collapse", "kind": "partial"})
    write_json(paths.EVALUATE / "metrics.json", {"frechet_classifier": 12.5})
    write_json(paths.EVALUATE / "protocol.json", {"frechet_classifier": {"count": 100}})
    write_json(paths.STUDY / "metrics.json", {"latent_smoothness_length": 0.25})
    picture(paths.STUDY / "figures/interpolation-rows.png", 3)
    write_text(paths.REPORT, "<html></html>")
    write_text(paths.GAN / "model.json", "{}")


def test_everything_arrives(project):
    finished_files()
    for command in (
        ["init", "-q"],
        ["add", "params.yaml"],
        ["-c", "user.name=a", "-c", "user.email=b", "commit", "-qma"],
    ):
        subprocess.run(["git", *command], check=True)
    write_text(Path("params.yaml"), "seed: 43\n")
    courier = Courier(project)
    with Tracker("train", PARAMS) as tracker:
        tracker.dataset("digits", "0123456789abcdef" * 4, {"train": 1500, "test": 297})
        for step in range(1, 301):
            tracker.metrics({"d_loss": 1 / step, "g_loss": np.float32(step)}, step)
        for step in (0, 100):
            tracker.image(picture(Path(f"step-{step}.png"), step), "samples", step)
        tracker.artifact(paths.STUDY, "study")
        tracker.artifact(paths.REPORT, "page")
        tracker.tags({"verdict": "healthy"})
        courier.look()  # the machine's load, while a stage runs
    with Tracker("evaluate", PARAMS) as tracker:
        tracker.metrics({"frechet_classifier": 12.5})
    assert courier.run(0, 0)

    client, run = find_run(project)
    assert run.info.status == "FINISHED"
    assert run.data.params["train.optimizers.generator.beta_1"] == "0.5"
    assert len(run.data.params) > 30
    tags = run.data.tags
    assert (tags["stages"], tags["verdict"], tags["git.dirty"]) == ("train evaluate", "healthy", "true")
    assert len(tags["mlflow.source.git.commit"]) == 40
    losses = client.get_metric_history(run.info.run_id, "d_loss")
    assert {point.step: point.value for point in losses} == {step: 1 / step for step in range(1, 301)}
    assert run.data.metrics["frechet_classifier"] == 12.5
    assert run.data.metrics["system/system_memory_usage_percentage"] > 0
    data = run.inputs.dataset_inputs[0].dataset
    assert (data.name, data.digest, json.loads(data.profile)["train"]) == (
        "digits",
        ("0123456789abcdef" * 4)[:36],
        1500,
    )
    names = artifacts(client, run)
    assert {
        "study/metrics.json",
        "study/figures/interpolation-rows.png",
        "page/index.html",
        "git/uncommitted.diff",
    } < set(names)
    assert [name.split("+timestamp+")[0] for name in names if name.endswith(".png") and "+" in name] == [
        "images/samples+step+0", "images/samples+step+100",
    ]  # fmt: skip
    assert tags["mlflow.loggedImages"] == "True"


def test_what_is_delivered_twice_shows_once(project):
    finished_files()
    with Tracker("report", PARAMS) as tracker:
        tracker.complete()
        tracker._completed = False  # nobody delivers in the background
    deliver(project)
    client, before = find_run(project)
    before_names = artifacts(client, before)
    folder = spool.session_folder(project)
    spool.write_state(folder, {"offset": 0})  # a courier that died before it could write down how far it was
    deliver(project)

    client, after = find_run(project)
    assert artifacts(client, after) == before_names
    assert len(client.get_metric_history(after.info.run_id, "d_loss")) == 2
    (model,) = client.search_logged_models([after.info.experiment_id])
    assert {metric.key: metric.value for metric in model.metrics}["frechet_classifier"] == 12.5


def test_complete_adds_what_no_stage_of_the_run_has_recorded(project):
    finished_files()
    with Tracker("train", PARAMS) as tracker:
        tracker.metrics({"d_loss": 0.40000001, "g_loss": 0.8}, 20)
        tracker.image(paths.TRAIN / "samples/step-00000010.png", "samples", 10)
    with Tracker("report", PARAMS) as tracker:
        tracker.complete()
        tracker._completed = False
    deliver(project)

    client, run = find_run(project)
    losses = client.get_metric_history(run.info.run_id, "d_loss")
    assert sorted((point.step, point.value) for point in losses) == [(10, 0.5), (20, 0.40000001)]
    assert [point.step for point in client.get_metric_history(run.info.run_id, "probe_frechet")] == [0]
    assert (run.data.tags["verdict"], run.data.tags["verdict_kind"]) == ("mode_collapse", "partial")
    assert run.data.metrics["frechet_classifier"] == 12.5
    assert run.data.metrics["latent_smoothness_length"] == 0.25
    assert run.inputs.dataset_inputs[0].dataset.name == "digits"
    names = artifacts(client, run)
    assert sum(name.startswith("images/") for name in names) == 6  # two steps and the last, full and small
    assert {
        "index.html", "params.yaml", "dvc.lock", "study/figures/interpolation-rows.png", "train/history.csv",
        "train/diagnosis.json", "evaluate/protocol.json", "evaluate/metrics.json",
    } < set(names)  # fmt: skip


def test_numbers_made_without_the_other_stages_say_of_which_data_they_are(project):
    """DVC had the data ready, and nobody asked for a report: comparisons part runs of other data, and of unknown."""
    finished_files()
    for _ in range(2):  # an evaluation that is begun again says it once
        with Tracker("evaluate", PARAMS) as tracker:
            tracker.data()
    deliver(project)
    (used,) = find_run(project)[1].inputs.dataset_inputs
    assert (used.dataset.name, len(used.dataset.digest)) == ("digits", 36)


def test_the_logged_model_loads_and_samples(project):
    import mlflow

    from ganline import models
    from ganline.models import makers

    model = models.build(PARAMS.train, (8, 8, 1), PARAMS.seed)
    paths.GAN.mkdir(parents=True)
    models.save(model, paths.GAN)
    with Tracker("train", PARAMS) as tracker:
        tracker.model(paths.GAN)
    deliver(project)

    client, run = find_run(project)
    logged = client.search_logged_models([run.info.experiment_id])[0]
    mlflow.set_tracking_uri(f"sqlite:///{project}/mlflow.db")
    generator = mlflow.pyfunc.load_model(f"models:/{logged.model_id}")
    latents = np.random.default_rng(0).uniform(-1, 1, (4, 10)).astype(np.float32)
    images = generator.predict(latents)
    assert (images.shape, images.dtype) == ((4, 8, 8, 1), np.uint8)
    assert np.array_equal(images, makers.load_sampler(paths.GAN).images(latents))


@pytest.mark.parametrize(
    ("error", "status"),
    [(UserError("mend it"), "FAILED"), (KeyboardInterrupt(), "KILLED"), (SystemExit(0), "FINISHED")],
)
def test_a_stage_that_ends_early_says_how(project, error, status):
    with pytest.raises(type(error)), Tracker("train", PARAMS):
        raise error
    deliver(project)
    _, run = find_run(project)
    assert run.info.status == status
    assert ("mend it" in run.data.tags.get("error", "")) == isinstance(error, UserError)


def test_a_killed_stage_is_noticed_and_a_later_one_reopens_the_run(project):
    code = (
        "import os, signal, test_tracker as t\n"
        "with t.Tracker('train', t.PARAMS) as tracker:\n"
        "    tracker.metrics({'d_loss': 1.0}, 1)\n"
        '    tracker._writer._file.write(b\'{"kind": "met\')\n'
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    folders = (REPOSITORY, Path(__file__).parents[1], Path(__file__).parent)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, folders))}
    killed = subprocess.run([sys.executable, "-c", code], env=environment)
    assert killed.returncode == -signal.SIGKILL
    deliver(project)
    assert find_run(project)[1].info.status == "KILLED"

    with Tracker("train", PARAMS) as tracker:
        tracker.metrics({"d_loss": 0.5}, 2)
    deliver(project)
    client, run = find_run(project)
    assert run.info.status == "FINISHED"
    assert "error" not in run.data.tags
    assert [point.value for point in client.get_metric_history(run.info.run_id, "d_loss")] == [1.0, 0.5]


def test_a_refused_event_does_not_hold_up_the_others(project, capsys):
    with Tracker("train", PARAMS) as tracker:
        tracker.metrics({"no such name: *": 1.0, "no number": 2.0})
        tracker.image(picture(Path("a.png"), 1), "samples", 0)
        tracker.metrics({"d_loss": 0.5}, 1)
    events = spool.session_folder(project) / "events.jsonl"
    (events.parent / json.loads(_lines(project)[2])["file"]).unlink()
    events.write_text(events.read_text().replace("2.0", '"two"', 1))
    deliver(project)
    said = capsys.readouterr().out
    assert "metric no number was refused" in said
    assert "a.png was refused" in said
    assert find_run(project)[1].data.metrics == {"no such name_x003A_ _x002A_": 1.0, "d_loss": 0.5}


def _lines(project):
    return (spool.session_folder(project) / "events.jsonl").read_text().splitlines()


def test_recording_costs_little_more_than_appending_a_line(project):
    def seconds(call):
        begin = time.perf_counter()
        for step in range(1000):
            call(step)
        return time.perf_counter() - begin

    def append(step):
        with Path("plain.jsonl").open("a") as plain:
            plain.write(json.dumps({"d_loss": 0.5, "step": step}) + "\n")

    with Tracker("train", PARAMS) as tracker:
        recording = min(seconds(lambda step, r=r: tracker.metrics({"d_loss": r / 7}, step)) for r in range(1, 6))
        appending = min(seconds(append) for _ in range(5))
    assert recording < 5 * appending


def test_a_full_disk_is_one_warning(project, capsys):
    with Tracker("train", PARAMS) as tracker:
        tracker.artifact(Path("missing.txt"))
        tracker.image(Path("missing.png"), "samples", 0)
    assert capsys.readouterr().err.count("not everything is recorded") == 1


def test_without_a_server_the_stage_goes_on_and_all_is_kept(project, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{free_port()}")
    with Tracker("train", PARAMS) as tracker:
        tracker.metrics({"d_loss": 0.5}, 1)
    courier = Courier(project)
    assert not courier.run(linger=0, give_up=0)
    courier.tidy()
    state = spool.read_state(spool.session_folder(project))
    assert state["offset"] == 0
    assert "cannot take the run" in state["problem"]
    assert [json.loads(line)["kind"] for line in _lines(project)] == ["start", "metrics", "end"]


def test_a_temporary_workspace_of_dvc_reports_to_the_project_it_was_made_from(project, monkeypatch):
    workspace = project / ".dvc/tmp/exps/standalone/tmp1"
    workspace.mkdir(parents=True)
    monkeypatch.chdir(workspace)
    assert spool.project_root() == project
    assert spool.tracking_uri(spool.project_root()) == f"sqlite:///{project}/mlflow.db"


def test_a_mistake_is_told_to_the_flow_that_asks(tmp_path, monkeypatch):
    monkeypatch.setenv(MISTAKE, str(tmp_path / "mistake"))
    report_mistake("train", UserError("train.steps = 0"))
    assert (tmp_path / "mistake").read_text() == "train: train.steps = 0"


@pytest.mark.slow  # an MLflow server takes some 15 seconds of processor time to start
def test_a_server_may_be_down_come_die_and_come_back(project, monkeypatch):
    """The stage goes on through all of it, and at the end everything has arrived, once."""
    server = Server(project)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.uri)
    folder = spool.session_folder(project)
    courier = Courier(project)

    def deliver_up_to(count):
        courier.look()
        for session in courier.sessions.values():
            session.retry_at = 0
            courier.deliver(session)
        return spool.read_state(folder)["offset"] >= count

    def size():
        return (folder / "events.jsonl").stat().st_size

    with Tracker("train", PARAMS) as tracker:
        tracker.metrics({"d_loss": 1.0}, 1)
        deliver_up_to(0)
        assert "cannot take the run" in spool.read_state(folder)["problem"]
        server.start()
        try:
            waiting.until(lambda: deliver_up_to(size()))
            assert spool.read_state(folder)["problem"] is None
        finally:
            server.kill()
        tracker.metrics({"d_loss": 0.5}, 2)
        tracker.image(picture(Path("a.png"), 1), "samples", 2)
        assert not deliver_up_to(size())
    assert not courier.run(0, 0)
    assert "Max retries" in spool.read_state(folder)["problem"] or "refused" in spool.read_state(folder)["problem"]
    server.start()
    try:
        deliver(project)  # by the next courier
        client, run = find_run(project, server.uri)
        assert run.info.status == "FINISHED"
        points = client.get_metric_history(run.info.run_id, "d_loss")
        assert [(point.step, point.value) for point in points] == [(1, 1.0), (2, 0.5)]
        assert len(artifacts(client, run)) == 2
        assert spool.run_address(spool.read_state(folder)).endswith(f"/runs/{run.info.run_id}")
    finally:
        server.kill()


def test_two_machines_share_one_run_and_repeat_nothing(project, monkeypatch):
    """The training ran elsewhere; the last stage, here, finds its curves and pictures in files that DVC has brought."""
    monkeypatch.setattr("ganline.tracking.tracker.WAIT", 0)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{project}/mlflow.db")
    with Tracker("train", PARAMS) as tracker:
        tracker.metrics({"d_loss": 0.500000001}, 10)
        tracker.image(picture(Path("sample.png"), 7), "samples", 10)
    deliver(project)
    other = project / "other"
    (other / ".ganline").mkdir(parents=True)
    monkeypatch.chdir(other)
    finished_files()
    with FileLock(other / ".ganline/courier.lock"):
        with Tracker("report", PARAMS) as tracker:
            tracker.complete()
        deliver(other)
    client, run = find_run(project)
    curve = {point.step: point.value for point in client.get_metric_history(run.info.run_id, "d_loss")}
    assert curve == {10: 0.500000001, 20: 0.4}
    assert len(client.get_metric_history(run.info.run_id, "d_loss")) == 2
    pictures = [name for name in artifacts(client, run, "images") if name.endswith(".png")]
    shown = [Path(name).name.split("+")[:3:2] for name in pictures]  # the key and the step
    assert sorted(shown) == [["final samples", "0"], ["samples", "0"], ["samples", "10"]]


def test_two_couriers_that_make_one_run_at_once_agree_on_it(project, monkeypatch):
    from ganline.tracking import delivery

    monkeypatch.setattr(delivery, "YIELD", 0.0)
    uri, folder = f"sqlite:///{project}/mlflow.db", project / ".ganline/runs/run-1"
    one, two = (delivery.Delivery(folder, uri, project) for _ in range(2))
    create = two.client.create_run

    def create_late(*arguments, **more):  # between the other's first look and its own making
        if not one.run_id:
            one.open_run("x")
        return create(*arguments, **more)

    monkeypatch.setattr(two.client, "create_run", create_late)
    two.open_run("x")
    assert two.run_id == one.run_id
    find_run(project)  # there is one
