"""What prefect.yaml deploys: complete, typed, and quick to refuse what cannot work."""

import importlib
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from prefect.states import Completed, Failed

from ganline.catalogue import presets as catalogue
from ganline.core.errors import UserError
from pipelines import deployments, handover, serve
from pipelines.graph import pools

REPOSITORY = Path(__file__).parents[2]
DEPLOYED = yaml.safe_load((REPOSITORY / "prefect.yaml").read_text())


def flow_of(deployment):
    module, name = deployment["entrypoint"].rsplit(".", 1)
    return getattr(importlib.import_module(module), name)


def test_all_that_flows_ask_for_is_deployed():
    names = {f"{flow_of(each).name}/{each['name']}" for each in DEPLOYED["deployments"]}
    away = {pool for pool in pools(REPOSITORY / "dvc.yaml").values() if pool != deployments.POOL}
    assert names >= {deployments.TRAIN} | {f"{flow}/{pool}" for flow in ("stage", "check") for pool in away}
    assert names >= {f"{name}/{name}" for name in ("nightly", "sweep", "compare", "promote")}
    assert DEPLOYED["pull"] == []  # left out, `prefect deploy` would write its own machine's folder there
    for pool in (each["work_pool"] for each in DEPLOYED["deployments"]):
        assert pool["work_queue_name"] in ("waiting", "runs")
        assert "job_variables" not in pool  # the pools refuse them
    beat = int(serve.PRODUCTION["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"])
    assert beat * 3 < serve.SILENCE.total_seconds()  # else the automation would end living runs


def test_nights_do_not_overlap_and_late_ones_are_dropped(monkeypatch):
    (nightly,) = (each for each in DEPLOYED["deployments"] if each["name"] == "nightly")
    assert nightly["schedules"][0]["cron"] and nightly["concurrency_limit"]["collision_strategy"] == "CANCEL_NEW"
    for tags, hours, dropped in ((["auto-scheduled"], 2, True), (["auto-scheduled"], 0, False), ([], 2, False)):
        run = SimpleNamespace(tags=tags, scheduled_start_time=datetime.now(UTC) - timedelta(hours=hours))
        monkeypatch.setattr(deployments, "flow_run", run)
        assert deployments._too_late() == dropped


def test_the_form_lists_what_may_be_chosen():
    from prefect.utilities.callables import parameter_schema

    train = parameter_schema(deployments.train).properties
    assert train["experiment"]["enum"] == catalogue.names("experiment", REPOSITORY / "conf")
    assert [train[name]["type"] for name in ("overrides", "force", "revision")] == ["array", "boolean", "string"]
    sweep = parameter_schema(deployments.sweep).properties
    assert sweep["search"]["enum"] == ["grid", "random"]
    assert sweep["trials"]["anyOf"][0] == {"type": "integer", "minimum": 1, "maximum": deployments.MOST_TRIALS}
    assert parameter_schema(deployments.nightly).properties["suite"]["const"] == "nightly"  # of one suite


def test_every_suite_can_be_composed():
    for name in catalogue.names("suites", REPOSITORY / "conf"):
        for entry in catalogue.suite(name, REPOSITORY / "conf"):
            catalogue.compose_params(entry.experiment, entry.overrides, REPOSITORY / "conf")


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("- experiment: a\n  override: [x=1]", "override"),
        ("[]", "at least 1"),
        ("experiment: a", "list"),
        ("- {", "mine.yaml cannot be read as YAML"),
    ],
)
def test_a_suite_that_is_none_is_refused(tmp_path, content, part):
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites/mine.yaml").write_text(content)
    with pytest.raises(UserError, match=part):
        catalogue.suite("mine", tmp_path)
    with pytest.raises(UserError, match="no suites 'main'; did you mean mine"):
        catalogue.suite("main", tmp_path)


def test_points_of_a_sweep():
    space = {"train.latent_dim": [8, 16], "train.select": ["last", "best"], "train.weight_clip": [None, 0.5]}
    grid = deployments._points(space, "grid", 1, 0)
    assert len(grid) == 8
    assert grid[0] == ["train.latent_dim=8", "train.select=last", "train.weight_clip=null"]
    drawn = deployments._points(space, "random", 3, 7)
    assert len(drawn) == 3 and all(point in grid for point in drawn)
    assert drawn == deployments._points(space, "random", 3, 7) != deployments._points(space, "random", 3, 8)
    assert [point for point in grid if point in drawn] and drawn == random.Random(7).sample(grid, 3)
    large = {f"train.{name}": list(range(10)) for name in "abcdefghijklmnop"}  # 1e16 combinations
    assert len({tuple(point) for point in deployments._points(large, "random", 50, 0)}) == 50
    for space in ({}, {"train.steps": []}, {"train.steps": list(range(300))}, large):
        with pytest.raises(UserError, match="space: "):
            deployments._points(space, "grid", 1, 0)
    with pytest.raises(UserError, match="100000000000000000000 combinations are more than can be drawn from"):
        deployments._points({f"train.{name}": list(range(10)) for name in "abcdefghijklmnopqrst"}, "random", 1, 0)


@pytest.mark.parametrize(
    ("flow", "parameters", "part"),
    [
        ("train", {"overrides": ["trian.steps=5"]}, "did you mean train.steps"),
        ("train", {"overrides": ["dataset=cifar"]}, "no dataset 'cifar'"),
        ("train", {"revision": "no-such-branch"}, "no revision 'no-such-branch'"),
        ("train", {"revision": "--all"}, "revision '--all': allowed are a branch, tag or commit"),
        ("train", {"lock_branch": "--upload-pack=x"}, "branch '--upload-pack=x': allowed are letters"),
        ("train", {"overrides": ["--help"]}, "--help: write section.key=value"),
        ("nightly", {"revision": "no-such-branch"}, "no revision 'no-such-branch'"),
        ("nightly", {}, "this Prefect server has no deployment 'train/train': `python -m pipelines.serve setup`"),
        ("sweep", {"space": {"train.latent": [1]}}, "did you mean train.latent_dim"),
        (
            "sweep",
            {"space": {"seed": [1]}, "by": "fid"},
            "by = 'fid': no run can be ranked by that; FID is the name of one network's Frechet distance",
        ),
        (
            "sweep",
            {"space": {"evaluate.metrics": [["frechet"], ["kid"]]}},
            "by = 'frechet': no run can be ranked by that; there are kid",
        ),
        (
            "sweep",
            {"space": {"seed": [1]}, "by": "latent_smothness_score"},
            "the latent study has no part of that name; did you mean a number of latent_smoothness?",
        ),
        ("compare", {}, "no MLflow store yet"),
        ("promote", {}, "no MLflow store yet"),
    ],
)
def test_a_mistake_ends_a_run_at_once_with_the_reason(prefect_server, monkeypatch, tmp_path, flow, parameters, part):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    if flow in ("compare", "promote"):
        monkeypatch.setattr(deployments, "PROJECT", tmp_path)
    state = getattr(deployments, flow)(**parameters, return_state=True)
    assert (state.type.value, state.name) == ("FAILED", "Mistake")
    assert part in state.message


@pytest.fixture(scope="module")
def sweeps(prefect_server):
    """Return a function that submits a sweep of ten values by its deployment and returns the flow run."""
    from prefect.client.orchestration import get_client
    from prefect.utilities.callables import parameter_schema

    space = {"train.latent_dim": list(range(2, 12))}
    with get_client(sync_client=True) as client:
        schema = parameter_schema(deployments.sweep).model_dump_for_openapi()
        deployment = client.create_deployment(
            client.create_flow(deployments.sweep),
            "text",
            parameter_openapi_schema=schema,
            enforce_parameter_schema=True,
        )
        yield lambda **given: client.create_flow_run_from_deployment(
            deployment, parameters={"space": space, "search": "random"} | given
        )


@pytest.mark.parametrize("trials", [5, "5"])
def test_a_number_may_come_as_text_whichever_way_a_flow_is_started(sweeps, monkeypatch, trials):
    from prefect.flow_engine import run_flow

    seen = []
    monkeypatch.setattr(deployments, "_train_all", lambda runs, _: seen.append(list(runs)) or Completed())
    monkeypatch.setattr(deployments, "_leaderboard", lambda *_: Completed(message="5 runs"))
    submitted = sweeps(trials=trials, seed=str(trials))
    assert submitted.parameters["trials"] == trials
    assert run_flow(deployments.sweep, flow_run=submitted, return_type="state").is_completed()
    called = deployments.sweep(submitted.parameters["space"], search="random", trials=trials, seed=5, return_state=True)
    assert called.is_completed()
    assert seen[0] == seen[1] and len(seen[0]) == 5


def test_how_a_sweep_ended_is_how_its_trainings_ended_though_there_is_no_table(sweeps, monkeypatch):
    """As where all failed, or DVC had all results: MLflow then has no run of this sweep."""

    def none(*_):
        raise errors.pop()

    errors = [UserError("holds no finished runs"), OSError(28, "No space left on device")]
    monkeypatch.setattr(deployments, "_leaderboard", none)
    for ended in (Completed(message="2 of 2"), Failed(message="0 of 2: their own states say why")):
        monkeypatch.setattr(deployments, "_train_all", lambda *_, ended=ended: ended)
        state = deployments.sweep({"seed": [1, 2]}, return_state=True)
        assert (state.type, state.message) == (ended.type, ended.message)


def test_a_number_that_cannot_be_is_refused_in_words_whichever_way(sweeps):
    from prefect.exceptions import PrefectHTTPStatusError
    from prefect.flow_engine import run_flow

    for wrong, words in (("five", "'trials'. Failure reason: 'five' does not match"), (500, "the maximum of 256")):
        with pytest.raises(PrefectHTTPStatusError, match="409") as refused:
            sweeps(trials=wrong)
        assert words in refused.value.response.json()["detail"]
    submitted = sweeps(trials="500")
    called = deployments.sweep(submitted.parameters["space"], trials=500, return_state=True)
    for state in (run_flow(deployments.sweep, flow_run=submitted, return_type="state"), called):
        assert (state.name, state.message) == ("Mistake", "trials = 500: allowed are 1 to 256")


def test_a_name_is_no_link_on_the_page_of_a_promotion(prefect_server, monkeypatch):
    from prefect.client.orchestration import get_client

    from ganline.tracking import promotion

    said = promotion.Outcome(True, "[x](javascript:y) is the champion", "<b>9</b> of `z`")
    monkeypatch.setattr(promotion, "promote", lambda run, by: said)
    assert deployments.promote(return_state=True).name == "Promoted"
    with get_client(sync_client=True) as client:
        shown = client.request("GET", "/artifacts/{key}/latest", path_params={"key": "promotion"}).json()["data"]
    assert shown == r"**\[x\](javascript:y) is the champion**: \<b\>9\</b\> of \`z\`"


def test_an_experiment_that_is_not_there_is_refused(prefect_server):
    state = deployments.train(experiment="dcgan", return_state=True)
    assert state.is_failed() and "'dcgan-fashion-mnist'" in state.message


def test_pools_and_remotes_that_are_not_there_are_refused(prefect_server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    subprocess.run([sys.executable, "-m", "dvc", "init", "-q", "--no-scm"], check=True)
    with pytest.raises(UserError, match="no DVC remote is set .*dvc remote add --default"):
        handover.require_remote()
    with pytest.raises(UserError, match="no such pool with deployments 'stage/tpu' and 'check/tpu'"):
        handover.require_pool("tpu", "HEAD", False)


def test_a_machine_without_what_a_run_needs_says_so(prefect_server, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    for parameters, part in (({"need_gpu": True}, "lists no GPU"), ({"revision": "no-such"}, "no revision 'no-such'")):
        state = handover.check_machine(**{"revision": "HEAD"} | parameters, return_state=True)
        assert state.name == "Mistake" and part in state.message
    mistaken = {"name": "train", "revision": "HEAD", "params": "", "lock": ""}
    state = handover.run_stage_here(**mistaken, session="../x", return_state=True)
    assert state.name == "Mistake" and "session '../x'" in state.message
    assert handover.check_machine("HEAD", return_state=True).is_completed()
