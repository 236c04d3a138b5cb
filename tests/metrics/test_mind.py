import numpy as np
import pytest
from scipy.stats import ortho_group

from ganline.metrics.mind import SCALE, monge_distance
from tests.uneven import FAKE, HELD_OUT, uneven


def features(n, d=8, seed=0, shift=0.0, scale=1.0):
    return scale * np.random.default_rng(seed).normal(size=(n, d)) + shift


def test_golden_number():
    # By mind_features_to_metric of torch-fidelity's repository (commit 5e211a9; no release holds it yet), in float64
    # and with these directions.
    found = monge_distance(HELD_OUT, FAKE, uneven(50, 6, 9))
    assert found.distance == pytest.approx(0.8858305016996845, rel=1e-10)
    # The mean of that package's own 100,000 directions for the seeds 2020 and 1; ours are 1,000.
    assert monge_distance(HELD_OUT, FAKE).distance == pytest.approx(0.8889, rel=0.05)


def test_a_shift_moves_all_images_by_itself():
    real, shift = features(200, 5), np.array([0.5, 0, 0, -1, 2.0])
    directions = features(7, 5, seed=1)
    unit = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    found = monge_distance(real + shift, real, directions)
    assert found.distance == pytest.approx(SCALE * 5 * np.mean((unit @ shift) ** 2))
    assert found.standard_error == pytest.approx(SCALE * 5 * np.sqrt(2 / 200) * slope(real, unit, shift), rel=1e-9)
    assert monge_distance(real, real, directions) == (0, 0)


def slope(real, unit, shift):
    """The potential of a shift in one direction is 2 u.shift u.x; its deviation, averaged over the directions."""
    return np.std(np.mean([2 * (u @ shift) * (real @ u) for u in unit], axis=0), ddof=1)


def test_it_turns_with_the_images_and_hangs_on_no_order_or_place():
    real, fake = features(200), features(200, seed=1, shift=0.4)
    found, turn = monge_distance(fake, real), ortho_group.rvs(8, random_state=1)
    assert monge_distance(fake[::-1] + 1e4, real + 1e4) == pytest.approx(found, rel=1e-9)
    assert monge_distance(real, fake) == pytest.approx(found, rel=1e-9)
    directions = features(50, seed=2)
    turned = monge_distance(fake @ turn, real @ turn, directions @ turn)
    assert turned == pytest.approx(monge_distance(fake, real, directions), rel=1e-9)


@pytest.mark.parametrize(("shift", "scale"), [(0.0, 1.0), (0.3, 1.0), (0.0, 1.3)])
def test_the_standard_error_is_that_of_other_images(shift, scale):
    directions = features(60, 8, seed=9)
    found = [
        monge_distance(features(150, seed=2 * i, shift=shift, scale=scale), features(150, seed=2 * i + 1), directions)
        for i in range(80)
    ]
    distances, errors = np.array(found).T
    # For equal distributions, where there is no way to go but by chance, it is up to 1.7 times too large.
    assert 0.8 < errors.mean() / distances.std(ddof=1) < (2.0 if (shift, scale) == (0, 1) else 1.3)


def test_it_sees_what_mean_and_covariance_do_not():
    real = features(500, 2, seed=1)
    corners, same = (monge_distance(fake, real) for fake in (np.sign(features(500, 2)), features(500, 2, seed=2)))
    assert corners.distance - same.distance > 5 * corners.standard_error


@pytest.mark.parametrize("kind", ["noise", "blur", "dropped", "repeated"])
def test_grows_with_what_goes_wrong(digits, kind):
    count = len(digits.real)
    found = [monge_distance(digits.corrupted(kind, d).features[:count], digits.real.features) for d in (0, 0.3, 1)]
    assert found[2].distance > 20 * found[0].distance
    if kind == "repeated":  # a third of the images fewer, but spread like the others: not seen
        assert abs(found[1].distance - found[0].distance) < 2 * found[0].standard_error
    else:
        assert found[0].distance + 5 * found[0].standard_error < found[1].distance < found[2].distance / 2


def test_it_takes_copies_for_good(digits):
    copied = digits.corrupted("memorised", 1).features
    assert monge_distance(copied, digits.real.features).distance < 3


@pytest.mark.parametrize(
    ("fake", "message"),
    [
        (features(40), "needs at least 100 images, got 40"),
        (features(150), "sets of 150 and 200 images"),
        (features(200, 5), "5 and 8 dimensions"),
        (np.full((200, 8), np.inf), "NaN or infinite"),
    ],
)
def test_refusals(fake, message):
    with pytest.raises(ValueError, match=f"MIND: .*{message}"):
        monge_distance(fake, features(200))
