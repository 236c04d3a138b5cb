"""What the section `train` holds depends on the kind of model: a key of another kind is unknown."""

from pathlib import Path
from typing import Annotated

import pytest
from dvc.utils.hydra import compose_and_dump
from pydantic import Field

from ganline.catalogue.check import check, load
from ganline.catalogue.presets import compose_params, names
from ganline.core.errors import UserError
from ganline.models import facts
from ganline.models.facts import latents_of, model_facts, recipe_of
from ganline.settings import recipes
from ganline.settings.schema import keys, params_of

ROOT = Path(__file__).parents[2]
UNUSED = {
    "vae-mnist": ("generator_batch_size", "discriminator_steps", "penalty_weight", "labelled_fraction"),
    "pixelcnn-mnist": ("generator_batch_size", "latent_dim", "noise", "generator_average"),
}


@pytest.mark.parametrize("experiment", names("experiment"))
def test_an_experiment_holds_the_keys_of_its_kind_and_no_other(experiment):
    params = compose_params(experiment, ["download.source=."])
    assert type(params.train) is recipe_of(params.train.model)
    fields = recipe_of(params.train.model).model_fields
    values = {key: getattr(params.train, key) for key in fields}
    left_out = {key for key, field in fields.items() if field.exclude_if and field.exclude_if(values[key])}
    assert set(params.model_dump()["train"]) == set(fields) - left_out


@pytest.mark.parametrize("experiment", UNUSED)
def test_dvc_composes_the_same_keys(experiment, tmp_path):
    path = tmp_path / "params.yaml"
    compose_and_dump(path, str(ROOT / "conf"), None, "config", str(tmp_path), [f"experiment={experiment}"])
    assert load(path) == compose_params(experiment)


@pytest.mark.parametrize(("experiment", "key"), [(name, key) for name, found in UNUSED.items() for key in found])
def test_a_key_of_another_kind_names_the_models_that_know_it(experiment, key):
    with pytest.raises(UserError) as error:
        compose_params(experiment, [f"train.{key}=1"])
    model = compose_params(experiment).train.model
    known = ", ".join(name for name in model_facts() if key not in recipe_of(name).model_fields)
    assert f"- train.{key}: unknown key for {model}; known for all but {known}" in str(error.value)


def test_where_few_models_know_a_key_these_are_named(monkeypatch):
    found = {name: known | {"recipe": "Train"} for name, known in model_facts().items()}
    found["vae.VAE"]["recipe"] = "Latents"
    for module in ("ganline.models.facts", "ganline.catalogue.check"):
        monkeypatch.setattr(f"{module}.model_facts", lambda: found)
    content = compose_params("pixelcnn-mnist").model_dump()
    content["train"] |= {"noise": "normal", "latent_dim": 2}
    with pytest.raises(
        UserError, match="train.noise, train.latent_dim: unknown key for pixelcnn.PixelCNN; known for vae.VAE$"
    ):
        check(content, "params.yaml")


def test_keys_that_are_missing_or_of_another_kind_share_a_line():
    """As when train.model is changed by hand."""
    gan, vae = compose_params("gan-mnist").model_dump(), compose_params("vae-mnist").model_dump()
    gan["train"]["model"], vae["train"]["model"] = "vae.VAE", "gan.GAN"
    for content, line in ((gan, "unknown key for vae.VAE; known for all but"), (vae, "missing")):
        with pytest.raises(UserError, match=f"1 problem.*\n  - train.generator_batch_size, .*train.packing.*: {line}"):
            check(content, "params.yaml")


def test_a_model_of_another_kind_sends_to_its_experiments():
    for experiment, model, fit in (
        ("gan-mnist", "vae.VAE", "vae-mnist"),
        ("vae-mnist", "pixelcnn.PixelCNN", "pixelcnn-mnist"),
    ):
        with pytest.raises(
            UserError, match=rf"train.model = {model} takes other keys than .*whose model takes the same \({fit}\)"
        ):
            compose_params(experiment, [f"train.model={model}"])
        with pytest.raises(UserError, match=rf"begin with .*\({fit}\)"):
            compose_params(experiment, ["train={model: " + model + "}"])
    assert compose_params("gan-mnist", ["train.model=lsgan.LSGAN"]).train.model == "lsgan.LSGAN"


@pytest.mark.parametrize("wrong", ["vae.VEA", "nonsense", "[vae.VAE]", "null"])
def test_a_model_that_does_not_exist_is_the_only_problem(wrong):
    with pytest.raises(UserError, match="1 problem.*\n  - train.model = "):
        compose_params("vae-mnist", [f"train.model={wrong}"])


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("train.learning_rate", "train.optimizers.generator.learning_rate"),
        ("train.lr", "train.optimizers.generator.learning_rate"),
        ("learning_rate", "train.optimizers.generator.learning_rate"),
        ("train.optimizers.discriminator.lr", "train.optimizers.discriminator.learning_rate"),
        ("extractor.lr", "extractor.learning_rate"),
        ("steps", "train.steps"),
        ("prepare.batch_size", "train.batch_size"),
        ("train.channels", "prepare.channels"),
        ("train.data_seed", "data_seed"),
        ("download.max_dropped", "prepare.max_dropped"),
        ("evaluate.seed", "seed"),
    ],
)
def test_a_key_of_this_name_is_suggested_first(wrong, meant):
    with pytest.raises(UserError, match=f"{wrong}: unknown key; did you mean {meant}\\?"):
        compose_params("gan-mnist", [f"{wrong}=3"])


def test_suggestions_are_keys_that_the_model_knows():
    with pytest.raises(UserError, match="train.latnt_dim: unknown key; did you mean train.latent_dim"):
        compose_params("vae-mnist", ["train.latnt_dim=3"])
    with pytest.raises(UserError) as error:
        compose_params("pixelcnn-mnist", ["train.latnt_dim=3"])
    assert "train.latent_dim" not in str(error.value)


def test_latents_are_of_the_recipe_or_of_the_model():
    assert latents_of(compose_params("vae-mnist", ["train.latent_dim=5"]).train) == (5, "normal")
    assert latents_of(compose_params("pixelcnn-mnist").train) == (784, "unit_uniform")


def test_a_new_kind_is_one_class(monkeypatch):
    class Sketches(recipes.Adversaries):
        pixel_weight: Annotated[float, Field(ge=0)]

    monkeypatch.setitem(model_facts(), "sketch.Sketch", model_facts()["gan.GAN"] | {"recipe": "Sketches"})
    assert "train.pixel_weight" in keys(params_of(facts.recipe_of("sketch.Sketch")))
    content = compose_params("gan-mnist").model_dump()
    content["train"] |= {"model": "sketch.Sketch", "pixel_weight": 100.0}
    with pytest.raises(UserError) as error:
        check(content, "params.yaml")
    assert "train.latent_dim, train.noise: unknown key for sketch.Sketch; known for all but" in str(error.value)
    for key in ("latent_dim", "noise"):
        del content["train"][key]
    assert check(content, "params.yaml").train.pixel_weight == 100
    with pytest.raises(UserError, match="train.pixel_weight: unknown key for gan.GAN; known for sketch.Sketch$"):
        compose_params("gan-mnist", ["train.pixel_weight=3"])
