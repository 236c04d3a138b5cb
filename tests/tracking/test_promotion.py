"""Who may become champion: the rule, and the rule at work on MLflow's own registry."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from ganline.core.errors import UserError
from ganline.evaluation.compare import Run
from ganline.tracking import promotion

ENTRY = {"better": "lower", "label": "FID", "how_to_read": "", "extractor_weights_sha256": "a", "n_fake": 1000}


def run(name, fid, error: float | None = 1.0, **protocol):
    numbers = {"fid": fid} | ({} if error is None else {"fid_stderr": error})
    return Run(name, name, "gan-mnist", "", "mnist", "d", {}, numbers, {"fid": ENTRY | protocol})


@pytest.mark.parametrize(
    ("candidate", "verdict", "champion", "reason"),
    [
        (run("a", 10), "healthy", None, ""),
        (run("a", 10), "healthy", run("b", 20), ""),
        (run("a", 10), "mode_collapse", run("b", 20), "the verdict on its training is mode_collapse"),
        (run("a", 10), "", None, "the verdict on its training is missing"),
        (run("a", 20), "healthy", run("b", 10), "it is not better: fid 20 against the champion's 10"),
        (run("a", 10), "healthy", run("b", 10), "it is not better"),
        # The difference has a standard error of sqrt(2): 1.96 of them are 2.77
        (run("a", 10), "healthy", run("b", 12.7), "within chance: they differ by less than 2.772"),
        (run("a", 10), "healthy", run("b", 12.8), ""),
        (run("a", 10, None), "healthy", run("b", 20), "has no standard error"),
        (run("a", 10, n_fake=500), "healthy", run("b", 20), "another protocol; what differs: n_fake"),
        (run("a", 10), "healthy", dataclasses.replace(run("b", 20), digest="e"), "dataset_digest"),
        (run("a", 10), "healthy", run("a", 10), "it is the champion already"),
        (run("a", 10, better="higher"), "healthy", run("b", 20, better="higher"), "it is not better"),
    ],
)
def test_the_rule(candidate, verdict, champion, reason):
    found = promotion.refusal(candidate, verdict, champion, "fid")
    assert reason in found and bool(found) == bool(reason)


def test_a_number_that_no_run_has_is_a_mistake():
    with pytest.raises(UserError, match="no run can be ranked by that. There are: fid"):
        promotion.refusal(run("a", 10), "healthy", None, "beauty")


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A project with an empty MLflow store, and a function that logs a finished run with a model to it."""
    for name in ("MLFLOW_TRACKING_URI", "DVC_ROOT", "DVC_STAGE", "DVC_EXP_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    import mlflow
    from mlflow import MlflowClient

    uri = f"sqlite:///{tmp_path}/mlflow.db"
    client = MlflowClient(uri)
    experiment = client.create_experiment("ganline", (tmp_path / "mlartifacts").as_uri())
    mlflow.set_tracking_uri(uri)
    mlflow.set_experiment(experiment_id=experiment)

    def log(name, fid, verdict="healthy"):
        tags = {"experiment": name, "verdict": verdict}
        id = client.create_run(experiment, run_name=name, tags=tags).info.run_id
        client.log_param(id, "download.dataset", "digits")
        for number, value in (("fid", fid), ("fid_stderr", 0.5)):
            client.log_metric(id, number, value)
        (tmp_path / "protocol.json").write_text(json.dumps({"fid": ENTRY}))
        client.log_artifact(id, str(tmp_path / "protocol.json"), "evaluate")

        class Constant(mlflow.pyfunc.PythonModel):
            def predict(self, context, model_input, params=None):
                return np.full(len(model_input), fid)

        mlflow.models.Model.log(
            None, mlflow.pyfunc, name="generator", run_id=id, python_model=Constant(), pip_requirements=["mlflow"]
        )
        client.set_terminated(id, "FINISHED")
        return id

    yield client, log
    mlflow.set_tracking_uri(None)
    shutil.rmtree(tmp_path / "mlartifacts")


def test_the_registry_follows_the_rule(store):
    import mlflow

    client, log = store
    first = log("first", 20.0)
    outcome = promotion.promote(None, "fid")
    assert (
        outcome.promoted and "the first of its dataset; models:/ganline-digits@champion is version 1" in outcome.reason
    )
    assert not promotion.promote(first[:10], "fid").promoted  # again
    log("sick", 5.0, "mode_collapse")
    assert not promotion.promote(None, "fid").promoted
    better = log("better", 10.0)
    outcome = promotion.promote(better, "fid")
    assert outcome.promoted and "it beats first" in outcome.reason
    assert client.get_model_version_by_alias("ganline-digits", "champion").run_id == better
    assert mlflow.pyfunc.load_model("models:/ganline-digits@champion").predict(np.zeros((1, 2))) == [10.0]
    assert len(client.search_model_versions("name = 'ganline-digits'")) == 2
    with pytest.raises(UserError, match="0 finished runs begin like that"):
        promotion.promote("nowhere", "fid")
