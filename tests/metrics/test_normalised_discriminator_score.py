import numpy as np
import pytest

from ganline.metrics import normalised_discriminator_score as nrds


@pytest.fixture(scope="module")
def small(digits):
    """Half-size digits: 200 held-out ones and as many of worse and worse noise."""
    images = {degree: digits.corrupted("noise", degree).images[:200, ::2, ::2] for degree in (0, 0.3, 1)}
    real = np.ascontiguousarray(digits.real.images[:200, ::2, ::2])
    return real, [np.ascontiguousarray(made) for made in images.values()]


@pytest.fixture(scope="module")
def found(small):
    return nrds.normalised_discriminator_score(*small, seed=1)


def test_better_fakes_last_longer(found):
    assert np.all(np.diff(found.scores) < -0.1)
    assert found.scores.sum() == pytest.approx(1)


def test_curves_start_at_a_half_and_fall_for_the_bad(found):
    assert found.curves.shape == (3, 51)  # 200 images make 4 updates an epoch: 50 epochs for 200 updates
    assert found.curves[:, 0].tolist() == [0.5] * 3
    assert found.curves[2, -1] < 0.2 < found.curves[0, -1]


def test_equal_generators_share_equally_and_repeat_exactly(small, monkeypatch):
    monkeypatch.setattr(nrds, "MINIMUM_UPDATES", 1)
    real, (good, *_) = small
    first, second = (nrds.normalised_discriminator_score(real, [good, good], seed=2) for _ in range(2))
    assert first.scores == pytest.approx([0.5, 0.5], abs=1e-6)
    np.testing.assert_array_equal(first.curves, second.curves)


def test_bad_input_is_named(small):
    real, (good, *_) = small
    with pytest.raises(ValueError, match=r"as many fakes of each of one or more generators, got \[200, 100\]"):
        nrds.normalised_discriminator_score(real, [good, good[:100]], seed=1)
    with pytest.raises(ValueError, match="got \\[\\]"):
        nrds.normalised_discriminator_score(real, [], seed=1)
    with pytest.raises(ValueError, match="cannot be compared"):
        nrds.normalised_discriminator_score(real, [good[:, :7]], seed=1)
    with pytest.raises(ValueError, match="must be uint8"):
        nrds.normalised_discriminator_score(real / 255, [good], seed=1)
