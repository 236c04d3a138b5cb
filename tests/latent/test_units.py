"""Units: their levels, the sets that matter and what stands out from chance."""

import numpy as np

from ganline.latent.units import Effect, by_chance, effect, levels, stands_out, strongest


def test_levels_are_what_a_unit_knows():
    maps = np.random.default_rng(0).uniform(0, 1, (20, 3, 3, 3)).astype(np.float32)
    maps[..., 1] += 5  # never near 0
    maps[7, ..., 2] = np.arange(9).reshape(3, 3)
    ablated, inserted = levels(maps)
    assert ablated.shape == inserted.shape == (3, 3, 3)
    assert ablated[0, 0, 0] < 0.03 and 5 <= ablated[0, 0, 1] < 5.1
    np.testing.assert_array_equal(inserted[..., 2], maps[7, ..., 2])
    ablated, inserted = levels(np.array([[0.0, -1.0], [2.0, 1.0]]))
    assert inserted.tolist() == [2.0, 1.0] and ablated[0] < 0.1


def test_a_set_is_of_one_sign():
    effects = np.array([0.5, -2.0, 1.0, -1.5, 0.1])
    assert set(strongest(effects, 2)) == {1, 3} and set(strongest(-effects, 2)) == {1, 3}
    assert strongest(effects, 1).tolist() == [1]


def test_what_stands_out():
    assert stands_out(Effect(-1.0, 0.1), np.array([0.5, -0.4]))
    assert not stands_out(Effect(1.0, 0.1), np.array([0.5, -0.6]))
    assert not stands_out(Effect(1.0, 0.0), np.array([]))
    random = np.random.default_rng(0)
    assert by_chance([effect(random.normal(0, 1, 40)) for _ in range(100)]) < 0.02
    assert by_chance([Effect(0.0, 0.1), Effect(0.0, 0.1), Effect(3.0, 0.1)]) == 1 / 3
    assert str(effect(np.array([1.0, 3.0]))) == "+2.00 ± 1.96"
