"""Runs tell apart on MLflow's pages: by name, in the saved view, and where two are compared."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.parse
from pathlib import Path

import pytest
import waiting
import working_tree

from ganline.catalogue.presets import compose_params
from ganline.settings.schema import Params
from ganline.tracking import mlflow_view

ROOT = Path(__file__).parents[2]
SMALL = [
    "dataset=digits", "extractor.beside=null",
    "extractor.epochs=2", "train.steps=40", "train.log_every=10", "train.sample_every=20",
    "train.checkpoint_every=20", "train.sample_count=16", "evaluate.samples=200", "evaluate.kid_subset_size=50",
    "evaluate.kid_subsets=5", "latent.rows=2", "latent.columns=4", "report.images=16",
]  # fmt: skip


@pytest.mark.parametrize(
    ("overrides", "name"),
    [
        ([], "gan-mnist"),
        (["train.sample_count=16", "evaluate.neighbours=4"], "gan-mnist"),
        (["dataset=digits", "train.loss=hinge", "seed=7"], "gan-mnist digits loss=hinge seed=7"),
        (["train.optimizers.generator.learning_rate=0.001"], "gan-mnist generator.learning_rate=0.001"),
        (
            ["train.steps=9", "train.loss=hinge", "train.latent_dim=7", "train.batch_size=8", "seed=1"],
            "gan-mnist batch_size=8 loss=hinge latent_dim=7 ...",
        ),
    ],
)
def test_a_run_is_named_after_what_is_special_about_it(monkeypatch, overrides, name):
    monkeypatch.chdir(ROOT)
    assert mlflow_view.run_name(compose_params("gan-mnist", overrides)) == name


def test_a_preset_that_is_not_there_leaves_the_name_alone(monkeypatch, tmp_path):
    params: Params = compose_params("gan-mnist", conf=ROOT / "conf")
    monkeypatch.chdir(tmp_path)
    assert mlflow_view.run_name(params) == "gan-mnist"


def test_the_view_shows_the_parameters_that_differ():
    def run(**values):
        return {"train.loss": "hinge", "train.log_every": "1", "seed": "1"} | values

    def shown(*runs):
        view = json.loads(mlflow_view.state(runs))
        (parallel,) = [chart for chart in view["compareRunCharts"] if chart["type"] == "PARALLEL"]
        return parallel["selectedParams"]

    assert json.loads(mlflow_view.state([run()]))["runsHiddenMode"] == "FIRST_20_RUNS"  # MLflow has no other above 10
    assert shown(run()) == list(mlflow_view.PARAMETERS)
    assert shown(run(), run(**{"train.log_every": "2"})) == list(mlflow_view.PARAMETERS)
    assert shown(run(), run(**{"seed": "2", "train.loss": "logistic"})) == ["train.loss", "seed"]
    many = [run(**{f"train.optimizers.discriminator.a_long_name_{n}": str(k) for n in range(90)}) for k in range(2)]
    assert len(shown(*many)) == mlflow_view.MOST_PARAMETERS
    assert len(mlflow_view.state(many)) < mlflow_view.LONGEST


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A clone of the project with two runs of a suite."""
    folder = tmp_path_factory.mktemp("suite")
    working_tree.copy(folder)
    python = Path(sys.executable)
    environment = os.environ | {"PATH": f"{python.parent}:{os.environ['PATH']}", "PYTHONPATH": str(folder)}
    commands = [["git", "init", "-q"]]
    for overrides in ([], ["train.loss=hinge", "train.latent_dim=16"]):
        commands.append([python, "-m", "pipelines.cli", "use", "gan-mnist", *SMALL, *overrides])
        commands.append(["dvc", "repro"])
    for command in [*commands, [python, "-m", "ganline.tracking.courier"]]:
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def server(project):
    """The address of an MLflow server on the clone's store, as `make ui` starts it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    process = subprocess.Popen(
        [*command, "--backend-store-uri", f"sqlite:///{project}/mlflow.db"], cwd=project, start_new_session=True,
        env=os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        waiting.until(lambda: waiting.answers(f"http://127.0.0.1:{port}/health"))
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def text(browser):
    return browser.find_element("css selector", "body").text


@pytest.mark.slow  # two runs of the line, a server and a browser
@pytest.mark.timeout(3600)
def test_mlflows_pages_compare_the_runs(server, browser):
    from mlflow import MlflowClient

    client = MlflowClient(server)
    experiment = client.get_experiment_by_name("ganline").experiment_id
    runs = client.search_runs([experiment], order_by=["start_time"])
    assert [run.info.run_name for run in runs] == [
        "gan-mnist digits steps=40", "gan-mnist digits loss=hinge latent_dim=16 ...",
    ]  # fmt: skip

    (view,) = re.findall(r"#/experiments/1/(runs\?\S+)\"", (ROOT / "Makefile").read_text())
    browser.get(f"{server}/#/experiments/{experiment}/{view}")
    waiting.until(lambda: mlflow_view.SECTION in text(browser))
    assert "Models" in text(browser) and "Prompts" not in text(browser)
    for button in browser.find_elements("css selector", "[data-component-id='mlflow.assistant.chat_panel.close']"):
        button.click()  # it takes a quarter of the page, and axes get short names

    def pictures():
        script = "return [...document.images].map(image => [image.src, image.naturalWidth])"
        return [
            width for source, width in browser.execute_script(script) if "get-artifact" in source or "blob:" in source
        ]

    waiting.until(lambda: len(pictures()) == 2 and all(pictures()))
    waiting.until(lambda: {"train.latent_dim", "train.loss", "frechet_classifier"} <= set(text(browser).split()))
    assert "No image logged" not in text(browser)
    assert all(run.info.run_name in text(browser) for run in runs)
    assert "train.batch_size" not in text(browser)  # nor any other parameter that is equal

    identifiers = urllib.parse.quote(json.dumps([run.info.run_id for run in runs]))
    browser.get(
        f"{server}/#/compare-runs?runs={identifiers}&experiments={urllib.parse.quote(json.dumps([experiment]))}"
    )
    waiting.until(lambda: "Show diff only" in text(browser) and "Parallel Coordinates Plot" in text(browser))
    waiting.until(lambda: "evaluate.samples" in text(browser))
    browser.find_element("xpath", "//*[text()='Show diff only']/ancestor::*[.//button][1]//button").click()
    waiting.until(lambda: "evaluate.samples" not in text(browser))
    assert {"train.latent_dim", "train.loss", "hinge"} <= set(text(browser).split())
