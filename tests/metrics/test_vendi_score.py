import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from ganline.metrics import vendi_score as module
from ganline.metrics.vendi_score import vendi_score
from tests.uneven import FAKE, uneven


def features(n, d=8, seed=0, spread=0.3):
    """Of which the later dimensions spread less, as real features do."""
    return np.random.default_rng(seed).normal(size=(n, d)) * np.linspace(1, spread, d)


def test_golden_numbers(monkeypatch):
    # By score_dual and score_X of vendi-score 0.0.3.
    assert vendi_score(FAKE).score == pytest.approx(5.932354860783025, rel=1e-12)
    monkeypatch.setattr(module, "LEAST", 20)
    assert vendi_score(uneven(20, 50, 5)).score == pytest.approx(16.945695444846955, rel=1e-12)


@pytest.mark.parametrize("d", [5, 150])
def test_both_ways_round_are_one(d):
    points = features(120, d)
    unit = points / np.linalg.norm(points, axis=1, keepdims=True)
    values = np.linalg.eigvalsh(unit @ unit.T / 120)
    values = values[values > 1e-12]
    assert vendi_score(points).score == pytest.approx(np.exp(-values @ np.log(values)), rel=1e-10)


def test_different_images_count_once_each():
    assert vendi_score(np.eye(7).repeat(30, axis=0)).score == pytest.approx(7)
    assert vendi_score(-5.0 * np.ones((100, 7))).score == pytest.approx(1)
    assert vendi_score(np.tile(np.eye(300)[:120], (2, 1))).score == pytest.approx(120)
    often = np.eye(2)[np.arange(400) % 4 // 3]  # three of four are one image
    assert vendi_score(often).score == pytest.approx(4 / 3**0.75)


@pytest.mark.parametrize("shape", [(300, 10), (110, 150)])
def test_the_standard_error_is_that_of_other_images(shape):
    with threadpool_limits(1):  # small matrices: threads would wait for each other
        scores, errors = np.array([vendi_score(features(*shape, seed=seed)) for seed in range(120)]).T
    assert 0.8 < errors.mean() / scores.std(ddof=1) < 1.3


def test_missing_classes_and_few_images_show_and_noise_and_copies_do_not(digits):
    def found(kind, degree):
        return vendi_score(digits.corrupted(kind, degree).features)

    whole = found("noise", 0)
    for kind in ("dropped", "repeated"):
        assert found(kind, 1).score < 0.4 * whole.score
    assert found("dropped", 0.1).score < whole.score - 3 * whole.standard_error
    assert found("dropped", 0.3).score < found("dropped", 0.1).score - 1
    assert found("noise", 0.1).score > whole.score + 3 * whole.standard_error  # it is various, too
    assert abs(found("memorised", 1).score - found("memorised", 0).score) < 3 * whole.standard_error


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (features(40), "needs at least 100 images, got 40"),
        (np.zeros((200, 3)), "features are all 0"),
        (np.full((200, 3), np.nan), "NaN"),
    ],
)
def test_refusals(values, message):
    with pytest.raises(ValueError, match=f"Vendi score: .*{message}"):
        vendi_score(values)
