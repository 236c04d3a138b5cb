import ast
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from delivered import deliver, find_run

from ganline import models
from ganline.catalogue.presets import compose_params
from ganline.core.closure import module_file
from ganline.models.facts import model_facts
from ganline.tracking.delivery import UNDELIVERED
from ganline.tracking.tracker import MODEL_PACKAGES, Tracker
from tests.fitting import built

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


def test_a_translator_that_a_run_has_trained_takes_pictures(project):
    """From the event of the training through the store to a picture of another size: each step knows no latents."""
    import mlflow

    small = ["dataset=openmoji_lines", "train.input=partner", "prepare.size=32", "download.source=."]
    params = compose_params("pix2pix-gray-to-color", small, ROOT / "conf")
    model = models.build(params.train, (32, 32, 3), params.seed, input_shape=(32, 32, 1))
    (project / "models/gan").mkdir(parents=True)
    models.save(model, project / "models/gan")
    with Tracker("train", params) as tracker:
        tracker.model(project / "models/gan")
    deliver(project)
    client, run = find_run(project)
    assert UNDELIVERED not in run.data.tags
    logged = client.search_logged_models([run.info.experiment_id])[0]
    mlflow.set_tracking_uri(f"sqlite:///{project}/mlflow.db")
    made = mlflow.pyfunc.load_model(f"models:/{logged.model_id}").predict(np.zeros((2, 40, 48, 3), np.uint8))
    assert (made.shape, made.dtype) == ((2, 40, 48, 3), np.uint8)


def test_a_translator_with_styles_takes_pictures_and_a_style_by_name(project):
    import mlflow

    params = compose_params("cartoongan-selfie2sketch", ["prepare.size=16", "download.source=."], ROOT / "conf")
    model = built(params, 1)
    models.save(model, project / "models/gan")
    with Tracker("train", params) as tracker:
        tracker.model(project / "models/gan")
    deliver(project)
    client, run = find_run(project)
    assert UNDELIVERED not in run.data.tags
    logged = client.search_logged_models([run.info.experiment_id])[0]
    mlflow.set_tracking_uri(f"sqlite:///{project}/mlflow.db")
    served = mlflow.pyfunc.load_model(f"models:/{logged.model_id}")
    pictures, styles = np.random.default_rng(0).integers(0, 256, (2, 2, 20, 18, 3), np.uint8)
    drawn = [served.predict({"images": pictures, "style": style}) for style in styles]
    assert drawn[0].shape == (2, 20, 18, 3) and (drawn[0] != drawn[1]).any()
    with pytest.raises(Exception, match="style"):
        served.predict({"images": pictures})


def imported_at_once(name):
    """Return the packages that importing a module of ours imports, through all that it imports in turn."""
    found, seen, ahead = set(), set(), {name}
    while ahead:
        seen.add(one := ahead.pop())
        if file := module_file(one, ROOT):
            ahead |= {one.rpartition(".")[0]} - seen - {""}
            for node in ast.parse(file.read_text()).body:
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom):
                    names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
                found |= {each.partition(".")[0] for each in names} - sys.stdlib_module_names - {"ganline"}
                ahead |= {each for each in names if each.startswith("ganline.")} - seen
    return found


@pytest.mark.parametrize("model", model_facts())
def test_a_logged_model_imports_no_more_than_its_requirements(model):
    """They are installed where it is served: neither SciPy nor OpenCV is there."""
    allowed = {package.replace("-", "_") for package in MODEL_PACKAGES}
    assert imported_at_once(model_facts()[model]["module"]) | imported_at_once("ganline.models.makers") <= allowed
    assert imported_at_once("ganline.models.tiles") <= allowed | {"cv2"}
