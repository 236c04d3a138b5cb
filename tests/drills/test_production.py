"""Stages on two machines: a cpu and a gpu worker in clones of their own, which share a DVC remote and the servers."""

import pytest
import yaml

pytestmark = [pytest.mark.slow, pytest.mark.timeout(4 * 3600)]  # a busy machine takes its time


@pytest.fixture(scope="module")
def company(house):
    """The house with Prefect's server and both workers."""
    house.serve_prefect(house.clone("cpu"))
    house.clone("gpu")
    for pool in ("cpu", "gpu"):
        house.work(pool, house.folder / pool)
    return house


def overrides(house, seed):
    return {"experiment": "gan-mnist", "overrides": [*house.SMALL, f"seed={seed}"]}


def test_the_nightly_run_survives_the_death_of_the_gpu_machine(company):
    """The drill of `make drill`."""
    night = company.submit("nightly/nightly", {})
    company.training(company.folder / "gpu")
    company.kill("gpu-worker")
    company.work("gpu", company.folder / "gpu")
    state = company.finish(night)
    assert state["type"] == "COMPLETED", state["message"] + company.log("cpu-worker")[-3000:]
    assert "asking for it again" in company.log("cpu-worker")
    assert "resuming after step" in company.log("gpu-worker")
    suite = yaml.safe_load((company.folder / "cpu/conf/suites/nightly.yaml").read_text())
    for number, entry in enumerate(suite):
        clone = company.clone(f"plain-{number}", remote=False)
        expected = company.plain(clone, entry["overrides"])
        seed = next(value for value in entry["overrides"] if value.startswith("seed=")).removeprefix("seed=")
        (lock,) = company.locks({"seed": seed})
        assert company.weights(lock) == company.weights(expected)
        assert yaml.safe_load(lock) == yaml.safe_load(expected)  # not the weights alone: every file of every stage


def test_a_cancelled_run_stops_its_training_and_saves(company):
    run = company.submit("train/train", overrides(company, 11))
    training = company.training(company.folder / "gpu")
    company.cancel(run)
    company.wait_until(lambda: not training.is_running(), "the training's end", 35)
    assert company.finish(run)["type"] == "CANCELLED"
    company.wait_until(lambda: not company.workspaces("cpu") + company.workspaces("gpu"), "no workspace left", 60)
    assert "saved at step" in company.log("gpu-worker")


def test_a_lost_remote_is_said_and_the_next_run_repairs_it(company):
    run = company.submit("train/train", overrides(company, 12))
    company.training(company.folder / "gpu")
    company.remote.rename(company.folder / "lost")
    company.remote.write_text("no folder any more")
    state = company.finish(run)
    company.remote.unlink()
    (company.folder / "lost").rename(company.remote)
    assert (state["type"], "dvc push --run-cache train failed" in state["message"]) == ("FAILED", True), state
    again = company.submit("train/train", overrides(company, 12))
    assert company.finish(again)["type"] == "COMPLETED"
    assert company.log("gpu-worker").count("Stage 'train' is cached") >= 1  # it was not trained twice


def test_eight_runs_side_by_side(company):
    """A sweep: each run's lock is its own, none is lost, and one of them is what a plain `dvc repro` makes."""
    for pool in ("cpu", "gpu"):
        company.ask("PATCH", f"/work_pools/{pool}/queues/runs", {"concurrency_limit": 8})
    tiny = [*company.SMALL, "train.steps=100", "evaluate.metrics=[frechet]"]
    company.plain(company.folder / "cpu", tiny, "extractor")  # into the cache that all will share
    dims = list(range(2, 10))
    wanted = {"space": {"train.latent_dim": dims}, "experiment": "gan-mnist", "overrides": tiny, "stop_failing": False}
    run = company.submit("sweep/sweep", wanted)
    state = company.finish(run, 4 * 900)
    assert state["type"] == "COMPLETED", state["message"] + company.log("cpu-worker")[-3000:]
    logs = company.log("cpu-worker") + company.log("gpu-worker")
    assert "Unable to acquire lock" not in logs and "is busy" not in logs
    locks = [company.locks({"group": f"sweep {run}", "train.latent_dim": str(dim)}) for dim in dims]
    assert [len(found) for found in locks] == [1] * 8  # every run is in MLflow, once
    trained = [yaml.safe_load(lock)["stages"]["train"]["params"]["params.yaml"]["train"] for (lock,) in locks]
    assert [params["latent_dim"] for params in trained] == dims
    assert len({company.weights(lock) for (lock,) in locks}) == 8
    expected = company.plain(company.clone("alone", remote=False), [*tiny, "train.latent_dim=6"])
    assert [yaml.safe_load(lock) for lock in locks[4]] == [yaml.safe_load(expected)]
    ranks = company.ask("POST", "/artifacts/filter", {"artifacts": {"key": {"any_": ["leaderboard"]}}})
    assert len(yaml.safe_load(ranks[0]["data"])) == 8
    assert not company.workspaces("cpu") + company.workspaces("gpu")
