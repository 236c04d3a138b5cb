import json
import shutil
from pathlib import Path

import pytest
import yaml

from ganline.catalogue.check import check, load
from ganline.catalogue.combinations import OFF, UNSET
from ganline.catalogue.presets import compose_params, names, suite
from ganline.core.errors import UserError
from ganline.core.yaml_files import read
from ganline.models.facts import BATCH_NORM, model_facts
from ganline.settings.recipes import Adversaries
from ganline.settings.schema import Params, keys

ROOT = Path(__file__).parents[2]


@pytest.fixture
def content(monkeypatch):
    monkeypatch.chdir(ROOT)
    return compose_params("gan-mnist").model_dump()


def test_domains_that_do_not_fit_the_networks_are_refused(monkeypatch):
    monkeypatch.chdir(ROOT)
    facts = model_facts()["pix2pix.Maps"]
    given = ["dataset=unpaired_folders", "download.source=.", "prepare.size=64"]
    monkeypatch.setitem(facts, "needs", ())
    assert compose_params("pix2pix-maps", given).prepare.pairs.layout == "unpaired"
    monkeypatch.setitem(facts, "channels", (3,))
    with pytest.raises(UserError, match="prepare.pairs.channels = 1: pix2pix.Maps takes 3"):
        compose_params("pix2pix-maps", [*given, "prepare.pairs.channels=1"])
    monkeypatch.setitem(facts, "least_size", 128)
    with pytest.raises(UserError, match="prepare.size = 64 .* its networks take 128 pixels and more"):
        compose_params("pix2pix-maps", given)


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
        ({"download": {"source": ""}}, "say where your pictures are"),
        ({"download": {"source": " "}}, "say where your pictures are"),
        ({"download": {"source": UNSET[1]}}, "say where your pictures are"),
        ({"download": {"source": None}}, "download.source = null: allowed is a valid string"),
        ({"seed": int("9" * 4000) ** 2}, "seed = a number of thousands of digits: allowed is less than"),
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
        content[section] = content[section] | values if isinstance(values, dict) else values
    with pytest.raises(UserError, match=part.replace("?", r"\?")):
        check(content, "params.yaml")


def test_a_missing_network_is_named(content):
    del content["train"]["optimizers"]["generator"]
    with pytest.raises(UserError, match="needs exactly discriminator, generator"):
        check(content, "params.yaml")


@pytest.mark.parametrize(
    "content",
    [
        b"a: [1,", b"\xff\xfe", b"5", b"text", b"", b"- a", b"a: \x00", b"[" * 700, b"seed: " + b"9" * 5000, b"5: 1",
        b"null: 1", b"train: 5", b"train: {optimizers: 5}", b"train: {optimizers: {a: 5}}", b"latent: {labels: {1: 2}}",
    ],
    ids=lambda content: repr(content[:20]),
)  # fmt: skip
def test_unreadable_files_are_named(content, tmp_path):
    (tmp_path / "params.yaml").write_bytes(content)
    with pytest.raises(UserError, match=r"params\.yaml"):
        load(tmp_path / "params.yaml")


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    for path, part in ((tmp_path / "none.yaml", "none.yaml is missing"), (tmp_path, "Is a directory")):
        with pytest.raises(UserError, match=part):
            load(path)


def test_values_of_yaml_1_1_are_refused_with_what_they_may_mean(content, tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(content).replace("steps: 100000", "steps: 0100"))
    with pytest.raises(UserError, match="train.steps: 100 to DVC, 64 to Hydra"):
        load(path)


def numbers(content, kind, path=()):
    """Yield the path of every number of this type."""
    for name, value in content.items():
        if isinstance(value, dict):
            yield from numbers(value, kind, (*path, name))
        elif type(value) is kind or value is None and name in OPTIONAL[kind]:
            yield *path, name


OPTIONAL = {
    float: {"gradient_clip_value", "gradient_clip_norm", "weight_clip"}, int: {"every", "replicas"},
}  # fmt: skip


@pytest.mark.parametrize(
    "value", [float("inf"), float("-inf"), float("nan"), 1e39, 10**400], ids=lambda value: str(value)[:5]
)
def test_no_float_is_infinite_or_none(content, value):
    paths = list(numbers(content, float))
    assert len(paths) >= 20
    for *above, name in paths:
        changed = json.loads(json.dumps(content))
        section = changed
        for part in above:
            section = section[part]
        section[name] = value
        with pytest.raises(UserError, match=rf"{name} = "):
            check(changed, "params.yaml")


def test_no_integer_is_beyond_32_bits(content):
    for *above, name in numbers(content, int):
        changed = json.loads(json.dumps(content))
        section = changed
        for part in above:
            section = section[part]
        section[name] = 2**31
        with pytest.raises(UserError, match=rf"{name} = 2147483648: allowed is"):
            check(changed, "params.yaml")


def catalogue(tmp_path, name, content):
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    (tmp_path / "conf" / name).write_bytes(content)
    return tmp_path / "conf"


@pytest.mark.parametrize("name", ["config.yaml", "experiment/gan-mnist.yaml", "dataset/mnist.yaml"])
@pytest.mark.parametrize("content", [b"a: [1,", b"\xff\xfe", b"[" * 700, b"seed: " + b"9" * 5000, b"a: 0100", b"a: ${"])
def test_unreadable_files_of_the_catalogue_are_refused(name, content, tmp_path):
    conf = catalogue(tmp_path, name, b"# @package _global_\n" + content)
    with pytest.raises(UserError, match=r"gan-mnist|\.yaml"):
        compose_params("gan-mnist", conf=conf)


def test_a_value_of_yaml_1_1_in_the_catalogue_is_refused(tmp_path):
    text = (ROOT / "conf/experiment/gan-mnist.yaml").read_bytes().replace(b"steps: 100000", b"steps: 0100")
    conf = catalogue(tmp_path, "experiment/gan-mnist.yaml", text)
    with pytest.raises(UserError, match=r"gan-mnist.yaml: .*\n.*train.steps: 100 to DVC, 64 to Hydra"):
        compose_params("gan-mnist", conf=conf)
    assert compose_params("lsgan-mnist", conf=conf).experiment == "lsgan-mnist"


@pytest.mark.parametrize("content", [b"- experiment: [", b"\xff", b"5", b"- experiment: yes", b"- {}", b"", b"[" * 700])
def test_unreadable_suites_are_refused(content, tmp_path):
    with pytest.raises(UserError, match="nightly.yaml"):
        suite("nightly", catalogue(tmp_path, "suites/nightly.yaml", content))


def test_every_file_of_the_project_has_one_reading():
    files = [
        *(ROOT / "conf").rglob("*.yaml"),
        *map(ROOT.joinpath, ("params.yaml", "dvc.yaml", "prefect.yaml", "dvc.lock")),
    ]
    assert [path for path in files if path.exists() and not read(path)] == []


def test_numbers_without_a_dot_before_the_exponent_are_numbers(content, tmp_path):
    (tmp_path / "p.yaml").write_text(yaml.safe_dump(content).replace("5.0e-05", "1e-4"))
    assert load(tmp_path / "p.yaml").train.optimizers["generator"].learning_rate == 1e-4


def test_models_are_found_without_importing_them():
    facts = model_facts()
    differs = {"image_range": (-1.0, 1.0), "size_multiple": 4, "module": "ganline.models.generation.dcgan"}
    assert facts["dcgan.Workshop"] == facts["gan.GAN"] | differs
    assert "base.Model" not in facts


def test_every_way_to_stabilise_is_a_parameter_that_some_model_takes():
    taken = {practice for facts in model_facts().values() for practice in facts["practices"]}
    assert taken == set(OFF) and taken < set(Adversaries.model_fields)
    some = {"labelled_fraction", *BATCH_NORM}  # need labels, and a batch norm in the discriminator
    assert taken - some == set(model_facts()["gan.GAN"]["practices"])


def test_the_schema_knows_its_keys():
    assert {"train", "train.steps", "train.optimizers.generator.beta_1"} <= set(keys(Params))
