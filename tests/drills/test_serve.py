"""`make serve` and `make stop` on one machine."""

import json
import socket
import sys
import urllib.error
from datetime import UTC, datetime, timedelta

import psutil
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(4 * 3600)]  # a busy machine takes its time


def started(clone):
    """Return the process of each thing that `make serve` has started."""
    known = json.loads((clone / ".ganline/serve/processes.json").read_text())
    return {name: psutil.Process(pid) for name, (pid, *_) in known.items()}


def test_serve_and_stop(house):
    clone = house.clone("desk", remote=False)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = str(other.getsockname()[1])
        assert f"port {taken} is taken" in house.python(clone, "pipelines.serve", "up", "--port", taken, ok=False)
        free = house.free_port()
        try:
            # From a script, whose shell has what it starts in the background ignore SIGINT.
            script = f"{sys.executable} -m pipelines.serve up --port {free} & wait $!"
            assert "DVC had no remote" in house.run(clone, "sh", "-c", script)
            house.api = f"http://127.0.0.1:{free}/api"
            first = started(clone)
            assert first.keys() == {"server", "cpu worker", "gpu worker"}

            # Again: what runs stays.
            assert "DVC had no remote" not in house.python(clone, "pipelines.serve", "up", "--port", str(free))
            assert started(clone) == first

            # The next nights are planned; what the form does not offer is refused at submission, the rest at once.
            nights = house.wait_until(lambda: house.flow_runs("nightly"), "the schedule", 120)
            assert all(night["state"]["type"] == "SCHEDULED" for night in nights)
            with pytest.raises(urllib.error.HTTPError):
                house.submit("train/train", {"experiment": "dcgan"})
            for trials, reason in ((0, "0 is less than the minimum of 1"), ("five", "'five' does not match")):
                with pytest.raises(urllib.error.HTTPError) as refused:
                    house.submit("sweep/sweep", {"space": {"seed": [1]}, "trials": trials})
                assert reason in refused.value.read().decode()
            with pytest.raises(urllib.error.HTTPError) as refused:
                house.submit("train/train", {}, job_variables={"command": "true"})
            assert "'command' was unexpected" in refused.value.read().decode()
            wrong = [
                house.submit("train/train", parameters)
                for parameters in ({"overrides": ["train.steps=many"]}, {"need_gpu": True})
            ]
            states = [house.finish(run) for run in wrong]
            assert [state["name"] for state in states] == ["Mistake", "Mistake"]
            assert "train.steps = many" in states[0]["message"]
            assert "lists no GPU that this worker may use" in states[1]["message"]
            assert not (clone / ".ganline/runs").exists()  # before any stage ran

            # A night that comes hours late is dropped.
            late = (datetime.now(UTC) - timedelta(hours=3)).isoformat()
            planned = {"type": "SCHEDULED", "state_details": {"scheduled_time": late}}
            run = house.submit("nightly/nightly", {}, tags=["auto-scheduled"], state=planned)
            assert house.finish(run)["type"] == "CANCELLED"
            assert "late: dropped" in house.state(run)["message"]

            # A training that runs when all is stopped saves.
            house.submit("train/train", {"experiment": "gan-mnist", "overrides": house.SMALL})
            training = house.training(clone)
        finally:
            house.python(clone, "pipelines.serve", "down")
        for process in [*first.values(), training]:
            house.ended(process)
        assert "saved at step" in (clone / ".ganline/serve/gpu-worker.log").read_text()
        for pool in ("cpu", "gpu"):  # by itself: one that is killed for want of patience does not say so
            assert "stopped!" in (clone / f".ganline/serve/{pool}-worker.log").read_text()
        assert other.fileno() > 0
    assert house.processes["mlflow"].is_running()  # not started by `make serve`
    assert "nothing that" in house.python(clone, "pipelines.serve", "down")
