import numpy as np
import pytest

from ganline.latent.conditions import shares
from ganline.latent.planes import manifold, principal_plane, prior_plane

RNG = np.random.default_rng(6)


def test_the_plane_of_latents_that_lie_in_one():
    axes = np.linalg.qr(RNG.normal(size=(5, 2)))[0].T
    latents = 3 + RNG.normal(size=(5000, 2)) * [4, 2] @ axes
    plane = principal_plane(latents)
    assert plane.explained == pytest.approx(1)
    np.testing.assert_allclose(np.linalg.norm(plane.axes, axis=1), [4, 2], rtol=0.05)
    found = plane.coordinates(latents)
    np.testing.assert_allclose(found.std(axis=0), 1, rtol=1e-3)
    np.testing.assert_allclose(plane.centre + found @ plane.axes, latents, atol=1e-9)


def test_the_manifold_is_spread_as_the_prior_is():
    latents = manifold(prior_plane(), 30)
    assert latents.shape == (900, 2) and latents.dtype == np.float32
    np.testing.assert_allclose(latents.mean(axis=0), 0, atol=1e-6)
    assert np.mean(np.abs(latents[:, 0]) < 0.6745) == pytest.approx(0.5, abs=0.05)  # half of N(0, 1)
    assert latents[0, 0] < 0 < latents[0, 1] and latents[-1, 0] > 0 > latents[-1, 1]  # up is up


@pytest.mark.parametrize("latents", [np.ones((2, 5)), np.ones((9, 1)), np.arange(9.0)[:, None] * [1, 2]])
def test_no_plane(latents):
    with pytest.raises(ValueError, match="a plane needs latents"):
        principal_plane(latents)


def test_the_variance_is_shared_out_between_condition_and_latent():
    of_latent, of_condition = RNG.normal(size=(40, 1, 6)), RNG.normal(size=(1, 30, 6)) * 2
    found = shares(of_latent + of_condition)
    assert found.condition == pytest.approx(0.8, abs=0.06) and found.both == pytest.approx(0, abs=1e-9)
    assert sum(found) == pytest.approx(1)
    assert shares(of_latent + np.zeros((1, 30, 1))).latent == pytest.approx(1)
    noise = shares(RNG.normal(size=(40, 30, 50)))
    assert noise.condition == pytest.approx(1 / 40, rel=0.2) and noise.latent == pytest.approx(1 / 30, rel=0.2)
    with pytest.raises(ValueError, match="all images are the same"):
        shares(np.ones((3, 4, 2)))
    with pytest.raises(ValueError, match="latents >= 2"):
        shares(np.ones((1, 4, 2)))
