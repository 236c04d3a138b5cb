import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from ganline.metrics import image_statistics as module
from ganline.metrics.image_statistics import (
    brightness_distance,
    contrast_distance,
    gradient_distance,
    saturation_distance,
    spectrum_distance,
)

EACH = (
    spectrum_distance,
    gradient_distance,
    brightness_distance,
    contrast_distance,
    saturation_distance,
)


def noise(deviation, shape=(2000, 16, 23, 1), seed=0):
    values = np.random.default_rng(seed).normal(128, deviation, shape)
    return np.clip(values.round(), 0, 255).astype(np.uint8)


def constant(*pixel):
    return np.full((3, 8, 8, len(pixel)), pixel, np.uint8)


def test_equal_sets_are_at_distance_0_in_any_order_and_block(monkeypatch):
    images = noise(60, (50, 12, 15, 3))
    other = noise(50, (40, 12, 15, 3), seed=1)
    found = [np.array(measure(images, other)) for measure in EACH]
    monkeypatch.setattr(module, "_BLOCK", 2000)
    for measure, before in zip(EACH, found, strict=True):
        assert np.max(measure(images, images[::-1])) == pytest.approx(0, abs=1e-12)
        assert np.array(measure(images, other)) == pytest.approx(before)


def test_images_larger_than_a_block_are_compared(monkeypatch):
    images, other = noise(60, (3, 12, 15, 3)), noise(50, (4, 12, 15, 3), seed=1)
    found = [np.array(measure(images, other)) for measure in EACH]
    monkeypatch.setattr(module, "_BLOCK", 200)  # an image has 540 numbers
    assert [np.array(measure(images, other)) for measure in EACH] == [pytest.approx(before) for before in found]


def test_white_noise_has_a_flat_spectrum():
    # Twice the deviation is 6.02 dB more at every frequency.
    assert spectrum_distance(noise(12), noise(24, seed=1)) == pytest.approx((6.02, 6.02), abs=0.15)


def test_a_spectrum_without_power_is_that_of_rounding():
    # White noise of variance 144 above a floor of 1/12.
    expected = 10 * np.log10((144 + 1 / 12) / (1 / 12))
    found = spectrum_distance(noise(12), np.zeros((5, 16, 23, 1), np.uint8))
    assert found.all == pytest.approx(expected, abs=0.5)  # the mean of a logarithm is less than that of a mean


@pytest.mark.parametrize(("side", "cycles"), [(16, 3), (17, 5), (28, 9)])
def test_a_wave_is_found_at_its_frequency(side, cycles):
    wave = 128 + 100 * np.cos(2 * np.pi * cycles * np.arange(side) / side)
    for image in (np.tile(wave, (side, 1)), np.tile(wave, (side, 1)).T):
        assert module._mean_log_spectrum(image.astype(np.uint8)[None, ..., None]).argmax() == cycles - 1


def test_a_checkerboard_shows_in_the_high_frequencies():
    plain = noise(8)
    board = (np.indices((16, 23)).sum(axis=0) % 2 * 16)[None, :, :, None].astype(np.uint8)
    found = spectrum_distance(plain + board, plain)
    assert found.high > 2 * found.all > 0.5


def test_gradients_of_ramps():
    rows, columns = np.indices((9, 12))
    flat, ramp = np.full((2, 9, 12, 1), 50, np.uint8), (3 * rows + 4 * columns).astype(np.uint8)[None, ..., None]
    assert gradient_distance(flat, ramp) == pytest.approx(5 / 255)


def test_gradient_distance_agrees_with_scipy():
    def magnitudes(images):
        values = images[..., 0].astype(float)
        return np.hypot(np.diff(values, axis=1)[:, :, :-1], np.diff(values, axis=2)[:, :-1]).ravel()

    first, second = noise(60, (5, 12, 15, 1)), noise(100, (4, 12, 15, 1), seed=1)
    wanted = wasserstein_distance(magnitudes(first), magnitudes(second)) / 255
    assert gradient_distance(first, second) == pytest.approx(wanted)


def test_brightness_contrast_and_saturation_by_hand():
    assert brightness_distance(constant(100), constant(120)) == pytest.approx(20 / 255)
    assert brightness_distance(constant(255, 0, 0), constant(0, 0, 0)) == pytest.approx(0.299, abs=1 / 255)
    assert contrast_distance(constant(100), constant(120)) == 0.0
    half = np.zeros((1, 8, 8, 1), np.uint8)
    half[:, :4] = 90
    assert contrast_distance(half, constant(7)) == pytest.approx(45 / 255)
    assert saturation_distance(constant(200, 50, 100), constant(70, 70, 70)) == pytest.approx(0.75)
    assert saturation_distance(constant(0, 0, 0), constant(9, 9, 9)) == 0.0


def test_blur_and_noise_show(digits):
    real = digits.real.images
    samples = {kind: [digits.corrupted(kind, degree).images for degree in (0, 0.3, 1)] for kind in ("blur", "noise")}
    for kind in samples:
        spectra = [spectrum_distance(sample, real) for sample in samples[kind]]
        assert (np.diff([spectrum.all for spectrum in spectra]) > 0).all()
        assert spectra[1].high > 10 * spectra[0].high  # more blur hardly lowers what is near rounding already
        assert (np.diff([gradient_distance(sample, real) for sample in samples[kind]]) > 0).all()
    assert (np.diff([brightness_distance(sample, real) for sample in samples["noise"]]) > 0).all()
    assert (np.diff([contrast_distance(sample, real) for sample in samples["blur"]]) > 0).all()


def test_repetition_does_not_show(digits):
    real, repeated = digits.real.images, digits.corrupted("repeated", 0.6).images
    slightly_blurred = digits.corrupted("blur", 0.3).images
    for measure in (spectrum_distance, gradient_distance, contrast_distance):
        assert np.mean(measure(repeated, real)) < np.mean(measure(slightly_blurred, real)) / 5


@pytest.mark.parametrize("measure", EACH)
def test_refusals(measure):
    with pytest.raises(ValueError, match="distance: .*cannot be compared"):
        measure(np.zeros((2, 8, 8, 3), np.uint8), np.zeros((2, 9, 8, 3), np.uint8))
    with pytest.raises(ValueError, match="distance: .*must be uint8"):
        measure(np.zeros((2, 8, 8, 3)), np.zeros((2, 8, 8, 3)))
    with pytest.raises(ValueError, match="channels, got 2"):
        measure(np.zeros((2, 8, 8, 2), np.uint8), np.zeros((2, 8, 8, 2), np.uint8))
    tiny = np.zeros((2, 1, 9, 3), np.uint8)
    if measure in (spectrum_distance, gradient_distance):
        with pytest.raises(ValueError, match="pixels a side"):
            measure(tiny, tiny)
