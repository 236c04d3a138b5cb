from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from ganline import models
from ganline.catalogue import compose_params
from ganline.errors import UserError
from ganline.files import write_arrays
from ganline.metrics.extractors import Extractor
from ganline.report.figures import cut_grid
from stages import latent, paths

CONF = Path(__file__).parents[2] / "conf"


def build(experiment, *overrides):
    params = compose_params(experiment, ["dataset=digits", "latent.neighbours=3", *overrides], CONF)
    size = params.prepare.size
    return params, models.build(params.train, (size, size, 1), params.seed, classes=10)


@pytest.fixture(scope="module")
def small():
    """An untrained generator of 8 x 8 images."""
    params, model = build("gan-mnist", "prepare.size=8")
    return params, models.Generator(model)


@pytest.fixture(scope="module")
def conditional():
    """An untrained generator that is asked for one of ten classes."""
    params, model = build("cgan-mnist", "latent.rows=12", "latent.columns=3")
    return params, models.Generator(model)


def pixels(shape):
    """An extractor whose features are the pixels."""
    images = tf.keras.Input(shape)
    features = tf.keras.layers.Flatten()(images)
    return Extractor(tf.keras.Model(images, [features, features, images]), {"kind": "pixels", "image_shape": shape})


@pytest.fixture
def project(tmp_path, monkeypatch, small):
    """Prepared data in the current directory whose training images are the very samples of the generator."""
    monkeypatch.chdir(tmp_path)
    params, generator = small
    paths.prepared(params).mkdir(parents=True)
    train = generator.images(generator.latents(latent.SAMPLES, params.seed, "latent/nearest"))
    for split, images in (("train", train), ("test", 255 - train[:30])):
        np.save(paths.prepared(params) / f"{split}_images.npy", images)
        features = pixels((8, 8, 1)).extract(images).features
        write_arrays(paths.extractor(params) / f"{split}_features.npz", {"features": features})
    return params


def test_a_copied_image_is_its_own_nearest_neighbour(project, small):
    figure, numbers = latent.nearest_images(small[1], pixels((8, 8, 1)), project)
    assert figure.shape == (6 * 10 - 2, 8 + 8 + 3 * 10 - 2, 1)
    assert np.array_equal(figure[:, :8], figure[:, 16:24])
    assert numbers["share_of_samples_nearer"] == 1 and numbers["median_distance_samples"] == 0
    assert numbers["median_distance_held_out"] > 0
    counts = {name: numbers[name] for name in ("samples", "held_out_images", "training_images", "feature_dim")}
    assert counts == {"samples": 1000, "held_out_images": 30, "training_images": 1000, "feature_dim": 64}


def test_rows_lead_from_one_random_latent_to_the_next(small):
    params, generator = small
    grid = latent.interpolation_figure(generator, params.latent, seed=1)
    cells = cut_grid(grid, 8, 8).reshape(params.latent.rows, params.latent.columns, 8, 8, 1)
    ends = generator.images(generator.latents(2 * params.latent.rows, 1, "latent/interpolation"))
    assert np.array_equal(cells[:, 0], ends[::2]) and np.array_equal(cells[:, -1], ends[1::2])
    corners = cut_grid(latent.walk_figure(generator, params.latent, seed=1), 8, 8)[[0, 9, 90, 99]]
    assert np.array_equal(corners, generator.images(generator.latents(4, 1, "latent/walk")))


def test_rows_take_turns_with_the_labels_and_the_walk_has_the_first(conditional):
    params, generator = conditional
    starts = cut_grid(latent.interpolation_figure(generator, params.latent, seed=1), 28, 28)[::3]
    latents = generator.latents(24, 1, "latent/interpolation")[::2]
    assert np.array_equal(starts, generator.images(latents, np.arange(12) % 10))
    walk = cut_grid(latent.walk_figure(generator, params.latent, seed=1), 28, 28)
    assert np.array_equal(walk[:1], generator.images(generator.latents(4, 1, "latent/walk")[:1], np.array([0])))


def test_more_neighbours_than_training_images_are_refused(project, small):
    greedy = project.model_copy(update={"latent": project.latent.model_copy(update={"neighbours": 1001})})
    with pytest.raises(UserError, match=r"latent.neighbours = 1001: allowed is at most 1000"):
        latent.nearest_images(small[1], pixels((8, 8, 1)), greedy)


def test_pairs_of_images_and_their_reconstructions():
    images = np.random.Generator(np.random.Philox(key=[5, 6])).integers(0, 256, (90, 28, 28, 1), np.uint8)
    _, model = build("vae-mnist")
    cells = cut_grid(latent.reconstruction_figure(model, images), 28, 28)
    assert len(cells) == 48 and np.array_equal(cells[[0, -2]], images[[0, 89]])
    again = model.reconstruct(tf.constant(cells[::2] / 255, tf.float32)) * 255  # its range is [0, 1]
    np.testing.assert_allclose(cells[1::2], again, atol=1)
    _, gan = build("gan-mnist")
    assert latent.reconstruction_figure(gan, images) is None
