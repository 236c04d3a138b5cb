from pathlib import Path

import pytest
import yaml

from ganline.catalogue import compose_params, names
from ganline.errors import UserError
from ganline.combinations import model_facts
from ganline.params import Params, check, keys, load

ROOT = Path(__file__).parents[1]


@pytest.fixture
def content(monkeypatch):
    monkeypatch.chdir(ROOT)
    return compose_params("gan-mnist").model_dump()


def test_params_yaml_is_the_default_run(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert load() == compose_params("dcgan-fashion-mnist-workshop")


def test_every_experiment_composes_under_its_own_name(monkeypatch):
    monkeypatch.chdir(ROOT)
    for name in names("experiment"):
        assert compose_params(name).experiment == name


def test_all_mistakes_are_listed_at_once(content):
    content["train"] |= {"steps": 0, "noise": "pink", "latent_dim": 1.5}
    content["trian"] = {"steps": 5}
    del content["seed"]
    with pytest.raises(UserError) as error:
        check(content, "params.yaml")
    message = str(error.value)
    for part in (
        "train.steps = 0",
        "'normal', 'uniform' or 'unit_uniform'",
        "train.latent_dim = 1.5",
        "mean train.steps",
        "seed: missing",
    ):
        assert part in message
    assert "5 problem(s)" in message


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"train": {"model": "gan.GNA"}}, "did you mean gan.GAN?"),
        ({"train": {"model": "dcgan.Workshop"}, "prepare": {"size": 30}}, "multiple of 4"),
        ({"evaluate": {"samples": 500}}, "evaluate.kid_subset_size"),
        ({"extractor": {"weights": "w.h5"}}, "extractor.kind = inception"),
        ({"download": {"source": "???"}}, "say where your pictures are"),
    ],
)
def test_values_that_do_not_go_together_are_refused(content, changes, part):
    for section, values in changes.items():
        content[section] |= values
    with pytest.raises(UserError, match=part.replace("?", r"\?")):
        check(content, "params.yaml")


def test_a_missing_network_is_named(content):
    del content["train"]["optimizers"]["generator"]
    with pytest.raises(UserError, match="needs exactly discriminator, generator"):
        check(content, "params.yaml")


def test_unreadable_files_are_named(tmp_path):
    (tmp_path / "params.yaml").write_text("a: [1,")
    for path in (tmp_path / "params.yaml", tmp_path / "none.yaml"):
        with pytest.raises(UserError, match=path.name):
            load(path)


def test_numbers_without_a_dot_before_the_exponent_are_numbers(content, tmp_path):
    (tmp_path / "p.yaml").write_text(yaml.safe_dump(content).replace("5.0e-05", "1e-4"))
    assert load(tmp_path / "p.yaml").train.optimizers["generator"].learning_rate == 1e-4


def test_models_are_found_without_importing_them():
    facts = model_facts()
    assert facts["dcgan.Workshop"] == facts["gan.GAN"] | {"image_range": (-1.0, 1.0), "size_multiple": 4}
    assert "base.Model" not in facts


def test_the_schema_knows_its_keys():
    assert {"train", "train.steps", "train.optimizers.generator.beta_1"} <= set(keys(Params))
