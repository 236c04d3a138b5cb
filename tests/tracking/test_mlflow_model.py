import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from ganline import models
from ganline.catalogue.presets import compose_params

ROOT = Path(__file__).parents[2]
CAST = "return tf.cast(tf.round("
EDITS = {"as_it_is": CAST, "negative": CAST.replace("return", "return 255 -")}
"""What stands in base.to_uint8 of each model's code."""


@pytest.fixture
def logged(tmp_path, monkeypatch):
    """Two models of equal weights in a store, each logged with code of its own; name -> address."""
    import mlflow

    monkeypatch.setattr(sys, "path", list(sys.path))
    params = compose_params("mode-collapse-mnist", ["dataset=digits", "prepare.size=8"], ROOT / "conf")
    (tmp_path / "gan").mkdir()
    models.save(models.build(params.train, (8, 8, 1), 1), tmp_path / "gan")
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    mlflow.set_experiment(experiment_id=mlflow.create_experiment("test", (tmp_path / "artifacts").as_uri()))
    found = {}
    for name, edit in EDITS.items():
        code = tmp_path / name / "ganline"
        shutil.copytree(ROOT / "ganline", code, ignore=shutil.ignore_patterns("__pycache__"))
        base = code / "models/base.py"
        assert CAST in base.read_text()
        base.write_text(base.read_text().replace(CAST, edit))
        with mlflow.start_run():
            info = mlflow.pyfunc.log_model(
                name="generator", python_model=str(ROOT / "ganline/tracking/mlflow_model.py"), code_paths=[str(code)],
                artifacts={"generator": str(tmp_path / "gan")}, pip_requirements=["mlflow"],
            )  # fmt: skip
        found[name] = info.model_uri
    yield found
    mlflow.set_tracking_uri(None)


def test_each_model_of_a_process_runs_its_own_code(logged):
    import mlflow

    latents = 9 * np.random.default_rng(0).standard_normal((5, 2)).astype(np.float32)
    ours = sys.modules["ganline.models"]
    loaded = {name: mlflow.pyfunc.load_model(logged[name]) for name in ("negative", "as_it_is")}
    images = {name: model.predict(latents).astype(int) for name, model in loaded.items()}
    assert images["as_it_is"].std() > 10
    np.testing.assert_array_equal(images["negative"], 255 - images["as_it_is"])
    # Neither has it become the process's own, which goes on with what it had.
    assert sys.modules["ganline.models"] is ours and ours.__file__.startswith(str(ROOT))
    again = mlflow.pyfunc.load_model(logged["negative"]).predict(latents)
    np.testing.assert_array_equal(again, images["negative"])
