import numpy as np
import pytest

from ganline.latent.paths import interpolation, slerp, walk


def draws(count, prior, dim=100):
    rng = np.random.Generator(np.random.Philox(key=[1, 2]))
    shape = (count, dim)
    low = {"uniform": -1, "unit_uniform": 0}.get(prior)
    values = rng.standard_normal(shape) if low is None else rng.uniform(low, 1, shape)
    return values.astype(np.float32)


def test_slerp_turns_evenly_on_the_sphere():
    quarter = [slerp(np.array([2.0, 0]), np.array([0, 2.0]), position) for position in (0, 1 / 3, 2 / 3, 1)]
    expected = 2 * np.array([[1, 0], [np.sqrt(3) / 2, 0.5], [0.5, np.sqrt(3) / 2], [0, 1]])
    np.testing.assert_allclose(quarter, expected, atol=1e-12)


@pytest.mark.parametrize("end", [[2.0, 4.0], [-1.0, -2.0], [0.0, 0.0]], ids=["parallel", "opposite", "zero"])
def test_slerp_is_a_straight_line_where_there_is_no_arc(end):
    start = np.array([1.0, 2.0])
    np.testing.assert_allclose(slerp(start, np.array(end), 0.25), 0.75 * start + 0.25 * np.array(end))


def test_slerp_does_not_jump_where_it_becomes_a_line():
    start, across = np.array([1.0, 0]), np.array([0, 1.0])
    for angle in (0.99e-4, 1.01e-4):
        np.testing.assert_allclose(slerp(start, start + angle * across, 0.5), start + angle / 2 * across, atol=1e-8)


@pytest.mark.parametrize(("prior", "square"), [("normal", 1), ("uniform", 1 / 3), ("unit_uniform", 1 / 3)])
def test_a_path_has_its_ends_exactly_and_the_norms_of_the_prior(prior, square):
    start, end = draws(2, prior)
    path = interpolation(start, end, 9, prior)
    assert path.shape == (9, 100) and path.dtype == np.float32
    assert np.array_equal(path[0], start) and np.array_equal(path[-1], end)
    # A straight line between draws from N(0, 1) has 0.71 of that in the middle.
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), np.sqrt(100 * square), rtol=0.2)


def test_the_middle_of_uniform_latents_is_uniform_in_the_cube():
    start, end = draws(2, "uniform", dim=20_000)
    middle = interpolation(start, end, 3, "uniform")[1]
    assert np.abs(middle).max() <= 1
    shares = np.histogram(middle, bins=10, range=(-1, 1))[0] / len(middle)
    np.testing.assert_allclose(shares, 0.1, atol=0.01)
    assert np.mean(np.abs(slerp(start, end, 0.5)) > 1) == pytest.approx(0.086, abs=0.01)  # what this is for


def test_both_cubes_have_the_same_paths():
    start, end = draws(2, "uniform")
    of_unit = interpolation((start + 1) / 2, (end + 1) / 2, 7, "unit_uniform")
    np.testing.assert_allclose(2 * of_unit - 1, interpolation(start, end, 7, "uniform"), atol=1e-5)


def test_latents_on_the_edge_of_the_cube_stay_finite():
    path = interpolation(np.array([-1, 1], np.float32), np.array([1, 1], np.float32), 5, "uniform")
    assert np.isfinite(path).all() and path[0].tolist() == [-1, 1] and path[-1].tolist() == [1, 1]


def test_a_walk_has_its_corners_and_its_edges():
    corners = draws(4, "normal")
    plane = walk(corners, 5, "normal").reshape(5, 5, 100)
    assert np.array_equal(plane[[0, 0, -1, -1], [0, -1, 0, -1]], corners)
    assert np.array_equal(plane[:, 0], interpolation(corners[0], corners[2], 5, "normal"))
    assert np.array_equal(plane[0], interpolation(corners[0], corners[1], 5, "normal"))


def test_refusals():
    start, end = draws(2, "normal")
    with pytest.raises(ValueError, match="allowed is one of normal, uniform, unit_uniform"):
        interpolation(start, end, 5, "cauchy")
    with pytest.raises(ValueError, match="at least 2"):
        interpolation(start, end, 1, "normal")
