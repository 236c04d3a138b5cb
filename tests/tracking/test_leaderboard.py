"""Runs as MLflow keeps them, compared; and models as the stages log them, against each other."""

import csv
import json
import re
import shutil
import socket
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from sklearn.datasets import load_digits
from typer.testing import CliRunner

from ganline import models
from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.core.files import write_json
from ganline.datasets import prepared
from ganline.metrics import fake_detector, normalised_discriminator_score
from ganline.settings import paths
from ganline.tracking import leaderboard
from ganline.tracking.courier import Courier
from ganline.tracking.tracker import Tracker
from pipelines.cli import app

NAMES = ("frechet_classifier", "frechet_classifier_stderr", "floor_frechet_classifier")
CONF = Path(__file__).parents[2] / "conf"
ENTRY = {
    "better": "lower", "label": "FID", "how_to_read": "Less is better.", "extractor": "classifier",
    "extractor_weights_sha256": "a" * 64,
}  # fmt: skip


def log_run(client, folder, name, fid, entry, **more):
    """Write a run as the courier would, through MLflow itself: an early run, which calls any Frechet distance FID."""
    experiment = client.get_experiment_by_name("ganline")
    place = (folder / "mlartifacts").as_uri()
    identity = experiment.experiment_id if experiment else client.create_experiment("ganline", place)
    tags = {"experiment": more.get("experiment", name)} | more.get("tags", {})
    run = client.create_run(identity, run_name=name, tags=tags).info.run_id
    numbers = {"fid": fid, "fid_stderr": 0.5, "floor_fid": 1.25, "d_loss": 0.6} | more.get("numbers", {})
    for number, value in numbers.items():
        client.log_metric(run, number, value)
    client.log_param(run, "train.steps", more.get("steps", "100"))
    client.log_param(run, "seed", "1")
    client.log_param(run, "compute.precision", "auto")
    if entry:
        (folder / "protocol.json").write_text(json.dumps({number: entry for number in numbers if number != "d_loss"}))
        client.log_artifact(run, str(folder / "protocol.json"), "evaluate")
    client.set_terminated(run, more.get("status", "FINISHED"))
    return run


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A project folder whose MLflow store holds runs of two protocols, one of none, and one that failed."""
    from mlflow import MlflowClient

    folder = tmp_path_factory.mktemp("store")
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    log_run(client, folder, "worse", 30.0, ENTRY)
    half, full = ({"training_precision": precision} for precision in ("mixed_bfloat16", "float32"))
    log_run(client, folder, "<b>best</b>", 20.0, ENTRY | half, steps="900", experiment="gan-mnist", tags=half)
    log_run(client, folder, "close", 20.25, ENTRY | full, tags=full)
    log_run(client, folder, "other", 1.0, ENTRY | {"extractor_weights_sha256": "b" * 64})
    log_run(client, folder, "silent", 0.5, None)
    log_run(client, folder, "broken", 0.1, ENTRY, status="FAILED")
    return folder


@pytest.fixture
def project(store, tmp_path, monkeypatch):
    """A project of one's own with that store."""
    for name in ("MLFLOW_TRACKING_URI", "DVC_ROOT", "DVC_STAGE", "DVC_EXP_NAME"):
        monkeypatch.delenv(name, raising=False)
    shutil.copy(store / "mlflow.db", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ganline(*arguments):
    done = CliRunner().invoke(app, ["compare", *arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


def test_the_table(project):
    shown = ganline()
    before, after, apart = (shown.index(words) for words in ("Group 1", "Group 2", "Not ranked"))
    places = [shown.index(f" {name} ") for name in ("<b>best</b>", "close", "worse", "other")]
    assert [before, *places[:3], after, places[3], apart] == sorted([before, *places, after, apart])
    assert "extractor_weights_sha256 aaaaaaaaaaaa" in shown and "broken" not in shown
    assert re.search(r"silent \w{8}: it has no frechet", shown[apart:])

    rows = list(csv.DictReader(leaderboard.CSV.open()))
    assert [(row["group"], row["rank"], row["run"]) for row in rows] == [
        ("1", "1", "<b>best</b>"), ("1", "2", "close"), ("1", "3", "worse"), ("2", "1", "other"), ("", "", "silent"),
    ]  # fmt: skip
    assert [row["ties"] for row in rows] == ["2", "1", "", "", ""]  # 20.25 - 20 < 0.71 < 30 - 20.25
    assert [rows[0][name] for name in NAMES] == ["20.0", "0.5", "1.25"] and "fid" not in rows[0]
    assert (rows[0]["experiment"], rows[0]["params.train.steps"]) == ("gan-mnist", "900")
    # What auto came to parts no runs, and is seen; early runs do not say.
    assert [row["params.compute.precision"] for row in rows[:3]] == ["mixed_bfloat16", "float32", "auto"]
    assert "d_loss" not in rows[0] and "params.seed" not in rows[0]


def test_a_group_may_have_any_name(project):
    with pytest.raises(UserError, match='no finished runs of "somebody\'s"'):
        leaderboard.read_runs(group="somebody's")


def test_the_page_is_whole_escaped_and_asks_nothing_of_the_network(project):
    ganline()
    page = leaderboard.PAGE.read_text()
    assert "&lt;b&gt;best&lt;/b&gt;" in page and "<b>best</b>" not in page
    assert "20.00 ± 0.500" in page and "floor 1.25" in page and "Group 2" in page and "train.steps" in page
    assert not re.search(r"https?://|@import|url\((?!#)|<script|\ssrc=", page)
    assert re.findall(r'scope="row">\s*([^<\s]+)<small>', page) == [
        "&lt;b&gt;best&lt;/b&gt;",
        "close",
        "worse",
        "other",
        "silent",
    ]


def test_only_some_experiments(project):
    assert "close" not in ganline("--experiment", "gan-mnist", "--experiment", "other")
    with pytest.raises(UserError, match="--experiment nobody: no finished run. There are runs of close, gan-mnist"):
        ganline("--experiment", "nobody")


def test_an_unknown_number_is_refused_with_those_there_are(project):
    with pytest.raises(UserError, match=f"--by d_loss: no run can be ranked by that. There are: {NAMES[0]}"):
        ganline("--by", "d_loss")
    with pytest.raises(
        UserError, match="FID is the name of one network's .* with classifier it is frechet_classifier."
    ):
        ganline("--by", "fid")


def test_without_a_store_it_says_what_to_do(project):
    (project / "mlflow.db").unlink()
    with pytest.raises(UserError, match="no MLflow store yet .*`dvc repro` makes one"):
        ganline()
    assert not (project / "mlflow.db").exists()


def test_a_store_without_runs_or_that_is_none_is_told_apart(project):
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{project}/mlflow.db")
    for run in client.search_runs([client.get_experiment_by_name("ganline").experiment_id]):
        client.delete_run(run.info.run_id)
    with pytest.raises(UserError, match="holds no finished runs"):
        ganline()
    (project / "broken.db").write_bytes(b"no database" * 1000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{project}/broken.db")
        with pytest.raises(UserError, match="broken.db cannot be read"):
            ganline()


def test_a_server_that_is_down_ends_in_one_message_without_the_password(project, monkeypatch):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://me:secret@127.0.0.1:{port}")
    with pytest.raises(UserError, match="cannot be read") as refused:
        ganline()
    assert "secret" not in str(refused.value) and "Is the server up" in str(refused.value)


def leave_data(params, seed=0):
    """Write scikit-learn's 8x8 digits as prepared data; return its digest."""
    folder = paths.prepared(params)
    folder.mkdir(parents=True, exist_ok=True)
    images = (load_digits().images * (255 / 16)).astype(np.uint8)[..., None]
    images = images[np.random.default_rng(seed).permutation(len(images))]
    np.save(prepared.images_file(folder, "train"), images[:-120])
    np.save(prepared.images_file(folder, "test"), images[-120:])
    write_json(folder / prepared.FACTS, {"dataset": "digits", "image_shape": [8, 8, 1], "counts": {}})
    return prepared.digest(folder)


@pytest.fixture
def met(project, monkeypatch):
    """Two models on the digits, logged as the stages do: a GAN, and a critic whose scores have no boundary."""
    monkeypatch.setattr(normalised_discriminator_score, "MINIMUM_UPDATES", 1)
    monkeypatch.setattr(fake_detector, "UPDATES", 20)
    (project / ".ganline").mkdir()
    with FileLock(project / ".ganline/courier.lock"):  # the test, and no courier in the background, delivers
        for name, changes in {"plain": [], "critic": ["train.loss=wasserstein", "train.weight_clip=0.01"]}.items():
            monkeypatch.setenv("GANLINE_SESSION", name)
            params = compose_params("mode-collapse-mnist", ["dataset=digits", "prepare.size=8", *changes], CONF)
            model = models.build(params.train, (8, 8, 1), len(name))  # a seed of its own: other weights
            models.save(model, project / name / "gan")
            with Tracker("train", params) as tracker:
                tracker.dataset("digits", leave_data(params), {"train": 1})
                tracker.model(project / name / "gan")
        assert Courier(project).run(0, 0)
    return params


def test_duels(met):
    shown = ganline("--duels", "--by", "skill")
    assert "Win rate" in shown and "NRDS" in shown and "Skill, higher is better" in shown
    rows = {row["run_id"]: row for row in csv.DictReader(leaderboard.CSV.open()) if row["dataset"] == "digits"}
    assert len(rows) == 2 and "no duels on" in shown
    assert sum(float(row["nrds"]) for row in rows.values()) == pytest.approx(1)
    assert np.mean([float(row["skill"]) for row in rows.values()]) == pytest.approx(1500)
    ranks = sorted(rows.values(), key=lambda row: row["rank"])
    assert [row["rank"] for row in ranks] == ["1", "2"] and float(ranks[0]["skill"]) >= float(ranks[1]["skill"])
    assert all(0 <= float(row["win_rate"]) <= 1 and row["skill_stderr"] and row["win_rate_stderr"] for row in ranks)
    assert all(0 <= float(row["detected"]) <= 1 and row["detected_stderr"] for row in ranks)
    page = leaderboard.PAGE.read_text()
    matrix = page[page.index('class="detectors"') :].split("</table>")[0]
    assert matrix.count("<td") == 4 and matrix.count(" to ") == 4 and "Who knows whose fakes?" in page
    assert "Detect" in shown
    assert "Duels on digits" in page and "120 images of every generator" in page and "r_sample" in page


def test_duels_need_the_very_data(met):
    leave_data(met, seed=1)
    assert "no duels on digits (2 runs): data/prepared/digits here holds other images" in ganline("--duels")
    shutil.rmtree(paths.prepared(met))
    assert "data/prepared/digits holds no prepared data" in ganline("--duels")
    assert "nrds" not in leaderboard.CSV.read_text()


def test_a_model_that_this_version_cannot_build_is_left_out(met, monkeypatch):
    leave_data(met)
    usual, calls = models.load, []

    def load(folder):
        calls.append(folder)
        if len(calls) == 1:
            raise AttributeError("module has no attribute 'Forgotten'")
        return usual(folder)

    monkeypatch.setattr(models, "load", load)
    shown = ganline("--duels")
    assert "takes no part in duels: module has no attribute 'Forgotten'" in shown
    assert "no duels on digits: 1 of 2 runs" in shown
