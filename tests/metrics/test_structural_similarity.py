import numpy as np
import pytest
import tensorflow as tf
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from ganline.metrics import structural_similarity as module
from ganline.metrics.structural_similarity import WEIGHTS, ms_ssim, psnr, scales_that_fit, ssim


def pairs(*shape):
    random = np.random.default_rng(0)
    first = random.integers(0, 256, shape)
    return first.astype(np.uint8), np.clip(first + random.normal(0, 40, shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("shape", [(12, 28, 28, 1), (3, 11, 11, 3), (3, 40, 25, 3)])
def test_agrees_with_scikit_image(shape):
    first, second = pairs(*shape)
    settings = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255}
    both = list(zip(first, second, strict=True))
    wanted = [structural_similarity(x, y, channel_axis=-1, **settings) for x, y in both]
    np.testing.assert_allclose(ssim(first, second), wanted, rtol=0, atol=1e-9)
    wanted = [peak_signal_noise_ratio(x, y, data_range=255) for x, y in both]
    np.testing.assert_allclose(psnr(first, second), wanted, rtol=0, atol=1e-9)


@pytest.mark.parametrize(("side", "scales"), [(32, 2), (176, 5)])
def test_multiscale_agrees_with_tensorflow(side, scales):
    first, second = pairs(3, side, side, 3)
    weights = WEIGHTS[:scales] / WEIGHTS[:scales].sum()
    wanted = tf.image.ssim_multiscale(first, second, 255, power_factors=weights.tolist()).numpy()
    found = ms_ssim(first, second)
    assert found.scales == scales
    np.testing.assert_allclose(found.values, wanted, rtol=0, atol=2e-5)  # TensorFlow works in float32


@pytest.mark.parametrize(
    ("side", "scales"), [(10, 0), (11, 1), (21, 1), (22, 2), (28, 2), (175, 4), (176, 5), (999, 5)]
)
def test_small_images_have_fewer_scales(side, scales):
    assert scales_that_fit(side, side + 7) == scales_that_fit(side + 7, side) == scales


def test_blocks_change_nothing(monkeypatch):
    first, second = pairs(7, 24, 30, 3)
    whole = ssim(first, second), ms_ssim(first, second).values, psnr(first, second)
    monkeypatch.setattr(module, "_BLOCK", 2 * first[0].size)
    for before, now in zip(
        whole, (ssim(first, second), ms_ssim(first, second).values, psnr(first, second)), strict=True
    ):
        np.testing.assert_array_equal(before, now)


def test_equal_and_opposite_images():
    first = np.random.default_rng(0).choice([0, 255], (4, 28, 28, 1)).astype(np.uint8)
    assert ssim(first, first) == pytest.approx(np.ones(4))
    assert ms_ssim(first, first).values == pytest.approx(np.ones(4))
    assert np.isinf(psnr(first, first)).all()
    assert (ssim(first, 255 - first) < -0.5).all()
    assert (ms_ssim(first, 255 - first).values == 0.0).all()


def test_constant_images_have_closed_forms():
    first, second = (np.full((1, 16, 16, 3), value, np.uint8) for value in (100, 110))
    luminance = (2 * 100 * 110 + 2.55**2) / (100**2 + 110**2 + 2.55**2)
    assert ssim(first, second) == pytest.approx(luminance)
    assert ms_ssim(first, second).values == pytest.approx(luminance)
    assert psnr(first, second) == pytest.approx(10 * np.log10(255**2 / 100))


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (np.zeros((2, 10, 28, 1), np.uint8), np.zeros((2, 10, 28, 1), np.uint8), "at least 11 pixels a side"),
        (np.zeros((2, 28, 28, 1), np.uint8), np.zeros((3, 28, 28, 1), np.uint8), "in pairs, got 2 and 3"),
        (np.zeros((2, 28, 28, 1)), np.zeros((2, 28, 28, 1)), "must be uint8"),
        (np.zeros((0, 28, 28, 1), np.uint8), np.zeros((0, 28, 28, 1), np.uint8), "at least 1 images"),
    ],
)
def test_refusals(first, second, message):
    for measure, name in [(ssim, "SSIM"), (ms_ssim, "MS-SSIM")]:
        with pytest.raises(ValueError, match=f"{name}: .*{message}"):
            measure(first, second)
