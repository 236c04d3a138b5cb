"""The probe on real digits: what it claims to see, and what it says of data that allows no comparison."""

import cv2
import numpy as np
import pytest
from sklearn.datasets import load_digits

from ganline.diagnosis.probe import FIXED, IMAGES, CannotJudgeError, Drawn, Probe, _structure, pixels

DIGITS = (load_digits().images * 15.9375).astype(np.uint8)[..., None]
LABELS = load_digits().target
REAL, FRESH = DIGITS[:1200], DIGITS[1200:]


def describe(images):
    """Pixels, and the class of the nearest real image."""
    features, _ = pixels(images)
    nearest = [np.argmin(((DIGITS.reshape(-1, 64) / 255.0 - row) ** 2).sum(1)) for row in features]
    return features, np.eye(10)[LABELS[nearest]]


def drawn(images, nudged=None):
    images = np.resize(images, (IMAGES, *images.shape[1:]))
    fixed = images[:FIXED]
    return Drawn(images, fixed, fixed if nudged is None else nudged)


@pytest.fixture(scope="module")
def probe():
    return Probe(REAL, describe, seed=1)


def test_real_images_look_real(probe):
    found = probe.measure(drawn(FRESH))
    assert found["frechet"] < 2.5 and found["precision"] > 0.6 and found["coverage"] > 0.6
    for name in ("spread", "pixel_spread", "rank", "likeness"):
        assert found[name] == pytest.approx(1, abs=0.15), name
    assert found["duplicates"] < 0.2 and abs(found["class_entropy"]) < 0.3 and found["classes"] == 1


def test_a_collapse_shows_in_variety(probe):
    few = [probe.measure(drawn(FRESH[:count])) for count in (300, 20, 3, 1)]
    for name in ("spread", "rank", "coverage", "classes", "class_entropy"):
        values = [found[name] for found in few]
        assert values[0] > values[2] >= values[3], name
    duplicates = [found["duplicates"] for found in few]
    assert duplicates[0] < 0.5 and duplicates[1:] == [1, 1, 1]
    assert few[-1]["spread"] < 1e-9 and few[-1]["pixel_spread"] < 1e-9 and few[-1]["rank"] < 0.1
    assert few[-1]["precision"] == 1  # one image that looks real: the probe says so, and that it is one


def test_repeated_images_show_although_the_data_repeats_itself():
    twice = Probe(np.concatenate([REAL[:120], REAL[:120]]), describe, seed=1)
    assert twice.measure(drawn(FRESH[:20]))["duplicates"] == 1
    assert twice.measure(drawn(FRESH))["duplicates"] < 0.2


def test_noise_shows_in_quality(probe):
    noise = np.random.default_rng(0).integers(0, 256, FRESH.shape, np.uint8)
    by_degree = [probe.measure(drawn((FRESH * (1 - share) + noise * share).astype(np.uint8))) for share in (0, 0.4, 1)]
    frechet, precision = ([found[name] for found in by_degree] for name in ("frechet", "precision"))
    assert frechet[0] < frechet[1] < frechet[2] and precision[0] > precision[1] > precision[2] == 0
    assert by_degree[2]["duplicates"] < 0.1 and by_degree[2]["pixel_spread"] > 0.8


def test_likeness_tells_a_few_images_from_noise_from_averages(probe):
    noise = np.random.default_rng(0).integers(0, 256, FRESH.shape, np.uint8)
    average = FRESH.mean(axis=0, keepdims=True).astype(np.uint8)
    dimmed = FRESH // 2 + 60  # contrast and brightness are no matter of likeness

    def likeness(images):
        return probe.measure(drawn(images))["likeness"]

    assert likeness(FRESH[:1]) > 0.8 and likeness(dimmed) == pytest.approx(likeness(FRESH), abs=0.02)
    assert likeness(noise) < likeness(average) < likeness(FRESH)
    assert likeness(np.full_like(FRESH, 9)) == 0


def test_large_images_are_shrunk_for_likeness():
    large = np.stack([cv2.resize(image, (100, 60)) for image in FRESH])[..., None].repeat(3, axis=-1)
    assert _structure(large).shape == (len(FRESH), 32 * 19 * 3)
    assert _structure(FRESH).shape == (len(FRESH), 64)


def test_sensitivity_and_drift(probe):
    fixed, moved = FRESH[:FIXED], FRESH[FIXED : 2 * FIXED]
    probe.restore({})
    first = probe.measure(drawn(FRESH, nudged=moved))
    assert np.isnan(first["drift"]) and 0.8 < first["sensitivity"] < 1.2
    state = probe.state()
    same = probe.measure(drawn(FRESH, nudged=fixed))
    assert same["drift"] == same["sensitivity"] == 0
    probe.restore(state)
    assert probe.measure(drawn(np.roll(FRESH, 100, axis=0)))["drift"] > 0.5


def test_of_a_thousand_classes_as_many_are_seen_as_among_real_images():
    def describe_many(images):
        numbers = images.reshape(len(images), -1).astype(int).sum(axis=1) * 7919 % 1000
        return pixels(images)[0], np.eye(1000)[numbers]

    probe = Probe(REAL, describe_many, seed=1)
    assert probe.measure(drawn(FRESH))["classes"] == pytest.approx(1, abs=0.15)
    assert probe.measure(drawn(FRESH[:20]))["classes"] < 0.2


def test_without_classes():
    assert "classes" not in Probe(REAL, pixels, seed=1).measure(drawn(FRESH))


@pytest.mark.parametrize(
    ("images", "reason"),
    [(np.full((500, 8, 8, 1), 7, np.uint8), "only 1 differ"), (DIGITS[:10], "of 10 training images looked at only 10")],
)
def test_data_that_allows_no_comparison(images, reason):
    with pytest.raises(CannotJudgeError, match=reason):
        Probe(images, pixels, seed=1)


def test_samples_without_numbers_and_tiny_data_do_not_break_it():
    probe = Probe(DIGITS[:30], pixels, seed=1)
    probe._describe = lambda images: (np.full((len(images), 64), np.nan), None)
    found = probe.measure(drawn(FRESH))
    assert found["precision"] == 0 and found["spread"] == 0 and np.isfinite(found["frechet"])
