import json
from pathlib import Path

import numpy as np
import pytest

from ganline import models
from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.core.files import write_arrays, write_json
from ganline.explorer import opening as explorer
from ganline.settings import paths

CONF = Path(__file__).parents[2] / "conf"


@pytest.fixture
def trained(tmp_path, monkeypatch):
    """Save an untrained model of an experiment where the train stage leaves its model."""
    monkeypatch.chdir(tmp_path)

    def save(experiment, *overrides):
        params = compose_params(experiment, ["dataset=digits", *overrides], CONF)
        size = params.prepare.size
        models.save(models.build(params.train, (size, size, 1), params.seed, classes=10), paths.GAN)
        return params

    return save


def test_the_directions_of_the_study_stage_get_their_sliders(trained):
    params = trained("cgan-mnist")
    dimension = params.train.latent_dim
    arrays = {"directions/sefa": np.eye(3, dimension), "attributes/means": np.ones((1, dimension)),
              "old/ones": np.eye(2, 7)}  # fmt: skip
    kept = {
        name: {"names": [f"{name} {i}" for i in range(len(rows))], "kind": "direction"} for name, rows in arrays.items()
    }
    kept["attributes/means"]["kind"] = "latent"
    write_arrays(paths.STUDY / "latents.npz", arrays)
    write_json(paths.STUDY / "findings.json", [{"part": "x", "latents": kept}, {"part": "y", "left_out": "no"}])
    space = explorer.load(params)
    assert list(space.directions) == ["directions/sefa"] and not space.notes
    assert list(space.directions["directions/sefa"].names) == [f"directions/sefa {i}" for i in range(3)]
    assert space.conditions == [f"code {i}" for i in range(10)]  # nothing says what the classes are called
    paths.prepared(params).mkdir(parents=True)
    facts = paths.prepared(params) / "dataset.json"
    facts.write_text(json.dumps({"classes": [f"digit {i}" for i in range(10)]}))
    space = explorer.load(params)
    assert space.conditions[7] == "digit 7" and space.file == Path("latents.json")
    first, second = space.picture(np.stack([space.seeded(0), space.seeded(1)]), 7)
    assert first.startswith("data:image/png;base64,") and first != second


def test_without_the_study_stage_the_numbers_themselves_have_sliders(trained):
    space = explorer.load(trained("gan-mnist", "prepare.size=8"))
    assert list(space.directions["coordinates"].names) == [f"z{i}" for i in range(8)]
    assert "found no directions" in space.notes[0] and space.conditions == []


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        (paths.GAN / "model.json", b"{", "models/gan is damaged .JSONDecodeError"),
        (paths.GAN / "model.json", b"{}", "models/gan is damaged .KeyError: 'settings'"),
        (paths.GAN / "model.json", b"\xff\xfe", "models/gan is damaged .UnicodeDecodeError"),
        (paths.GAN / "weights.npz", b"PK\x03\x04 cut", "models/gan is damaged .BadZipFile"),
        (paths.GAN / "weights.npz", b"", "models/gan is damaged .EOFError"),
        (paths.STUDY / "findings.json", b"[{", "reports/study is damaged .*dvc repro study"),
        (paths.STUDY / "findings.json", b"[1]", "reports/study is damaged .AttributeError"),
        (paths.STUDY / "latents.npz", b"garbled", "reports/study is damaged"),
        (Path("data/prepared/digits/dataset.json"), b"{}", "dataset.json is damaged .KeyError: 'classes'"),
    ],
)
def test_what_is_damaged_is_said(trained, file, content, told):
    params = trained("gan-mnist", "prepare.size=8")
    write_arrays(paths.STUDY / "latents.npz", {})
    write_json(paths.STUDY / "findings.json", [])
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    with pytest.raises(UserError, match=told):
        explorer.load(params)


def test_weights_of_another_model_are_said(trained):
    trained("gan-mnist", "prepare.size=8")
    weights = (paths.GAN / "weights.npz").read_bytes()
    params = trained("gan-mnist", "prepare.size=16")
    (paths.GAN / "weights.npz").write_bytes(weights)
    with pytest.raises(UserError, match="models/gan is damaged .ValueError: .*hape.*dvc checkout --force"):
        explorer.load(params)


def test_what_cannot_be_explored_is_said(trained):
    with pytest.raises(UserError, match="draws pixel by pixel, too slowly"):
        explorer.load(trained("pixelcnn-mnist"))
    (paths.GAN / "model.json").unlink()
    with pytest.raises(UserError, match="models/gan holds no trained model"):
        explorer.load(compose_params("gan-mnist", [], CONF))
