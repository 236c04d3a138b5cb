"""Networks cut in two: the halves together draw what the whole does, and what cannot be cut says so."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.keras import layers

from ganline import models
from ganline.catalogue.presets import compose_params
from ganline.models.cutting import cuts


@pytest.mark.parametrize(
    ("experiment", "shapes"),
    [
        ("gan-mnist", [(1200,), (1000,)]),
        ("dcgan-fashion-mnist-workshop", [(512,), (7, 7, 64), (14, 14, 32)]),
        ("cgan-mnist", [(5, 5, 5), (9, 9, 64), (15, 15, 64), (21, 21, 128)]),
        ("vae-mnist", [(1, 1, 64), (3, 3, 64), (5, 5, 64), (12, 12, 64)]),
    ],
)
def test_the_halves_of_the_catalogues_networks_draw_what_the_whole_draws(experiment, shapes):
    params = compose_params(experiment, ["dataset=digits"])
    model = models.build(params.train, (28, 28, 1), 1, 10)
    latents = np.random.default_rng(0).standard_normal((3, params.train.latent_dim)).astype(np.float32)
    given, found = model.request(tf.constant(latents), tf.zeros(3, tf.int32)), cuts(model.drawing)
    assert [cut.shape for cut in found] == shapes
    whole = model.drawing(given, training=False)
    for cut in found:
        np.testing.assert_array_equal(cut.after(cut.before(given, training=False), training=False), whole)


def test_around_a_block_there_is_no_cut_and_where_the_paths_meet_there_is():
    given = layers.Input((4,))
    first = layers.Dense(6)(given)
    inside = layers.Dense(7)(first)
    met = layers.Add()([first, layers.Dense(6)(inside)])
    network = tf.keras.Model(given, layers.Dense(2)(met))
    assert [cut.shape for cut in cuts(network)] == [(6,), (6,)]  # before the block and behind it, not the 7 inside


def test_what_is_no_graph_of_layers_cannot_be_cut():
    class Own(tf.keras.Model):
        def call(self, given):
            return given

    assert cuts(Own()) == []
    assert cuts(tf.keras.Sequential([layers.Input((3,)), layers.Dense(2)])) == []
