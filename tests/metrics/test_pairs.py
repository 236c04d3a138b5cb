"""Outputs against their true partners."""

from types import SimpleNamespace

import numpy as np
import pytest

from ganline.metrics import l1, lpips, pair_ms_ssim, psnr, ssim
from ganline.metrics.pairs import per_pair

ALL = (l1, psnr, ssim, pair_ms_ssim, lpips)


class Eye:
    """Stands in for LPIPS: the difference of the first pixels."""

    def distances(self, first, second):
        return np.abs(first[:, 0, 0, 0].astype(float) - second[:, 0, 0, 0])


def case(outputs, targets, eye="no network to be had"):
    return SimpleNamespace(sample=SimpleNamespace(images=outputs), real=SimpleNamespace(images=targets), lpips=eye)


def noise(seed, *shape):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("module", ALL)
def test_equal_images_are_best_and_worse_ones_worse_in_grey_and_colour(module, channels):
    targets = noise(0, 6, 40, 40, channels)
    near = np.clip(targets.astype(int) + noise(1, *targets.shape) // 20, 0, 255).astype(np.uint8)
    found = [
        module.MEASURE.compute(case(outputs, targets, Eye()))[module.MEASURE.name]
        for outputs in (targets, near, noise(2, *targets.shape))
    ]
    number = module.MEASURE.numbers[module.MEASURE.name]
    assert found == sorted(found, reverse=number.better == "higher") and len(set(found)) == 3
    assert found[0] == pytest.approx({"l1": 0, "psnr": 58.92, "lpips": 0}.get(module.MEASURE.name, 1), abs=0.01)


def test_means_and_standard_errors_are_over_the_pairs():
    targets = np.zeros((4, 3, 3, 1), np.uint8)
    outputs = targets + np.array([0, 51, 102, 51], np.uint8)[:, None, None, None]
    found = l1.MEASURE.compute(case(outputs, targets))
    assert found == pytest.approx({"l1": 0.2, "l1_stderr": np.std([0, 0.2, 0.4, 0.2], ddof=1) / 2})
    assert psnr.MEASURE.compute(case(outputs[1:2].repeat(2, 0), targets[:2]))["psnr"] == pytest.approx(13.979, abs=1e-3)


def test_pairs_are_not_shuffled():
    targets = noise(0, 5, 12, 12, 3)
    assert l1.MEASURE.compute(case(targets[::-1], targets))["l1"] > 0.2


@pytest.mark.parametrize(
    ("module", "side", "reason"),
    [
        (ssim, 10, "SSIM: images must be at least 11 pixels a side, got .10, 10"),
        (pair_ms_ssim, 10, "MS-SSIM: images must be at least 11 pixels a side, got .10, 10"),
        (lpips, 40, "LPIPS: no network to be had"),
    ],
)
def test_what_a_measure_lacks_is_a_reason_and_no_number(module, side, reason):
    with pytest.raises(ValueError, match=reason):
        module.MEASURE.compute(case(noise(0, 3, side, side, 3), noise(1, 3, side, side, 3)))


def test_what_is_no_set_of_pairs_is_refused():
    targets = noise(0, 5, 12, 12, 3)
    with pytest.raises(ValueError, match="l1: compares images in pairs, got 4 and 5"):
        per_pair(targets[:4], targets, "l1", l1.l1)
    with pytest.raises(ValueError, match="needs at least 2 images, got 1"):
        per_pair(targets[:1], targets[:1], "l1", l1.l1)
    with pytest.raises(ValueError, match=r"images of \(12, 12, 3\) and \(12, 12, 1\) cannot be compared"):
        per_pair(targets, targets[..., :1], "l1", l1.l1)
