"""What dvc.yaml says of its stages. (test_line.py watches them run.)"""

from pathlib import Path

import pytest
import yaml

from ganline.catalogue.check import check
from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.line.declared import declared
from ganline.settings.schema import keys

ROOT = Path(__file__).parents[2]
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]


@pytest.fixture(scope="module")
def params():
    return compose_params("gan-mnist", ["dataset=digits"], ROOT / "conf")


def test_the_values_of_the_parameters_are_filled_in(params, monkeypatch):
    monkeypatch.chdir(ROOT)
    found = declared("study", params)
    assert {Path("latents.json"), Path("data/prepared/digits"), Path("models/gan")} <= set(found.inputs)
    assert Path("data/code/study.json") in found.inputs
    obeyed = [
        "seed",
        "data_seed",
        "prepare.interpolation",
        "latent",
        "robustness",
        "extractor.kind",
        "extractor.beside",
    ]
    assert found.params == obeyed
    assert Path("reports/study/metrics.json") in found.outs
    assert declared("download", params).outs == [Path("data/downloaded/digits")]


def test_no_parameter_is_hidden_from_dvcs_run_cache(params):
    hidden = [key for key in keys() if key.rpartition(".")[2] in ("size", "nfiles")]
    assert hidden == ["prepare.size"]
    obey = [stage["params"] for stage in STAGES.values() if "prepare" in stage["params"]]
    assert len(obey) == 2 and all("prepare.size" in listed for listed in obey)
    content = params.model_dump()
    content["latent"]["labels"] = {"size": [1], "large": [2]}
    with pytest.raises(UserError, match="latent.labels.size: DVC does not see changes under this name"):
        check(content, "params.yaml")
