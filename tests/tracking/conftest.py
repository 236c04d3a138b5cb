import shutil

import pytest
from filelock import FileLock


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory):
    """A database with MLflow's tables, which take seconds to make."""
    from mlflow import MlflowClient

    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def project(tmp_path, monkeypatch, empty_store):
    """A project without runs, in which the test, and no courier in the background, delivers."""
    shutil.copyfile(empty_store, tmp_path / "mlflow.db")
    for name in ("MLFLOW_TRACKING_URI", "DVC_ROOT", "DVC_STAGE", "DVC_EXP_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GANLINE_SESSION", "run-1")
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".ganline").mkdir()
    with FileLock(tmp_path / ".ganline/courier.lock"):
        yield tmp_path
