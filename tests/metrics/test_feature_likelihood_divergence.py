import numpy as np
import pytest
from scipy.special import logsumexp

from ganline.metrics import distances
from ganline.metrics.feature_likelihood_divergence import divergence, said
from tests.uneven import FAKE, HELD_OUT, NEAR, TRAIN


def features(n, d=8, seed=0, scale=1.0):
    return scale * np.random.default_rng(seed).normal(size=(n, d))


@pytest.mark.parametrize(
    ("fake", "fld", "gap"),
    [
        (FAKE, 10.661690528546618, -7.494283050939776),
        (NEAR, 16.274024396031137, -72.5590804752568),
    ],
)
def test_golden_numbers(fake, fld, gap):
    # By FLD of the package fld (marcojira/fld, commit ffbbf20) in float64, its shuffles left out.
    found = divergence(fake, HELD_OUT, TRAIN)
    assert (found.fld, found.fld_gap) == pytest.approx((fld, gap), rel=1e-5)


def test_copies_have_no_end():
    found = divergence(TRAIN[:200], HELD_OUT, TRAIN)
    # The same package says 5.0e15 and -3.3e15.
    assert (found.fld, found.fld_gap) == pytest.approx((4.99e15, -3.30e15), rel=0.01)


def test_a_density_is_what_its_formula_says():
    points, images, widths = features(7, 3), features(50, 3, seed=1), np.linspace(-1, 1, 7)
    squares = np.linalg.norm(images[:, None] - points, axis=2) ** 2
    terms = -squares / (2 * np.exp(widths)) - 1.5 * (widths + np.log(2 * np.pi)) - np.log(7)
    beside = np.linspace(-9, 0, 50)
    every = np.column_stack([terms, beside])
    part = np.exp(every - logsumexp(every, axis=1, keepdims=True))
    blocks = [squares[:40].astype(np.float32), squares[40:].astype(np.float32)]
    found = said(blocks, widths, 3, beside)
    np.testing.assert_allclose(found.logs, logsumexp(every, axis=1), rtol=1e-5)
    np.testing.assert_allclose(found.parts, part[:, :7].sum(axis=0), rtol=1e-5)
    np.testing.assert_allclose(found.ways, (part[:, :7] * squares).sum(axis=0), rtol=1e-5)
    np.testing.assert_allclose(found.central, part[:, 7], rtol=1e-5)
    np.testing.assert_allclose(said(blocks, widths, 3).logs, logsumexp(terms, axis=1), rtol=1e-5)


def test_scale_place_and_constant_features_change_nothing():
    fake, held_out, train = features(150, seed=1), features(150, seed=2), features(300, seed=3)
    found = divergence(fake, held_out, train)
    scaled = [np.insert(points * np.linspace(1, 100, 8) + 5, 3, 7.0, axis=1) for points in (fake, held_out, train)]
    assert divergence(*scaled) == pytest.approx(found, rel=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize(("scale", "copied"), [(1.0, 0), (1.2, 0), (1.0, 50)])
def test_the_standard_errors_are_those_of_other_fakes_and_held_out_images(scale, copied):
    train, found = features(200, 4, seed=5000), []
    for seed in range(0, 80, 2):
        fake = features(100, 4, seed=seed, scale=scale)
        fake[:copied] = 0.01 * fake[:copied] + np.random.default_rng(seed).permutation(train)[:copied]
        found.append(divergence(fake, features(100, 4, seed=seed + 1), train))
    fld, fld_error, gap, gap_error = np.array(found).T
    assert 0.65 < fld_error.mean() / fld.std(ddof=1) < 1.4
    assert 0.65 < gap_error.mean() / gap.std(ddof=1) < 1.4


def test_it_sees_bad_images_missing_ones_and_copies(digits):
    train, real = digits.train.features, digits.real.features
    held_out, new, labels = real[:450], real[450:], digits.real.labels[450:]

    def found(fake):
        return divergence(np.resize(fake, (len(new), fake.shape[1])), held_out, train)

    whole = found(new)
    assert abs(whole.fld) < 4 * whole.fld_stderr
    worse = [found(new[labels < 5]), found(new[:20])]
    worse += [found(digits.corrupted(kind, 1).features) for kind in ("noise", "blur")]
    assert min(each.fld - 5 * each.fld_stderr for each in worse) > whole.fld
    copies = [found(np.concatenate([train[:count] + 1e-2, new[count:]])) for count in (45, 150, 447)]
    gaps, flds = [[getattr(each, name) for each in (whole, *copies)] for name in ("fld_gap", "fld")]
    assert gaps == sorted(gaps, reverse=True) and gaps[1] < gaps[0] - 5 * whole.fld_gap_stderr
    assert flds[3] > flds[0] + 10 * whole.fld_stderr
    # A tenth of copies hides among good fakes; noise is no copy.
    assert abs(flds[1] - flds[0]) < 6 * whole.fld_stderr and worse[2].fld_gap > -5


def test_threads_change_no_bit(monkeypatch):
    sets = features(1100, seed=1), features(1100, seed=2), features(2200, seed=3)
    found = []
    for threads in (1, 3):
        monkeypatch.setattr(distances, "MOST_THREADS", threads)
        monkeypatch.setattr(distances.os, "cpu_count", lambda: 8)
        found.append(divergence(*sets))
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("fake", "held_out", "train", "message"),
    [
        (features(40), features(200), features(200), "needs at least 100 images, got 40"),
        (features(200), features(40), features(200), "needs at least 100 images, got 40"),
        (features(200), features(200), features(150), "needs at least 200 images, got 150 in training features"),
        (features(200), features(200), features(200, 5), "8 and 5 dimensions"),
        (features(200), np.ones((200, 8)), features(200), "held-out images are equal"),
    ],
)
def test_refusals(fake, held_out, train, message):
    with pytest.raises(ValueError, match=f"FLD: .*{message}"):
        divergence(fake, held_out, train)
