from pathlib import Path

import cv2
import numpy as np
import pytest
import tensorflow as tf

from ganline.catalogue.presets import compose_params
from ganline.datasets import inputs
from ganline.datasets.inputs import DERIVED, grey, masked, shrunk
from ganline.settings import paths

CONF = Path(__file__).parents[2] / "conf"


def test_grey_is_that_of_opencv_to_the_bit_in_numpy_and_in_tensorflow():
    images = np.random.default_rng(0).integers(0, 256, (40, 64, 64, 3), np.uint8)
    images[0], images[1], images[2, ..., 0] = 0, 255, 255
    expected = np.stack([cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in images])[..., None]
    assert np.array_equal(grey(images.astype(np.int32)), expected)
    assert np.array_equal(grey(tf.constant(images, tf.int32)).numpy(), expected)
    assert expected.shape[-1] == DERIVED["grey"].channels


IMAGES = np.random.default_rng(1).integers(0, 256, (6, 16, 24, 3)).astype(np.int32)


@pytest.mark.parametrize("scale", [2, 4, 8])
@pytest.mark.parametrize("how", ["area", "linear"])
def test_shrunk_is_opencv_s_in_numpy_and_in_tensorflow(scale, how):
    found = shrunk(IMAGES, scale, how)
    np.testing.assert_array_equal(shrunk(tf.constant(IMAGES), scale, how), found)
    way = {"area": cv2.INTER_AREA, "linear": cv2.INTER_LINEAR}[how]
    theirs = [cv2.resize(image.astype(np.float64), (24 // scale, 16 // scale), interpolation=way) for image in IMAGES]
    np.testing.assert_array_equal(found, np.floor(np.array(theirs) + 0.5))


def test_masked_hides_a_square_and_says_where_in_numpy_and_in_tensorflow():
    span = 24
    places = np.array([0, 3 * span + 5, 11 * span + 19, 7, 24, 100], np.int32)
    found = masked(IMAGES, places, 5, span)
    np.testing.assert_array_equal(masked(tf.constant(IMAGES), tf.constant(places), 5, span), found)
    for image, made, place in zip(IMAGES, found, places, strict=True):
        hidden = np.zeros((16, 24), bool)
        hidden[place // span : place // span + 5, place % span : place % span + 5] = True
        np.testing.assert_array_equal(made[..., 3] == 0, hidden)
        assert set(np.unique(made[..., 3])) == {0, 255} and (made[hidden][:, :3] == 128).all()
        np.testing.assert_array_equal(made[~hidden][:, :3], image[~hidden])


@pytest.fixture
def prepared(tmp_path, monkeypatch):
    """The parameters of an experiment on eight images of 16 pixels a split."""
    monkeypatch.chdir(tmp_path)
    images = np.random.default_rng(2).integers(0, 256, (2, 8, 16, 16, 3), np.uint8)

    def of(experiment, *overrides):
        params = compose_params(experiment, ["prepare.size=16", "download.source=.", *overrides], CONF)
        paths.prepared(params).mkdir(parents=True, exist_ok=True)
        for split, values in zip(("train", "test"), images, strict=True):
            np.save(paths.prepared(params) / f"{split}_images.npy", values)
        return params, images

    return of


def test_small_inputs_are_made_as_they_are_asked_for(prepared):
    params, images = prepared("srgan-faces", "train.scale=2", "prepare.interpolation=area")
    found = inputs.read(params, "test")
    assert len(found) == 8 and inputs.shape(params) == (8, 8, 3)
    rows = np.array([1, 4])
    assert found[rows].dtype == np.uint8
    np.testing.assert_array_equal(found[rows], shrunk(images[1, rows].astype(int), 2))


def test_a_held_out_hole_is_a_function_of_data_seed_split_and_row(prepared):
    hole = "train.hole_size=4"
    params, _ = prepared("context-encoder-anime", hole)
    found, rows = inputs.read(params, "test")[:], np.array([6, 2])
    assert inputs.shape(params) == found.shape[1:] == (16, 16, 4)
    assert ((found[..., 3] == 0).sum(axis=(1, 2)) == 16).all()
    np.testing.assert_array_equal(inputs.read(params, "test")[rows], found[rows])
    np.testing.assert_array_equal(inputs.read(prepared("context-encoder-anime", hole, "seed=9")[0], "test")[:], found)
    other = inputs.read(prepared("context-encoder-anime", hole, "data_seed=9")[0], "test")[:]
    assert len({image.tobytes() for image in found[..., 3]}) > 4 and (other[..., 3] != found[..., 3]).any()


def test_a_hole_in_the_centre_is_always_there(prepared):
    params, _ = prepared("context-encoder-anime", "train.hole_size=4", "train.hole_place=centre")
    found = inputs.read(params, "train")[:]
    hidden = np.zeros((16, 16), bool)
    hidden[6:10, 6:10] = True
    assert ((found[..., 3] == 0) == hidden).all()
