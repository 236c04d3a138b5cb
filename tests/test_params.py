from pathlib import Path

import pytest
import yaml

from ganline.catalogue import compose_params, names
from ganline.combinations import BATCH_NORM, OFF, model_facts
from ganline.errors import UserError
from ganline.params import Params, Train, check, keys, load

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
        assert compose_params(name, ["download.source=."]).experiment == name


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
        ({"train": {"model": "dcgan.Workshop"}, "prepare": {"size": 30}}, "multiples of 4"),
        ({"evaluate": {"samples": 500}}, "evaluate.kid_subset_size"),
        ({"extractor": {"weights": "w.h5"}}, "extractor.kind = inception"),
        ({"download": {"source": "???"}}, "say where your pictures are"),
        ({"train": {"model": "dcgan.FashionMNIST"}, "prepare": {"size": 32}}, "prepare.size = 32 .* it takes 28"),
        ({"train": {"loss": "likelihood"}}, "gan.GAN takes non_saturating or minimax or"),
        ({"train": {"labelled_fraction": 0.5}}, "train.labelled_fraction = 0.5: gan.GAN cannot take it"),
        ({"train": {"loss": "hinge", "label_smoothing": 0.1}}, "train.label_smoothing: the loss hinge has no labels"),
        ({"train": {"loss": "wasserstein"}}, "needs train.weight_clip"),
        ({"train": {"loss": "dragan", "discriminator_batches": "sequential"}}, "the penalty of dragan needs"),
        ({"train": {"minibatch_stddev": True}}, "train.discriminator_batches = separate"),
        ({"train": {"unrolled_steps": 2, "weight_clip": 0.1}}, "imagined updates know no train.weight_clip"),
        ({"train": {"packing": 3}}, "train.batch_size = 50 must be a multiple of train.packing = 3"),
        ({"train": {"loss": "began", "packing": 2}}, "the autoencoder of the loss began cannot take it"),
        ({"train": {"gradient_clip_norm": 1.0, "gradient_clip_value": 1.0}}, "set one of them to null"),
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


def test_every_way_to_stabilise_is_a_parameter_that_some_model_takes():
    taken = {practice for facts in model_facts().values() for practice in facts["practices"]}
    assert taken == set(OFF) and taken < set(Train.model_fields)
    some = {"labelled_fraction", *BATCH_NORM}  # need labels, and a batch norm in the discriminator
    assert taken - some == set(model_facts()["gan.GAN"]["practices"])


def test_the_schema_knows_its_keys():
    assert {"train", "train.steps", "train.optimizers.generator.beta_1"} <= set(keys(Params))
