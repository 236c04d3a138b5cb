"""What tests of the delivery to MLflow share: a run's parameters, delivering, and looking at what has arrived."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import waiting

from ganline.catalogue.presets import compose_params
from ganline.tracking.courier import Courier

REPOSITORY = Path(__file__).parents[1]
PARAMS = compose_params("gan-mnist", ["dataset=digits", "train.latent_dim=10"], REPOSITORY / "conf")


def deliver(root):
    assert Courier(root).run(linger=0, give_up=0)


def client(root, uri=None):
    from mlflow import MlflowClient

    return MlflowClient(uri or f"sqlite:///{root}/mlflow.db")


def find_runs(root, uri=None):
    found = client(root, uri)
    experiment = found.get_experiment_by_name("ganline")
    return found, list(found.search_runs([experiment.experiment_id]))


def find_run(root, uri=None):
    found, runs = find_runs(root, uri)
    assert len(runs) == 1
    return found, runs[0]


def artifacts(client, run, folder=None):
    found = client.list_artifacts(run.info.run_id, folder)
    inner = [name for item in found if item.is_dir for name in artifacts(client, run, item.path)]
    return sorted(inner + [item.path for item in found if not item.is_dir])


def picture(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((32, 32), value, np.uint8))
    return path


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """An MLflow server in a process of its own."""

    def __init__(self, folder):
        self.port = free_port()
        self.folder, self.uri = folder, f"http://127.0.0.1:{self.port}"

    def start(self):
        store, files = f"sqlite:///{self.folder}/server.db", f"{self.folder}/server-artifacts"
        command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--workers", "1", "--backend-store-uri", store, "--artifacts-destination", files]
        quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        self.process = subprocess.Popen(
            command, env=os.environ | quiet, cwd=self.folder, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        waiting.until(lambda: waiting.answers(f"{self.uri}/health"))

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
