import cv2
import numpy as np
import pytest

from ganline.metrics import image_quality as module
from ganline.metrics.image_quality import PSNR_LIMIT, nearest_similarity, sharpness, similarity


def images(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


def test_sharpness_of_one_bright_pixel():
    image = np.full((1, 5, 5, 1), 7, np.uint8)
    image[0, 2, 2] += 1
    assert sharpness(image) == pytest.approx((4**2 + 4 * 1**2) / 9)


def test_sharpness_agrees_with_opencv_whatever_the_block(monkeypatch):
    some = images(6, 20, 30, 3)
    grey = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in some]
    wanted = np.mean([cv2.Laplacian(image, cv2.CV_64F)[1:-1, 1:-1].var() for image in grey])
    assert sharpness(some) == pytest.approx(wanted)
    for block in (4000, 100):  # an image has 1,800 numbers
        monkeypatch.setattr(module, "_BLOCK", block)
        assert sharpness(some) == pytest.approx(wanted)


def test_copies_are_perfect():
    real = images(30, 40, 28, 3)  # larger than what the nearest one is looked for in
    assert nearest_similarity(real[10:15], real) == pytest.approx((1.0, PSNR_LIMIT))


def test_nearest_agrees_with_brute_force(digits):
    fakes, real = digits.train.images[:40], digits.real.images[:200]
    distances = ((fakes[:, None].astype(int) - real[None]) ** 2).sum(axis=(2, 3, 4))
    assert nearest_similarity(fakes, real) == similarity(fakes, real[distances.argmin(axis=1)])


def test_sharpness_falls_with_blur_and_rises_with_noise(digits):
    blurred, noisy, dropped = (
        [sharpness(digits.corrupted(kind, degree).images) for degree in (0, 0.3, 1)]
        for kind in ("blur", "noise", "dropped")
    )
    assert (np.diff(blurred) < 0).all()
    assert (np.diff(noisy) > 0).all()
    assert dropped[1] == pytest.approx(dropped[0], rel=0.1)


def test_nearest_similarity_falls_with_noise_and_not_with_repetition(digits):
    real = digits.real.images
    noisy = [nearest_similarity(digits.corrupted("noise", degree).images, real) for degree in (0, 0.3, 1)]
    assert (np.diff(noisy, axis=0) < 0).all()
    repeated = nearest_similarity(digits.corrupted("repeated", 0.9).images, real)
    assert repeated == pytest.approx(noisy[0], rel=0.05)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sharpness(np.zeros((2, 2, 9, 1), np.uint8)), "sharpness: .*at least 3 pixels"),
        (lambda: sharpness(np.zeros((2, 9, 9, 2), np.uint8)), "1 or 3 channels, got 2"),
        (lambda: sharpness(np.zeros((2, 9, 9, 1))), "sharpness: .*must be uint8"),
        (lambda: nearest_similarity(images(2, 10, 10, 1), images(2, 10, 10, 1)), "at least 11 pixels"),
        (lambda: nearest_similarity(images(2, 12, 12, 1), images(2, 12, 12, 3)), "nearest similarity: .*cannot be"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()
