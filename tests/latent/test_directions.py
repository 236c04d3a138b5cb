import numpy as np
import pytest
from toy_generator import DIM, rotation

from ganline.latent.directions import boundary, factorised, principal, random_directions


@pytest.fixture
def normal():
    return np.random.default_rng(3).standard_normal((2000, DIM))


def test_a_boundary_finds_the_direction_that_made_the_attribute(normal):
    true = rotation()[0]
    score = normal @ true + 0.3 * np.random.default_rng(4).standard_normal(2000)
    found, accuracy = boundary(normal, score > 1.3, score < 0)
    assert found @ true > 0.95 and np.linalg.norm(found) == pytest.approx(1, abs=1e-4)
    assert accuracy > 0.9
    chance = np.random.default_rng(5).standard_normal(2000)
    assert boundary(normal, chance > 1.3, chance < 0)[1] == pytest.approx(0.5, abs=0.12)
    with pytest.raises(ValueError, match="9 samples have it and 1000 lack it; at least 10"):
        boundary(normal, np.arange(2000) < 9, np.arange(2000) >= 1000)


def test_principal_directions_are_those_of_most_variance(normal):
    true = rotation()
    activations = np.tanh(normal @ true.T * [3, 1.5, 0.5]) @ np.random.default_rng(6).standard_normal((3, 40))
    found, shares = principal(normal, activations.astype(np.float32), 3, 0)
    span = found @ true.T @ true  # what of each lies in the plane of the factors
    np.testing.assert_allclose(np.linalg.norm(span, axis=1), 1, atol=0.02)
    assert (np.diff(shares) < 0).all() and 0.9 < shares.sum() <= 1 + 1e-6
    assert np.array_equal(found, principal(normal, activations.astype(np.float32), 3, 0)[0])
    with pytest.raises(ValueError, match="do not vary"):
        principal(normal, np.ones((2000, 4), np.float32), 2, 0)


def test_factorised_directions_are_stretched_most():
    true = rotation()
    kernel = (true.T * [5, 3, 1]) @ np.linalg.qr(np.random.default_rng(7).standard_normal((64, 3)))[0].T
    found, shares = factorised(kernel, 3)
    np.testing.assert_allclose(np.abs(found @ true.T), np.eye(3), atol=1e-4)
    np.testing.assert_allclose(shares, np.array([25, 9, 1]) / 35, rtol=1e-6)
    assert (np.take_along_axis(found, np.abs(found).argmax(axis=1)[:, None], axis=1) > 0).all()


def test_more_directions_than_dimensions_are_refused(normal):
    for ask in (lambda: factorised(np.ones((4, 9)), 5), lambda: principal(normal[:, :4], normal, 5, 0)):
        with pytest.raises(ValueError, match="5 directions: a latent space of 4 dimensions has at most 4"):
            ask()


def test_random_directions_are_units_in_all_directions():
    found = random_directions(2000, 3, np.random.default_rng(0))
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-4)
    np.testing.assert_allclose(found.T @ found / 2000, np.eye(3) / 3, atol=0.03)
