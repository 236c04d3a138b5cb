"""The real line, from source files to report, on the digits that come with scikit-learn, in a throwaway clone."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import working_tree
import yaml
from same_bits import golden, machine

from ganline.catalogue.check import load
from ganline.core.files import sha256
from ganline.line.code import code
from ganline.line.declared import declared

STAGES = ["download", "prepare", "extractor", "train", "evaluate", "study", "report"]
SMALL = [
    "dataset=digits", "extractor.beside=null", "compute.precision=float32",
    "train.steps=40", "train.log_every=10", "train.sample_every=20", "train.checkpoint_every=20",
    "train.sample_count=16", "evaluate.samples=200", "evaluate.kid_subset_size=50", "evaluate.kid_subsets=5",
    "latent.rows=2", "latent.columns=4", "latent.samples=200", "report.images=16",
    "evaluate.metrics=[default,class_frechet,frechet_infinity,c2st_nn,mifrechet,am_score,class_histogram,bins,"
    "classification,diversity,image_quality,image_statistics]",
]  # fmt: skip


WATCH = Path(__file__).parent / "watch"
TOLD = [
    Path(name)
    for name in ("params.yaml", "dvc.yaml", "dvc.lock", "conf/config.yaml", "conf/dataset", "conf/experiment")
]
"""Read for what goes to MLflow and for the check of parameters; what else a stage reads of them, it declares."""


class Project:
    def __init__(self, folder: Path) -> None:
        self.folder, self.watched = folder, folder.with_name(f"{folder.name}-watched")
        self.watched.mkdir()
        working_tree.copy(folder)
        for command in (["git", "init", "-q"], ["git", "add", "-A"], ["git", "commit", "-qm", "copy"]):
            self.run(*command)

    def run(self, *command: str, ok: bool = True) -> str:
        identity = {f"GIT_{who}_{what}": "test@test" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        code = os.pathsep.join([str(self.folder), str(WATCH)])
        environment = os.environ | identity | {"PATH": path, "PYTHONPATH": code, "WATCHED": str(self.watched)}
        environment.pop("MLFLOW_TRACKING_URI", None)  # mlflow.set_tracking_uri in another test leaves it behind
        done = subprocess.run(
            command, cwd=self.folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert (done.returncode == 0) == ok, done.stdout
        return done.stdout

    def ganline(self, *arguments: str, ok: bool = True) -> str:
        return self.run(sys.executable, "-m", "pipelines.cli", *arguments, ok=ok)

    def executed(self, output: str) -> list[str]:
        return [stage for stage in STAGES if f"Running stage '{stage}'" in output]

    @property
    def lock(self) -> bytes:
        return (self.folder / "dvc.lock").read_bytes()


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("line"))
    project.ganline("use", "gan-mnist", *SMALL)
    project.first = project.run("dvc", "repro")
    return project


def test_every_stage_runs_and_leaves_its_files(project):
    assert project.executed(project.first) == STAGES
    for name in (
        "data/prepared/digits/manifest.csv", "models/gan/weights.npz", "reports/train/history.csv",
        "reports/train/samples/step-00000040.png", "reports/evaluate/protocol.json", "reports/index.html",
        "reports/study/figures/directions-boundaries.png", "reports/study/latents.npz",
    ):  # fmt: skip
        assert (project.folder / name).stat().st_size > 0
    assert json.loads((project.folder / "reports/train/diagnosis.json").read_text())["verdict"] == "too_short"
    metrics = json.loads((project.folder / "reports/evaluate/metrics.json").read_text())
    assert {"frechet_classifier", "floor_frechet_classifier", "kid", "inception_score", "precision", "recall"} <= set(
        metrics
    )
    assert metrics["floor_frechet_classifier"] < metrics["frechet_classifier"]
    latent = json.loads((project.folder / "reports/study/metrics.json").read_text())
    assert {"latent_directions_edit_success", "latent_smoothness_path_length"} <= set(latent)
    assert not set(latent) & set(metrics)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_reads_only_what_dvc_yaml_lists_for_it(project, monkeypatch, stage):
    monkeypatch.chdir(project.folder)
    listed = declared(stage, load())
    read = {Path(line) for line in (project.watched / f"{stage}.files").read_text().splitlines()}
    assert len(read) > 3
    ours = [Path(name) for name in code(stage, load())]
    known = [*ours, *listed.inputs, *listed.outs, *TOLD]
    # What begins with a dot is .ganline or a file that is being written. tests/line/test_declared.py sees to code.
    rest = {path for path in read if path.suffix != ".py" and not any(part.startswith(".") for part in path.parts)}
    assert {path for path in rest if not any(path == other or other in path.parents for other in known)} == set()
    sections = {key.partition(".")[0] for key in listed.params}
    obeyed = set((project.watched / f"{stage}.params").read_text().split())
    # The dataset's name is in the paths, and the training only holds prepare's values against the images that it reads.
    # What judges a model reads of train what is in models/gan too: its name, and a translator's input.
    beside = {"train": {"prepare"}, "evaluate": {"train"}, "study": {"train"}}
    assert obeyed - sections <= {"download"} | beside.get(stage, set())


def test_the_numbers_are_those_recorded_for_this_kind_of_machine(project):
    recorded = golden().get("line", {})
    if not recorded:
        pytest.skip(f"none are recorded for {machine()}")
    assert {name: sha256(project.folder / name) for name in recorded} == recorded


def test_what_dvc_hashes_names_no_place_and_no_time(project):
    for name in (
        "models/gan/model.json",
        "reports/evaluate/protocol.json",
        "reports/index.html",
        "reports/study/findings.json",
    ):
        assert str(project.folder) not in (project.folder / name).read_text()


def test_again_nothing_runs(project):
    assert "up to date" in project.run("dvc", "repro")


def test_deleted_outputs_come_back_from_the_cache(project):
    for name in ("data/downloaded", "data/prepared", "models", "reports"):
        shutil.rmtree(project.folder / name)
    assert project.executed(project.run("dvc", "repro")) == []
    assert (project.folder / "reports/index.html").exists()


def test_a_forced_run_writes_the_same_lock(project):
    before = project.lock
    assert project.executed(project.run("dvc", "repro", "--force")) == STAGES
    assert project.lock == before


def test_a_changed_parameter_runs_only_what_obeys_it(project):
    overrides = [part for value in [*SMALL, "evaluate.neighbours=4"] for part in ("-S", value)]
    output = project.run("dvc", "exp", "run", "-S", "experiment=gan-mnist", *overrides)
    assert project.executed(output) == ["evaluate", "report"]
    params = yaml.safe_load((project.folder / "params.yaml").read_text())
    assert (params["experiment"], params["evaluate"]["neighbours"]) == ("gan-mnist", 4)


def test_another_experiment_and_seed_take_over_data_and_extractor(project):
    other = ["seed=7", "train.steps=20", "train.batch_size=10", "train.generator_batch_size=10",
             "evaluate.metrics=[default,class_histogram]"]  # fmt: skip
    overrides = [part for value in [*SMALL, *other] for part in ("-S", value)]
    output = project.run("dvc", "exp", "run", "-S", "experiment=cgan-mnist", *overrides)
    assert project.executed(output) == ["train", "evaluate", "study", "report"]
    metrics = json.loads((project.folder / "reports/evaluate/metrics.json").read_text())
    assert 0 <= metrics["condition_accuracy"] < metrics["floor_condition_accuracy"]
    assert metrics["floor_classes_seen"] == 10
    assert "asked for 10 classes" in (project.folder / "reports/index.html").read_text()


def test_a_wrong_parameter_stops_everything_before_it_begins(project):
    path = project.folder / "params.yaml"
    kept = path.read_text()
    path.write_text(kept.replace("neighbours: 3", "neighbours: three"))
    output = project.run("dvc", "repro", ok=False)
    path.write_text(kept)
    assert "evaluate.neighbours = three" in output and "Traceback" not in output


def test_dvc_shows_metrics_and_plots(project):
    shown = project.run("dvc", "metrics", "show", "--json")
    assert '"frechet_classifier"' in shown and '"latent_directions_edit_success"' in shown
    project.run("dvc", "plots", "show", "-o", "plots")
    assert (project.folder / "plots/index.html").exists()


def test_mlflow_remembers_each_run(project):
    import mlflow

    project.run(sys.executable, "-m", "ganline.tracking.courier")  # deliver what is left
    mlflow.set_tracking_uri(f"sqlite:///{project.folder}/mlflow.db")
    runs = mlflow.search_runs(experiment_names=["ganline"], output_format="list", order_by=["start_time"])
    assert [run.info.status for run in runs] == ["FINISHED"] * 4  # the first, the forced, the changed and the other one
    for run in runs:
        assert {"frechet_classifier", "d_loss", "g_loss"} <= set(run.data.metrics)
    assert [run.data.params["train.steps"] for run in runs] == ["40", "40", "40", "20"]


@pytest.mark.slow  # it fetches the weights of a network
def test_a_second_judge_adds_its_rows_and_changes_no_others(project):
    small = [part for value in SMALL for part in ("-S", value)]
    experiment = ["dvc", "exp", "run", "-S", "experiment=gan-mnist", *small]
    project.run(*experiment)
    before, weights = (project.folder / name for name in ("reports/evaluate/metrics.json", "models/gan/weights.npz"))
    alone, trained = json.loads(before.read_text()), sha256(weights)
    output = project.run(*experiment, "-S", "extractor.beside=squeezenet")
    # The training is at its end at once: it is watched by the same network.
    assert {"extractor", "evaluate", "report"} <= set(project.executed(output)) and sha256(weights) == trained
    both = json.loads(before.read_text())
    assert {name: both[name] for name in alone} == alone
    assert {"frechet_squeezenet", "kid_squeezenet", "floor_kid_squeezenet"} <= both.keys()
    protocol = json.loads((project.folder / "reports/evaluate/protocol.json").read_text())
    held = sha256(project.folder / "models/extractor/digits/beside/weights.npz")
    assert protocol["kid_squeezenet"]["extractor_weights_sha256"] == held
    page = (project.folder / "reports/index.html").read_text()
    assert f"squeezenet {held[:12]}" in page and "The one beside it" in page
    assert "up to date" in project.run("dvc", "repro")
    shown = project.ganline("compare", "--by", "frechet_squeezenet")
    assert "Group 2" not in shown and "it has no frechet_squeezenet" in shown
