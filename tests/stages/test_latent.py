from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from ganline.catalogue import compose_params
from ganline.errors import UserError
from ganline.files import write_arrays
from ganline.report.figures import cut_grid
from stages import latent, paths

CONF = Path(__file__).parents[2] / "conf"


class Copier:
    """A generator that knows its training images by heart: the first number of a latent says which one it shows."""

    prior = "normal"

    def __init__(self, train):
        self.train = train

    def latents(self, count, seed, purpose):
        return np.arange(2 * count, dtype=np.float32).reshape(count, 2)

    def images(self, latents):
        return self.train[latents[:, 0].astype(int) % len(self.train)]


class Pixels:
    """An extractor whose features are the pixels."""

    def extract(self, images):
        return SimpleNamespace(features=images.reshape(len(images), -1).astype(np.float32))


@pytest.fixture
def train():
    return np.random.Generator(np.random.Philox(key=[5, 6])).integers(0, 256, (50, 8, 8, 1), np.uint8)


@pytest.fixture
def params(tmp_path, monkeypatch, train):
    """Prepared data and features of 50 training and 30 test images, in the current directory."""
    monkeypatch.chdir(tmp_path)
    params = compose_params("gan-mnist", ["dataset=digits", "latent.neighbours=3"], CONF)
    paths.prepared(params).mkdir(parents=True)
    test = 255 - train[:30]
    for split, images in (("train", train), ("test", test)):
        np.save(paths.prepared(params) / f"{split}_images.npy", images)
        features = Pixels().extract(images).features
        write_arrays(paths.extractor(params) / f"{split}_features.npz", {"features": features})
    return params


def test_a_copied_image_is_its_own_nearest_neighbour(params, train):
    figure, numbers = latent.nearest_images(Copier(train), Pixels(), params)
    assert figure.shape == (6 * 10 - 2, 8 + 8 + 3 * 10 - 2, 1)
    assert np.array_equal(figure[:, :8], figure[:, 16:24])
    assert numbers["share_of_samples_nearer"] == 1 and numbers["median_distance_samples"] == 0
    assert numbers["median_distance_held_out"] > 0
    counts = {name: numbers[name] for name in ("samples", "held_out_images", "training_images", "feature_dim")}
    assert counts == {"samples": 1000, "held_out_images": 30, "training_images": 50, "feature_dim": 64}


def test_rows_lead_from_one_random_latent_to_the_next(params, train):
    grid = latent.interpolation_figure(Copier(train), params.latent, seed=1)
    cells = cut_grid(grid, 8, 8).reshape(params.latent.rows, params.latent.columns, 8, 8, 1)
    assert np.array_equal(cells[1, 0], train[4]) and np.array_equal(cells[1, -1], train[6])
    corners = cut_grid(latent.walk_figure(Copier(train), params.latent, seed=1), 8, 8)[[0, 9, 90, 99]]
    assert np.array_equal(corners, train[[0, 2, 4, 6]])


def test_more_neighbours_than_training_images_are_refused(params, train):
    greedy = params.model_copy(update={"latent": params.latent.model_copy(update={"neighbours": 51})})
    with pytest.raises(UserError, match=r"latent.neighbours = 51: allowed is at most 50"):
        latent.nearest_images(Copier(train), Pixels(), greedy)
