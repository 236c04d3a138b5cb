import numpy as np
import pytest
import tensorflow as tf

from ganline.datasets.inputs import DERIVED, grey
from ganline.training import batches as feed
from ganline.training.batches import Feed, batch_indices


def test_an_epoch_shows_each_example_once():
    seen = batch_indices(10, 4, "shuffle", seed=1, first=0, steps=5).ravel()
    assert sorted(seen[:10]) == sorted(seen[10:]) == list(range(10))
    assert (seen[:10] != seen[10:]).any()


@pytest.mark.parametrize("sampling", ["shuffle", "replacement"])
def test_batches_are_a_function_of_the_step(sampling):
    whole = batch_indices(100, 7, sampling, seed=1, first=0, steps=50)
    parts = [batch_indices(100, 7, sampling, 1, first, steps) for first, steps in ((0, 1), (1, 30), (31, 19))]
    np.testing.assert_array_equal(whole, np.concatenate(parts))
    assert (whole != batch_indices(100, 7, sampling, seed=2, first=0, steps=50)).any()


def test_replacement_draws_uniformly():
    counts = np.bincount(batch_indices(10, 100, "replacement", 0, 0, 500).ravel(), minlength=10)
    assert counts.min() > 4700 and counts.max() < 5300


def test_data_too_large_for_the_device_gives_the_same_batches(monkeypatch):
    arrays = {"image": np.arange(60, dtype=np.uint8).reshape(20, 3), "label": np.arange(20)}
    batches = []
    for limit in (2**31, 0):
        monkeypatch.setattr(feed, "RESIDENT_BYTES", limit)
        made = Feed(arrays, 4, "shuffle", seed=0)
        batches.append(made.batch(made.chunk(3, 2), tf.constant(1)))
    for name in arrays:
        np.testing.assert_array_equal(batches[0][name], batches[1][name])


@pytest.mark.parametrize("limit", [2**31, 0])
def test_inputs_are_made_of_the_images_of_the_batch(monkeypatch, limit):
    monkeypatch.setattr(feed, "RESIDENT_BYTES", limit)
    images = np.random.default_rng(0).integers(0, 256, (20, 4, 4, 3), np.uint8)
    made = Feed({"image": images, "input": DERIVED["grey"]}, 4, "shuffle", seed=0)
    batch = tf.function(made.batch)(made.chunk(0, 2), tf.constant(1))
    assert batch["input"].dtype == tf.uint8 and batch["input"].shape == (4, 4, 4, 1)
    assert np.array_equal(batch["input"], grey(batch["image"].numpy().astype(np.int32)))
