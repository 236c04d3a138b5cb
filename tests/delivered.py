"""What tests of the delivery to MLflow share: a run's parameters, delivering, and looking at what has arrived."""

from pathlib import Path

import cv2
import numpy as np

from ganline.catalogue import compose_params
from stages.courier import Courier

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
