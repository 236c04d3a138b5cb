import numpy as np
import pytest

from ganline.metrics.ct_score import LEAST, compared, ct_score, rank_test
from tests.uneven import FAKE, HELD_OUT, NEAR, TRAIN, uneven


def features(n, d=6, seed=0, scale=1.0):
    return scale * np.random.default_rng(seed).normal(size=(n, d))


def numbered(points):
    return (points[:, 0] > -0.3).astype(int) + (points[:, 0] > 0.4)


@pytest.mark.parametrize(("fake", "expected"), [(FAKE, 3.226829404559624), (NEAR, -0.8279895785846048)])
def test_golden_numbers_in_given_cells(fake, expected):
    # By C_T of dgm-eval (commit 74c79f7) and data-copying (commit a0ba2db), whose code is the same.
    sets = (fake, HELD_OUT, TRAIN)
    found = compared(*sets, *map(numbered, sets))
    assert found.score == pytest.approx(expected, rel=1e-12)
    assert found.cells == 3


def test_golden_number_of_wide_features():
    # By compute_CTscore of dgm-eval: principal components and k-means, whose cells here leave no choice.
    apart = 3 * np.array([[1, 0], [-1, 0], [0, 1.5]]) @ np.eye(2, 70)
    train, held_out, fake = (
        uneven(n, 70, salt) + apart[np.arange(n) % 3] for n, salt in ((300, 1), (200, 2), (200, 3))
    )
    for seed in (0, 1):
        assert ct_score(fake, held_out, train, seed).score == pytest.approx(0.4672823537742457, rel=1e-9)


def test_the_rank_test_by_hand():
    fake, usual = np.array([1.0, 2, 2, 5]), np.array([2.0, 3, 4])
    above = sum((f > u) + 0.5 * (f == u) for f in fake for u in usual)
    spread = np.sqrt(4 * 3 * 8 / 12)
    assert rank_test(fake, usual)[0] == pytest.approx((above - (6 - 0.5)) / spread)
    assert rank_test(np.zeros(30), np.ones(20))[1] == pytest.approx(30 / np.sqrt(30 * 20 * 51 / 12))  # never 0


@pytest.mark.slow
@pytest.mark.parametrize(("scale", "copied"), [(1.0, 0), (1.2, 0), (1.0, 40)])
def test_the_standard_error_is_that_of_other_fakes_and_held_out_images(scale, copied):
    train, found = features(300, seed=5000), []
    for seed in range(0, 120, 2):
        fake = features(120, seed=seed, scale=scale)
        fake[:copied] = np.random.default_rng(seed).permutation(train)[:copied]
        sets = (fake, features(150, seed=seed + 1), train)
        found.append(compared(*sets, *map(numbered, sets))[:2])
    scores, errors = np.array(found).T
    assert 0.8 < errors.mean() / scores.std(ddof=1) < 1.5
    if scale == 1 and not copied:
        assert abs(scores.mean()) < 0.3 and 0.4 < scores.std() < 0.8


def test_cells_with_few_fakes_are_left_out():
    centres = np.array([[0.0, 0], [50, 0], [0, 50]])
    train, held_out = (features(300, 2, seed) + centres[np.arange(300) % 3] for seed in (1, 2))
    fake = features(150, 2, 3) + centres[np.where(np.arange(150) < 20, 2, np.arange(150) % 2)]
    found = ct_score(fake, held_out, train, 1)
    assert found.cells == 2 and abs(found.score) < 2.5
    spread = features(120, 2, 3) * 0.1 + centres[[0]]
    assert ct_score(spread, held_out, train, 1).cells == 1


def test_held_out_images_that_were_trained_on_are_no_measure_of_new_ones(digits):
    train, held_out = digits.train.features, digits.real.features
    repeating = np.concatenate([held_out[:300], train[:100]])
    found = ct_score(train, repeating, train, 1)
    assert found.left_out == 100 and found.score < -10
    assert found.score == ct_score(train, held_out[:300], train, 1).score
    with pytest.raises(ValueError, match=f"C_T: needs at least {LEAST} .* of 399 all but 99 repeat a training image"):
        ct_score(train, np.concatenate([held_out[:99], train[:300]]), train, 1)


def test_it_sees_copies_and_images_too_bad_to_be_copies(digits):
    train, real = digits.train.features, digits.real.features
    new, copies = real[:400], train[:400]

    def score(fake):
        return ct_score(fake, real[400:], train, 1)

    assert abs(score(new).score) < 3
    shares = [score(np.concatenate([copies[:count], new[count:]])).score for count in (0, 100, 200, 400)]
    assert shares == sorted(shares, reverse=True) and shares[1] < -3 and shares[3] < -10
    for kind in ("noise", "blur"):
        assert score(digits.corrupted(kind, 1).features).score > 10


def test_copies_and_bad_fakes_of_one_place_balance_out():
    train, one = features(300, seed=1), [np.zeros(200, int), np.zeros(150, int), np.zeros(300, int)]
    mixed = np.concatenate([train[:100], features(100, seed=2, scale=9)])
    assert abs(compared(mixed, features(150, seed=3), train, *one).score) < 2


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
@pytest.mark.parametrize(
    ("fake", "held_out", "train", "message"),
    [
        (features(40), features(200), features(200), "needs at least 100 images, got 40"),
        (features(200), features(40), features(200), "needs at least 100 images, got 40"),
        (features(200), features(200), features(40), "needs at least 100 images, got 40"),
        (features(200), features(200, 5), features(200), "6 and 5 dimensions"),
        (
            features(200),
            features(200, seed=1),
            np.tile(features(2), (60, 1)) * [1e3, 1, 1, 1, 1, 1],
            "a cell .* no held-out",
        ),
    ],
)
def test_refusals(fake, held_out, train, message):
    with pytest.raises(ValueError, match=f"C_T: .*{message}"):
        ct_score(fake, held_out, train, 1)
