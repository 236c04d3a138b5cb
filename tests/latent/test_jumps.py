import numpy as np
import pytest

from ganline.latent.jumps import largest
from ganline.latent.paths import interpolation

RNG = np.random.default_rng(4)
PATHS = np.stack([interpolation(*ends, 21, "normal") for ends in RNG.normal(size=(8, 2, 5)).astype(np.float32)])
LABELS = np.zeros(8, int)


def test_a_tear_is_found_where_it_was_put():
    middle, ahead = PATHS[3, 9:11].mean(axis=0), PATHS[3, 10] - PATHS[3, 9]

    def torn(latents, labels):
        """Fade away from the tear, so that it is met on the fourth path alone."""
        away = latents - middle
        return latents + (5 * (away @ ahead > 0) * np.exp(-np.sum(away**2, axis=1)))[:, None]

    jumps, speeds = largest(torn, PATHS, LABELS, 2, 10, "normal")
    assert (jumps[0].path, jumps[0].step) == (3, 9) and speeds.shape == (8, 20)
    assert jumps[0].abruptness > 0.9 and jumps[0].ratio == pytest.approx(speeds.max() / np.median(speeds))
    assert np.array_equal(jumps[0].latents[[0, -1]], PATHS[3, 9:11]) and jumps[0].latents.shape == (11, 5)


def test_a_steep_place_is_not_a_tear():
    def steep(latents, labels):
        return 20 * np.tanh(3 * latents)

    jumps, _ = largest(steep, PATHS, LABELS, 8, 10, "normal")
    assert [jump.ratio for jump in jumps] == sorted((jump.ratio for jump in jumps), reverse=True)
    assert len({jump.path for jump in jumps}) == 8 and jumps[0].ratio > 3
    assert all(0.1 <= jump.abruptness < 0.2 for jump in jumps)


def test_an_even_space_has_no_large_jump_and_a_dead_one_none():
    jumps, _ = largest(lambda latents, labels: latents, PATHS, LABELS, 1, 10, "normal")
    assert jumps[0].ratio == pytest.approx(1, abs=0.01) and jumps[0].abruptness == pytest.approx(0.1, abs=0.005)
    jumps, speeds = largest(lambda latents, labels: 0 * latents, PATHS, LABELS, 1, 10, "normal")
    assert jumps == [] and not speeds.any()


def test_where_most_steps_change_nothing_a_jump_is_endlessly_fast():
    jumps, speeds = largest(lambda latents, labels: np.sign(latents[:, :1]), PATHS, LABELS, 1, 10, "normal")
    assert np.median(speeds) == 0 and jumps[0].ratio == np.inf and jumps[0].abruptness == 1


def test_each_path_keeps_its_label():
    seen = set()

    def look(latents, labels):
        seen.update((path, label) for path, label in zip(np.repeat(np.arange(8), 21), labels, strict=False))
        return latents + labels[:, None]

    largest(look, PATHS, np.arange(8), 1, 10, "normal")
    assert {(path, path) for path in range(8)} <= seen
    with pytest.raises(ValueError, match="count >= 1 and parts >= 2"):
        largest(look, PATHS, np.arange(8), 1, 1, "normal")
