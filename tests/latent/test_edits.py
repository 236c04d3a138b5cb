import numpy as np
import pytest

from ganline.latent.edits import FILLS, combined, overwrite, rescaled, windows


@pytest.fixture
def rng():
    return np.random.default_rng(2)


def test_means_shrink_and_rescaled_ones_do_not(rng):
    groups = [rng.standard_normal((50, 9, 100)).astype(np.float32)]
    raw, stretched = (combined(groups, [1], "normal", rescale) for rescale in (False, True))
    assert np.linalg.norm(raw, axis=1).mean() == pytest.approx(10 / 3, rel=0.05)  # as The GAN Book's nine yellow ones
    np.testing.assert_allclose(np.linalg.norm(stretched, axis=1), 9.975, atol=1e-3)
    np.testing.assert_allclose(raw, groups[0].mean(axis=1), atol=1e-6)
    cosine = (raw * stretched).sum(axis=1) / np.linalg.norm(raw, axis=1) / np.linalg.norm(stretched, axis=1)
    np.testing.assert_allclose(cosine, 1, atol=1e-5)


@pytest.mark.parametrize(("prior", "low"), [("uniform", -1), ("unit_uniform", 0)])
def test_rescaled_sums_of_uniform_latents_are_uniform_in_the_cube(rng, prior, low):
    a, b, c = rng.uniform(low, 1, (3, 40, 8, 200)).astype(np.float32)
    found = combined([a, b, c], [1, -1, 1], prior, rescale=True)
    assert found.min() >= low and found.max() <= 1 and found.dtype == np.float32
    shares = np.histogram(found, bins=8, range=(low, 1))[0] / found.size
    np.testing.assert_allclose(shares, 1 / 8, atol=0.01)
    raw = combined([a, b, c], [1, -1, 1], prior, rescale=False)
    assert raw.std() < 0.75 * found.std()


def test_nothing_stays_nothing():
    assert not rescaled(np.zeros((2, 5)), "normal").any()


def test_the_windows_are_the_books():
    assert windows(100) == [slice(10 * i, 10 * i + 20) for i in range(9)]
    for dim in (1, 2, 3, 7, 10, 37, 64):
        covered = np.zeros(dim, int)
        for window in windows(dim):
            covered[window] += 1
            assert 0 <= window.start < window.stop <= dim
        assert covered.min() >= 1


def test_fills(rng):
    latents = rng.uniform(-1, 1, (3, 20)).astype(np.float32)
    window, kept = slice(5, 11), [*range(5), *range(11, 20)]
    made = {fill: overwrite(latents, window, fill, "uniform", rng) for fill in FILLS}
    assert all(np.array_equal(changed[:, kept], latents[:, kept]) for changed in made.values())
    assert np.array_equal(made["image"], latents) and made["image"] is not latents
    assert not made["zeros"][:, window].any() and (made["ones"][:, window] == 1).all()
    np.testing.assert_allclose(made["hanning"][:, window], np.tile(np.hanning(6), (3, 1)), atol=1e-7)
    assert (np.abs(made["noise"][:, window]) <= 1).all() and (made["noise"][:, window] != latents[:, window]).all()
    chosen = np.array([0, 19])
    assert np.array_equal(np.flatnonzero(overwrite(latents, chosen, "zeros", "uniform", rng)[0] == 0), chosen)
    with pytest.raises(ValueError, match="allowed is one of noise, hanning, zeros, ones, image"):
        overwrite(latents, window, "twos", "uniform", rng)
