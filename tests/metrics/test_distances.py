import tracemalloc

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from ganline.metrics import distances

SHAPES = [(2, 3, 1), (40, 17, 3), (130, 70, 5)]


def points(n, d, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d)) + 100.0


@pytest.fixture(params=[16, 48, 1024])
def tile(request, monkeypatch):
    monkeypatch.setattr(distances, "TILE", request.param)
    monkeypatch.setattr(distances, "FEWEST_ROWS", request.param)


@pytest.mark.usefixtures("tile")
@pytest.mark.parametrize(("n", "m", "d"), SHAPES)
def test_agrees_with_brute_force_whatever_the_blocks(n, m, d):
    first, second = points(n, d), points(m, d, 1)
    within, across = np.sort(cdist(first, first), axis=1), cdist(first, second)
    ks = [1, min(5, n - 1), n - 1]
    radii = distances.squared_radii(first, ks)
    np.testing.assert_allclose(radii, within[:, ks].T ** 2, atol=1e-9)
    blocks = distances.in_blocks(first, second, lambda start, block: (start, block))
    assert [start for start, _ in blocks] == list(np.cumsum([0] + [len(block) for _, block in blocks[:-1]]))
    np.testing.assert_allclose(np.concatenate([block for _, block in blocks]), across**2, atol=1e-9)
    for count in (1, min(4, m), m):
        found = distances.nearest(first, second, count)
        np.testing.assert_allclose(found.distances, np.sort(across, axis=1)[:, :count], rtol=1e-13)
        np.testing.assert_array_equal(np.take_along_axis(across, found.indices, 1), np.sort(across, axis=1)[:, :count])
    others = distances.nearest(first, first, n - 1, same=True)
    np.testing.assert_allclose(others.distances, within[:, 1:], rtol=1e-13)
    assert not (others.indices == np.arange(n)[:, None]).any()


def test_the_nearest_copy_is_at_distance_0_and_the_first_of_equals_wins():
    references = np.repeat(points(50, 64), 3, axis=0).astype(np.float32)
    found = distances.nearest(references[::3], references, 2)
    assert (found.distances == 0).all()
    np.testing.assert_array_equal(found.indices, 3 * np.arange(50)[:, None] + [0, 1])


def test_rounding_bounds_what_cancellation_loses():
    first = points(200, 64) * 100
    lost = np.abs(np.concatenate(distances.in_blocks(first, first, lambda _, block: block)) - cdist(first, first) ** 2)
    assert 0 < lost.max() < distances.rounding(first, first) < 1e-5


def test_results_do_not_depend_on_the_number_of_threads(monkeypatch):
    first, second = points(1500, 20), points(1300, 20, 1)
    results = []
    for threads in (1, 4):
        monkeypatch.setattr(distances.os, "cpu_count", lambda threads=threads: threads)
        results.append([
            np.concatenate(distances.in_blocks(first, second, lambda _, block: block)),
            *distances.squared_radii(first, [1, 3]),
            *distances.nearest(first, second, 3),
        ])  # fmt: skip
    for one, four in zip(*results, strict=True):
        np.testing.assert_array_equal(one, four)


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(distances, "MOST_THREADS", 2)
    first = points(4000, 2)
    tracemalloc.start()
    distances.squared_radii(first, [5])
    distances.in_blocks(first, first, lambda _, block: None)
    distances.nearest(first, first, 1, same=True)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 0.5 * len(first) ** 2 * 8


def test_what_several_measures_ask_is_computed_once(monkeypatch):
    asked = []
    work = distances.nearest
    monkeypatch.setattr(distances, "nearest", lambda *given: asked.append(given) or work(*given))
    first, second = np.random.default_rng(77).normal(size=(2, 40, 3))
    found = distances.closest(first, second)
    again = distances.closest(first.copy(), np.asfortranarray(second))
    assert again is found and len(asked) == 1
    np.testing.assert_array_equal(found.indices, work(first, second, 1).indices)
    second[5] += 1.0  # the same array, and no longer the same question
    assert distances.closest(first, second).distances.tolist() == work(first, second, 1).distances.tolist()
    assert len(asked) == 2 and distances.closest(second, first) is not found
    for i in range(distances.REMEMBERED):
        distances.closest(first + i + 1, second)
    count = len(asked)
    distances.closest(first, second)  # long ago: forgotten
    assert len(asked) == count + 1
    np.testing.assert_array_equal(distances.balls(first, 2, 4), distances.squared_radii(first, [2, 4]))
    assert distances.balls(first, 2, 4) is distances.balls(first, 2, 4)
