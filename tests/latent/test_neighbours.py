import numpy as np
import pytest

from ganline.latent.neighbours import BLOCK, copying, nearest


@pytest.fixture
def rng():
    return np.random.Generator(np.random.Philox(key=[3, 4]))


def brute_force(queries, references, count):
    distances = np.linalg.norm(queries[:, None].astype(np.float64) - references[None], axis=2)
    order = np.argsort(distances, axis=1, kind="stable")[:, :count]
    return order, np.take_along_axis(distances, order, axis=1)


@pytest.mark.parametrize("count", [1, 5, 60], ids=["one", "some", "all but a few"])
def test_agrees_with_brute_force_over_several_blocks(rng, count):
    queries = rng.standard_normal((BLOCK + 7, 16)).astype(np.float32)
    references = rng.standard_normal((63, 16)).astype(np.float32)
    indices, distances = brute_force(queries, references, count)
    found = nearest(queries, references, count)
    assert np.array_equal(found.indices, indices)
    np.testing.assert_allclose(found.distances, distances, rtol=1e-12)


def test_close_points_far_from_the_origin_are_told_apart(rng):
    # |a|^2 - 2ab + |b|^2 in float32 has an error near 1 here, against squared distances near 0.001.
    references = (1000 + 0.01 * rng.standard_normal((200, 8))).astype(np.float32)
    found = nearest(references, references, 3)
    indices, distances = brute_force(references, references, 3)
    assert np.array_equal(found.indices, indices)
    assert np.array_equal(found.indices[:, 0], np.arange(200)) and not found.distances[:, 0].any()
    np.testing.assert_allclose(found.distances, distances, atol=1e-12)


def test_equally_near_references_stand_in_rising_order():
    references = np.array([[1, 0], [0, 1], [0, 0], [-1, 0], [3, 0]], np.float32)
    assert nearest(np.zeros((1, 2), np.float32), references, 4).indices.tolist() == [[2, 0, 1, 3]]


def test_refusals():
    references = np.zeros((4, 3), np.float32)
    with pytest.raises(ValueError, match="count = 5: allowed is 1 to 4"):
        nearest(references, references, 5)
    with pytest.raises(ValueError, match=r"\(4, 2\) and \(4, 3\)"):
        nearest(references[:, :2], references, 1)


def test_copies_are_seen_and_fair_samples_are_not(rng):
    held_out = rng.uniform(1, 2, 1000)
    fair, copied = copying(rng.uniform(1, 2, 1000), held_out), copying(np.r_[np.zeros(300), held_out[300:]], held_out)
    assert fair["share_of_samples_nearer"] == pytest.approx(0.01, abs=0.01)
    assert copied["share_of_samples_nearer"] == pytest.approx(0.3, abs=0.02)
    assert fair["median_distance_held_out"] == np.median(held_out)


@pytest.mark.parametrize("repeated", [0, 4, 11, 50, 900])
def test_copies_are_seen_although_held_out_images_repeat_training_images(rng, repeated):
    held_out = rng.uniform(1, 2, 1000)
    held_out[:repeated] = rng.uniform(0, 1e-3, repeated)
    found = copying(np.r_[np.full(300, 1e-4), rng.uniform(1, 2, 700)], held_out)
    assert found["share_of_samples_nearer"] == pytest.approx(0.3, abs=0.03)
    assert found["held_out_left_out"] == repeated
    with pytest.raises(ValueError, match="every held-out image repeats a training image"):
        copying(held_out, np.zeros(9))
