import numpy as np
import pytest
import tensorflow as tf

from ganline import models
from ganline.catalogue import compose_params, names
from ganline.errors import UserError
from ganline.models.base import from_uint8, to_uint8

SMALL = ["train.batch_size=4", "train.generator_batch_size=6"]


def build(experiment, shape=(28, 28, 1), seed=1):
    model = models.build(compose_params(experiment, SMALL).train, shape, seed)
    model.make_optimizers()
    return model


def batch(model):
    images = tf.constant(np.random.default_rng(0).integers(0, 256, (4, *model.image_shape), np.uint8))
    return {"image": from_uint8(images, model.image_range)}


@pytest.fixture(scope="module", params=names("experiment"))
def experiment(request):
    return request.param


def test_a_step_moves_each_network_and_reports_its_metrics(experiment):
    model = build(experiment)
    before = {name: variable.numpy() for name, variable in model.weights().items()}
    metrics = model.train_step(batch(model), tf.constant(0, tf.int64))
    assert set(metrics) == set(model.metric_names)
    assert all(np.isfinite(value) for value in metrics.values())
    for network in model.network_names:
        moved = [n for n, v in model.weights().items() if n.startswith(network) and (v.numpy() != before[n]).any()]
        assert len(moved) == len(model.networks[network].weights)


def test_each_half_step_leaves_the_other_network_alone(experiment):
    model = build(experiment)
    step = tf.constant(0, tf.int64)
    for half, still in ((lambda: model.discriminator_step(batch(model), step, step), "generator"),
                        (lambda: model.generator_step(batch(model), step, step), "discriminator")):  # fmt: skip
        before = [weight.numpy() for weight in model.networks[still].weights]
        half()
        for old, new in zip(before, model.networks[still].weights, strict=True):
            np.testing.assert_array_equal(old, new)


def test_weights_are_a_function_of_the_seed(experiment):
    first, again, other = (build(experiment, seed=seed).weights() for seed in (1, 1, 2))
    assert all((first[name].numpy() == again[name].numpy()).all() for name in first)
    assert (first["generator/0"].numpy() != other["generator/0"].numpy()).any()


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3)])
def test_a_saved_model_makes_the_same_pictures(experiment, shape, tmp_path):
    model = build(experiment, shape)
    models.save(model, tmp_path)
    first, again = models.Generator(model), models.load_generator(tmp_path)
    latents = first.latents(7, seed=3, purpose="test")
    assert first.images(latents).shape == (7, *shape) and first.images(latents).dtype == np.uint8
    np.testing.assert_array_equal(first.images(latents), again.images(again.latents(7, seed=3, purpose="test")))


def test_latents_follow_the_prior():
    uniform = models.Generator(build("dcgan-fashion-mnist-workshop")).latents(1000, 0, "a")
    normal = models.Generator(build("gan-mnist")).latents(1000, 0, "a")
    assert np.abs(uniform).max() <= 1 and uniform.std() == pytest.approx(3**-0.5, abs=0.01)
    assert normal.std() == pytest.approx(1, abs=0.01)


def test_latents_of_another_size_are_refused():
    with pytest.raises(UserError, match=r"takes \(N, 50\)"):
        models.Generator(build("gan-mnist")).images(np.zeros((2, 100), np.float32))


def test_an_empty_folder_is_no_model(tmp_path):
    with pytest.raises(UserError, match="model.json is missing"):
        models.load_generator(tmp_path)


@pytest.mark.parametrize("image_range", [(0.0, 1.0), (-1.0, 1.0)])
def test_pixels_survive_scaling_and_quantising(image_range):
    pixels = np.arange(256, dtype=np.uint8)
    scaled = from_uint8(pixels, image_range)
    assert (float(scaled[0]), float(scaled[-1])) == pytest.approx(image_range)
    np.testing.assert_array_equal(to_uint8(scaled, image_range), pixels)
    np.testing.assert_array_equal(to_uint8(tf.constant([-9.0, 9.0]), image_range), [0, 255])
