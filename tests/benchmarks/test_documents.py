"""The documents' loops update the networks that ours update, as often: what makes their times comparable."""

from collections import Counter

import numpy as np
import pytest
import tensorflow as tf

from benchmarks import documents
from benchmarks.contenders import built, params_of
from benchmarks.train_step import EXPERIMENTS

QUICK = ("acgan-fashion-mnist", "infogan-mnist", "wgan-gp-fashion-mnist", "context-encoder-anime")


@pytest.mark.parametrize(
    "experiment", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in EXPERIMENTS]
)
def test_the_document_s_loop_updates_the_same_weights_as_often(experiment, monkeypatch):
    params = params_of(experiment, *EXPERIMENTS[experiment])
    ours, seen = built(params), Counter()

    def train_function(model):
        def function(iterator):
            images, goals = next(iterator)
            assert isinstance(goals, tuple) == (len(model.outputs) > 1)  # Keras takes no other
            while isinstance(images, (tuple, list)):
                images = images[0]
            seen[_size(model.trainable_variables), len(images)] += 1
            return {}

        return function

    def predicted(model, given, **_):
        rows = len(given[0] if isinstance(given, list) else given)
        return np.zeros((rows, *model.output_shape[1:]), np.float32)

    monkeypatch.setattr("benchmarks.contenders.ROOM", 512 * 28 * 28)
    monkeypatch.setattr(tf.keras.Model, "make_train_function", train_function)
    monkeypatch.setattr(tf.keras.Model, "predict_on_batch", predicted)
    monkeypatch.setattr(tf.keras.Model, "predict", predicted)
    documents.loop_of(params, ours)(1)
    assert seen == _expected(params.train, ours)


def _expected(recipe, ours):
    if recipe.loss == "likelihood":  # one optimizer for all networks
        return {(sum(_size(ours.trained(name)) for name in ours.network_names), recipe.batch_size): 1}
    found = Counter()
    players = [name for name in ours.network_names if name != "auxiliary"]
    makers = [name for name in players if name.startswith("generator")]
    found[sum(_size(ours.trained(name)) for name in makers), recipe.generator_batch_size] += 1
    for name in set(players) - set(makers):
        size = recipe.batch_size * (2 if recipe.discriminator_batches == "mixed" else 1)
        found[_size(ours.trained(name)), size] += ours.updates(name)
    return found


def _size(weights):
    return sum(int(np.prod(weight.shape)) for weight in weights)
