import itertools
from functools import partial

import numpy as np
import pytest
import tensorflow as tf

from ganline.datasets.inputs import DERIVED, Derived, grey, masked
from ganline.training import batches as feed
from ganline.training.batches import Apart, Feed, batch_indices


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


SIDES = {"image": np.arange(14, dtype=np.uint8).reshape(14, 1), "input": Apart(np.arange(9, dtype=np.uint8)[:, None])}


def rows(made: Feed, first: int, steps: int) -> dict[str, np.ndarray]:
    """Return which rows of each array the steps see, (steps, batch size)."""
    chunk, run = made.chunk(first, steps), tf.function(made.batch)
    batches = [run(chunk, tf.constant(i)) for i in range(steps)]
    return {name: np.stack([batch[name][:, 0] for batch in batches]) for name in batches[0]}


@pytest.mark.parametrize("limit", [2**31, 0])
@pytest.mark.parametrize("sampling", ["shuffle", "replacement"])
def test_the_two_sides_of_a_translation_are_drawn_by_streams_of_their_own(monkeypatch, sampling, limit):
    monkeypatch.setattr(feed, "RESIDENT_BYTES", limit)
    seen = rows(Feed(SIDES, 4, sampling, seed=2), 3, 20)
    # What is drawn of one side is what would be drawn of it alone, whatever the other has.
    np.testing.assert_array_equal(seen["image"], batch_indices(14, 4, sampling, 2, 3, 20))
    np.testing.assert_array_equal(seen["input"], batch_indices(9, 4, sampling, 2, 3, 20, "data/input"))
    if sampling == "shuffle":
        epoch = rows(Feed(SIDES, 3, sampling, seed=2), 0, 3)["input"]
        assert sorted(epoch.ravel()) == list(range(9))


@pytest.mark.parametrize("sampling", ["shuffle", "replacement"])
def test_the_order_of_both_sides_is_a_function_of_seed_and_step(sampling):
    """Whatever the chunks: any resumed run sees what one that was never interrupted sees."""
    random = np.random.default_rng(0)
    for _ in range(5):
        batch, seed = int(random.integers(1, 6)), int(random.integers(0, 100))
        whole = rows(Feed(SIDES, batch, sampling, seed), 0, 12)
        edges = [0, *sorted(random.choice(np.arange(1, 12), 3, replace=False)), 12]
        parts = [
            rows(Feed(SIDES, batch, sampling, seed), int(first), int(after - first))
            for first, after in itertools.pairwise(edges)
        ]
        for name in SIDES:
            np.testing.assert_array_equal(np.concatenate([part[name] for part in parts]), whole[name])
        other = rows(Feed(SIDES, batch, sampling, seed + 1), 0, 12)
        assert any((other[name] != whole[name]).any() for name in SIDES)


def test_partners_that_are_drawn_apart_do_not_meet_more_than_by_chance():
    pictures = np.arange(50, dtype=np.uint8)[:, None]
    for sampling in ("shuffle", "replacement"):
        seen = rows(Feed({"image": pictures, "input": Apart(pictures)}, 20, sampling, seed=0), 0, 100)
        assert 10 < (seen["image"] == seen["input"]).sum() < 80  # of 2,000 a fiftieth by chance
        together = rows(Feed({"image": pictures, "input": pictures}, 20, sampling, seed=0), 0, 5)
        assert (together["image"] == together["input"]).all()


def test_what_is_drawn_together_has_as_many_rows():
    with pytest.raises(ValueError, match="input has 9 rows, and what is drawn with it 14"):
        Feed(SIDES | {"input": SIDES["input"].values}, 4, "shuffle", seed=0)


@pytest.mark.parametrize("limit", [2**31, 0])
def test_what_is_drawn_for_inputs_is_a_function_of_seed_and_step(monkeypatch, limit):
    monkeypatch.setattr(feed, "RESIDENT_BYTES", limit)
    images = np.zeros((20, 8, 8, 3), np.uint8)
    hole = Derived(partial(masked, side=2, span=6), 4, places=36)

    def holes(seed, first, steps):
        made = Feed({"image": images, "input": hole}, 4, "shuffle", seed)
        batch, chunk = tf.function(made.batch), made.chunk(first, steps)
        return np.stack([batch(chunk, tf.constant(i))["input"].numpy()[..., 3] for i in range(steps)])

    whole = holes(0, 0, 6)
    assert whole.shape == (6, 4, 8, 8) and ((whole == 0).sum(axis=(2, 3)) == 4).all()
    np.testing.assert_array_equal(whole, np.concatenate([holes(0, 0, 2), holes(0, 2, 4)]))
    assert (holes(1, 0, 6) != whole).any() and len({hole.tobytes() for hole in whole.reshape(24, -1)}) > 8
