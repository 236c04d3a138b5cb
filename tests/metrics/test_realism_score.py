import numpy as np
import pytest

from ganline.metrics.realism_score import HIGHEST, realism, summary
from ganline.metrics.shares import standard_error
from tests.uneven import FAKE, HELD_OUT


def features(n, d=6, seed=0, scale=1.0):
    return scale * np.random.default_rng(seed).normal(size=(n, d))


def test_golden_numbers():
    # By compute_prdc of dgm-eval (commit 74c79f7) with realism=True.
    scores = realism(HELD_OUT, FAKE, 3)
    assert scores[:3] == pytest.approx([0.497143976668563, 0.5857134108136011, 1.0332165746419721], rel=1e-9)
    found = summary(scores)
    assert (found.median, found.share) == pytest.approx((0.8129316110589679, 0.275), rel=1e-9)


def test_agrees_with_the_plain_formula():
    real, fake = features(101, seed=1), features(120, seed=2, scale=1.3)  # an odd count: the ball of the median stays
    within = np.sort(np.linalg.norm(real[:, None] - real, axis=2), axis=1)[:, 2]
    kept = within <= np.median(within)
    assert kept.sum() == 51
    expected = [max(within[kept] / np.linalg.norm(real[kept] - x, axis=1)) for x in fake]
    assert realism(real, fake, 2) == pytest.approx(np.array(expected), rel=1e-9)


def test_copies_score_highest_and_far_away_is_nothing():
    real = features(200)
    ways = np.linalg.norm(real[:, None] - real, axis=2)
    small = np.argsort(np.sort(ways, axis=1)[:, 3])[:100]  # the middle of a ball that stays
    assert realism(real, real[small], 3) == pytest.approx(np.full(100, HIGHEST))
    assert realism(real, features(100, seed=1) + 1e6, 3).max() < 1e-5
    # The size of the features changes nothing, nor does where they lie.
    moved = realism(1e3 * real + 1e3, 1e3 * features(100, seed=1) + 1e3, 3)
    assert moved == pytest.approx(realism(real, features(100, seed=1), 3), rel=1e-6)


def test_repeated_real_images_have_balls_without_size():
    real = np.concatenate([features(150, seed=1), np.repeat(features(10, seed=2), 5, axis=0)])
    assert np.isfinite(realism(real, real, 3)).all()
    with pytest.raises(ValueError, match="half of the real images have 3 copies, so no ball has any size"):
        realism(np.repeat(features(50), 5, axis=0), features(200, seed=1), 3)


def test_the_standard_errors_are_those_of_other_fakes():
    real = features(200, seed=1000)
    found = np.array([summary(realism(real, features(150, seed=seed), 3)) for seed in range(100)])
    assert 0.8 < found[:, 1].mean() / found[:, 0].std(ddof=1) < 1.3
    assert 0.8 < standard_error(found[:, 2].mean(), 150) / found[:, 2].std(ddof=1) < 1.3


def test_it_sees_bad_images_and_no_missing_ones(digits):
    def found(kind, degree):
        return summary(realism(digits.real.features, digits.corrupted(kind, degree).features, 3))

    whole = found("noise", 0)
    for kind in ("noise", "blur"):
        assert found(kind, 1).median < whole.median - 10 * whole.standard_error
        assert found(kind, 1).share < 0.05 < 0.4 < whole.share
    assert found("noise", 0.3).median < found("noise", 0.1).median < whole.median
    for kind in ("dropped", "repeated"):
        assert found(kind, 1).median > whole.median - 3 * whole.standard_error
    assert abs(found("memorised", 1).median - whole.median) < 3 * whole.standard_error


@pytest.mark.parametrize(
    ("real", "fake", "neighbours", "message"),
    [
        (features(40), features(200), 3, "needs at least 100 images, got 40"),
        (features(200), features(40), 3, "needs at least 100 images, got 40"),
        (features(200), features(200, 5), 3, "6 and 5 dimensions"),
        (features(100), features(200), 100, "neighbours is 100: allowed is 1 to 99"),
        (features(100), features(200), 0, "neighbours is 0"),
    ],
)
def test_refusals(real, fake, neighbours, message):
    with pytest.raises(ValueError, match=f"realism score: .*{message}"):
        realism(real, fake, neighbours)
