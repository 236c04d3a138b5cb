"""Measures of what was enlarged, and of holes that were filled."""

from types import SimpleNamespace

import numpy as np
import pytest

from ganline.metrics import hole_l1, psnr_y, ssim_y
from ganline.metrics.luminance import luminance
from ganline.metrics.structural_similarity import psnr, ssim


def case(outputs, targets, inputs):
    return SimpleNamespace(
        sample=SimpleNamespace(images=outputs), real=SimpleNamespace(images=targets), given_images=inputs
    )


def noise(seed, *shape):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def test_luminance_is_that_of_matlab():
    colours = [[255, 255, 255], [0, 0, 0], [255, 0, 0], [0, 255, 0], [0, 0, 255], [128, 64, 200]]
    found = luminance(np.array(colours, np.uint8).reshape(1, 2, 3, 3))
    # rgb2ycbcr's figures: white 235, black 16, the primaries of a colour bar 81, 145, 41.
    assert found.dtype == np.uint8 and found.ravel().tolist() == [235, 16, 81, 145, 41, 101]
    grey = noise(0, 2, 4, 4, 1)
    np.testing.assert_array_equal(luminance(grey), grey)


@pytest.mark.parametrize(("module", "compare"), [(psnr_y, psnr), (ssim_y, ssim)])
def test_they_are_of_luminance_without_a_border_as_wide_as_the_scale(module, compare):
    targets, inputs = noise(0, 3, 32, 32, 3), noise(1, 3, 8, 8, 3)
    outputs = np.clip(targets.astype(int) + noise(2, *targets.shape) // 8, 0, 255).astype(np.uint8)
    found = module.MEASURE.compute(case(outputs, targets, inputs))
    inner = [luminance(images)[:, 4:-4, 4:-4] for images in (outputs, targets)]
    assert found[module.MEASURE.name] == pytest.approx(compare(*inner).mean())
    outputs[:, :4], outputs[:, :, -4:] = 0, 255
    assert module.MEASURE.compute(case(outputs, targets, inputs)) == found
    assert module.MEASURE.protocol(case(outputs, targets, inputs))["border"] == 4
    with pytest.raises(ValueError, match="nothing is left of 8 pixels without a border of 4"):
        module.MEASURE.compute(case(outputs[:, :8, :8], targets[:, :8, :8], inputs[:, :2, :2]))


def test_only_the_hole_counts():
    targets = noise(0, 4, 16, 16, 3) // 2
    inputs = np.concatenate([targets, np.full((4, 16, 16, 1), 255, np.uint8)], axis=3)
    inputs[:, 3:7, 5:9, 3] = 0
    outputs = targets.copy()
    outputs[:, 3:7, 5:9] += 51
    outputs[:, 10:] = 255
    found = hole_l1.MEASURE.compute(case(outputs, targets, inputs))
    assert found == {"hole_l1": pytest.approx(0.2), "hole_l1_stderr": pytest.approx(0, abs=1e-9)}
