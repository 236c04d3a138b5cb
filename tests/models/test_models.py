import json

import numpy as np
import pytest
import tensorflow as tf

from ganline import models
from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.models import makers
from ganline.models.base import from_uint8, to_uint8
from ganline.settings.recipes import GAN
from tests.fitting import EXPERIMENTS, built, each, fitting, given
from tests.graphs import forget

SMALL = ["train.batch_size=4", "train.generator_batch_size=6", "train.attention=0"]  # its gate is shut at first


def composed(experiment, overrides=()):
    return compose_params(experiment, fitting(experiment, [*SMALL, *overrides, "download.source=."]))


def build(experiment, shape=None, seed=1):
    params = composed(experiment)
    model = built(params, seed, shape)
    model.make_optimizers()
    return model


def batch(model):
    shape = (model.batch_size, *model.image_shape)
    images = tf.constant(np.random.default_rng(0).integers(0, 256, shape, np.uint8))
    pictures = {"image": images} | given(model, shape[0])
    return {n: from_uint8(v, model.image_range) for n, v in pictures.items()} | {"label": tf.range(shape[0]) % 10}


@pytest.fixture(scope="module", params=each(EXPERIMENTS))
def experiment(request):
    return request.param


@pytest.fixture(scope="module")
def begun(experiment):
    """A model of seed 1, which tests train, and the weights that it began with."""
    model = build(experiment)
    yield model, {name: variable.numpy() for name, variable in model.weights().items()}
    forget()  # or those of all experiments would be there at once


def test_a_step_moves_each_network_and_reports_its_metrics(begun):
    model, before = begun
    begins_as_nothing = hasattr(model.settings, "widths")  # its blocks: they pass no gradient inside before they moved
    for step in range(2 if begins_as_nothing else 1):
        metrics = model.train_step(batch(model), tf.constant(step, tf.int64))
    assert set(metrics) == set(model.metric_names)
    assert all(np.isfinite(value) for value in metrics.values())
    still = [name for name, variable in model.weights().items() if (variable.numpy() == before[name]).all()]
    linear = "wasserstein" in model.settings.loss or model.settings.loss == "hinge"
    assert len(still) <= linear, still  # a critic's last bias cancels out


def adversarial(experiment):
    return isinstance(composed(experiment).train, GAN)


@pytest.mark.parametrize("experiment", each(filter(adversarial, EXPERIMENTS)))
@pytest.mark.usefixtures("forgetful")
def test_each_half_step_leaves_the_other_network_alone(experiment):
    model = build(experiment)
    step, real = tf.constant(0, tf.int64), {n: v[: model.settings.batch_size] for n, v in batch(model).items()}
    for half, still in ((model.discriminator_step, model.generator), (model.generator_step, model.discriminator)):
        before = [weight.numpy() for weight in still.weights]
        half(real, step, step)
        for old, new in zip(before, still.weights, strict=True):
            np.testing.assert_array_equal(old, new)


def test_weights_are_a_function_of_the_seed(experiment, begun):
    first, (again, other) = begun[1], (build(experiment, seed=seed).weights() for seed in (1, 2))
    assert all((first[name] == again[name].numpy()).all() for name in again)
    name = next(iter(first))
    assert (first[name] != other[name].numpy()).any()


def test_a_saved_model_makes_the_same_pictures(begun, tmp_path):
    model, _ = begun
    models.save(model, tmp_path)
    if model.input_shape:
        some = given(model, 2)
        both = (makers.Translator(one, styles=some.get("smoothed")) for one in (model, models.load(tmp_path)))
        first, again = (maker.translate(some["input"]) for maker in both)
        np.testing.assert_array_equal(first, again)
        return
    first, again = makers.Sampler(model), makers.load_sampler(tmp_path)
    latents, labels, _ = first.grid(max(3, first.conditions), seed=3, purpose="test")
    pictures = first.images(latents, labels)
    assert pictures.shape[1:] == model.image_shape and pictures.dtype == np.uint8
    np.testing.assert_array_equal(pictures, again.images(latents, labels))


def test_a_model_that_was_saved_before_a_parameter_existed_loads(tmp_path):
    models.save(build("mode-collapse-mnist"), tmp_path)
    facts = json.loads((tmp_path / "model.json").read_text())
    del facts["settings"]["frozen_batch_norm"]
    (tmp_path / "model.json").write_text(json.dumps(facts))
    assert models.load(tmp_path).settings.frozen_batch_norm == "moving"


@pytest.mark.parametrize("experiment", ["vae-mnist", "pixelcnn-mnist"])
def test_a_model_that_was_saved_before_there_were_kinds_of_recipe_loads(experiment, tmp_path):
    """It then had the keys of all kinds."""
    model = build(experiment)
    models.save(model, tmp_path)
    facts = json.loads((tmp_path / "model.json").read_text())
    facts["settings"] = composed("gan-mnist").train.model_dump() | {"latent_dim": 784} | facts["settings"]
    (tmp_path / "model.json").write_text(json.dumps(facts))
    assert models.load(tmp_path).settings == model.settings
    assert makers.load_sampler(tmp_path).prior == makers.Sampler(model).prior


@pytest.mark.parametrize(
    "name", ["gan-mnist", "dcgan-fashion-mnist-workshop", "wgan-mnist", "quickdraw-apples", "flags-emoji"]
)
def test_networks_without_fixed_sizes_take_other_images(name):
    model = build(name, (32, 32, 3))
    model.train_step(batch(model), tf.constant(0, tf.int64))
    assert makers.Sampler(model).images(np.zeros((2, model.settings.latent_dim), np.float32)).shape == (2, 32, 32, 3)


def test_conditional_grids_have_one_row_a_class_and_the_same_latents_in_each():
    generator = makers.Sampler(build("cgan-mnist"))
    latents, labels, columns = generator.grid(40, seed=0, purpose="samples")
    assert columns == 4 and labels.reshape(10, 4)[:, 0].tolist() == list(range(10))
    assert (latents.reshape(10, 4, -1) == latents[:4]).all()
    one, some, columns = generator.grid(4, seed=0, purpose="samples")
    assert columns == 2 and some.tolist() == [0, 3, 6, 9] and (one == latents[0]).all()
    with pytest.raises(UserError, match="0 to 9"):
        generator.images(latents[:1], np.array([10]))


def test_latents_follow_the_prior():
    uniform = makers.Sampler(build("dcgan-fashion-mnist-workshop")).latents(1000, 0, "a")
    unit = makers.Sampler(build("flags-emoji")).latents(1000, 0, "a")
    normal = makers.Sampler(build("gan-mnist")).latents(1000, 0, "a")
    assert unit.min() >= 0 and unit.max() <= 1 and unit.mean() == pytest.approx(0.5, abs=0.01)
    assert np.abs(uniform).max() <= 1 and uniform.std() == pytest.approx(3**-0.5, abs=0.01)
    assert normal.std() == pytest.approx(1, abs=0.01)


def test_latents_of_another_size_are_refused():
    with pytest.raises(UserError, match=r"takes \(N, 50\)"):
        makers.Sampler(build("gan-mnist")).images(np.zeros((2, 100), np.float32))


def test_an_empty_folder_is_no_model(tmp_path):
    with pytest.raises(UserError, match="model.json is missing"):
        makers.load_sampler(tmp_path)


@pytest.mark.parametrize("image_range", [(0.0, 1.0), (-1.0, 1.0)])
def test_pixels_survive_scaling_and_quantising(image_range):
    pixels = np.arange(256, dtype=np.uint8)
    scaled = from_uint8(pixels, image_range)
    assert (float(scaled[0]), float(scaled[-1])) == pytest.approx(image_range)
    np.testing.assert_array_equal(to_uint8(scaled, image_range), pixels)
    np.testing.assert_array_equal(to_uint8(tf.constant([-9.0, 9.0]), image_range), [0, 255])
