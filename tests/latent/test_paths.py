import numpy as np
import pytest
from scipy.stats import kstest

from ganline.latent.paths import interpolation, line, loop, move, redrawn, slerp, truncate, walk


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


@pytest.mark.parametrize("prior", ["normal", "uniform", "unit_uniform"])
def test_a_loop_meets_every_point_and_closes(prior):
    points = draws(3, prior)
    path = loop(points, 8, prior)
    assert path.shape == (24, 100) and np.array_equal(path[::8], points)
    steps = np.linalg.norm(np.diff(np.concatenate([path, path[:1]]), axis=0), axis=1)
    assert steps.max() < 1.6 * steps.min()  # the last step, back to the first point, is like the others
    with pytest.raises(ValueError, match="1 latents: a loop needs at least 2"):
        loop(points[:1], 8, prior)


@pytest.mark.parametrize("prior", ["normal", "uniform", "unit_uniform"])
def test_truncation_shrinks_the_prior_and_keeps_the_order(prior):
    latents = draws(50, prior)
    cut = [truncate(latents, psi, prior) for psi in (0.0, 0.3, 0.7, 1.0)]
    assert np.array_equal(cut[3], latents) and np.ptp(cut[0]) == 0
    centre = 0.5 if prior == "unit_uniform" else 0.0
    away = [np.abs(part - centre) for part in cut]
    assert all((near <= far + 1e-6).all() for near, far in zip(away, away[1:], strict=False))
    assert np.array_equal(np.argsort(cut[1][:, 0]), np.argsort(latents[:, 0]))
    # N(0, 1) ends where |z| has the probability psi; a uniform one is a smaller cube.
    edge = {"normal": 1.0364, "uniform": 0.7, "unit_uniform": 0.35}[prior]
    assert 0.99 * edge < away[2].max() <= edge
    with pytest.raises(ValueError, match="psi = 1.5: allowed is 0 to 1"):
        truncate(latents, 1.5, prior)


@pytest.mark.parametrize("prior", ["normal", "uniform", "unit_uniform"])
def test_redrawing_leaves_what_lies_inside_and_is_the_same_prior_cut_off(prior):
    latents = draws(300, prior)
    centre, edge = {"normal": (0.0, 1.0364), "uniform": (0.0, 0.7), "unit_uniform": (0.5, 0.35)}[prior]
    cut, squeezed = redrawn(latents, 0.7, prior), truncate(latents, 0.7, prior)
    inside = np.abs(latents - centre) <= edge
    np.testing.assert_allclose(cut[inside], latents[inside], rtol=1e-5, atol=1e-6)
    assert np.abs(cut - centre).max() <= edge + 1e-6 and kstest(cut.ravel(), squeezed.ravel()).pvalue > 0.01
    # What was drawn anew is drawn apart for each latent, and alike however many come together.
    assert len(np.unique(cut[~inside])) > 0.999 * (~inside).sum()  # float32 has some twice
    assert np.array_equal(redrawn(latents[7:9], 0.7, prior), cut[7:9])
    # From one psi to the next only what falls outside changes.
    half = redrawn(latents, 0.5, prior)
    kept = np.abs(cut - centre) <= {"normal": 0.6744, "uniform": 0.4999, "unit_uniform": 0.2499}[prior]
    np.testing.assert_allclose(half[kept], cut[kept], rtol=1e-5, atol=1e-6)
    assert np.array_equal(redrawn(latents, 1, prior), latents) and np.ptp(redrawn(latents, 0, prior)) == 0
    with pytest.raises(ValueError, match="psi = -1: allowed is 0 to 1"):
        redrawn(latents, -1, prior)


def test_a_line_is_straight():
    start, end = draws(2, "normal")
    np.testing.assert_allclose(line(start, end, 5)[1], 0.75 * start + 0.25 * end, rtol=1e-5)
    with pytest.raises(ValueError, match="a line needs at least 2"):
        line(start, end, 1)


def test_a_move_is_even_and_keeps_uniform_latents_in_their_cube():
    latents, direction = draws(4, "uniform"), np.eye(100)[7]
    far = move(latents, direction, 2.0, "uniform")
    assert (far[:, 7] > latents[:, 7]).all() and np.abs(move(latents, direction, 9.0, "uniform")).max() <= 1
    np.testing.assert_allclose(np.delete(far, 7, axis=1), np.delete(latents, 7, axis=1), atol=1e-6)
    np.testing.assert_allclose(move(far, direction, -2.0, "uniform"), latents, atol=2e-3)
    np.testing.assert_allclose(move(latents, direction, 2.0, "normal"), latents + 2 * direction, atol=1e-6)
