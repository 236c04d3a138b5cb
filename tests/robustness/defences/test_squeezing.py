"""The squeezers are SciPy's and NumPy's, and the detector keeps to its false alarms."""

import numpy as np
import pytest
from scipy.ndimage import median_filter

from ganline.robustness.defences.squeezing import defend, median, rounded
from ganline.settings.defences import Squeezing


@pytest.mark.parametrize("size", [2, 3, 4])
def test_the_median_is_scipys(size):
    images = np.random.default_rng(0).uniform(size=(2, 7, 9, 3)).astype(np.float32)
    wanted = median_filter(images, size=(1, size, size, 1), mode="reflect")
    assert np.array_equal(median(images, size), wanted)


@pytest.mark.parametrize("bits", [1, 3, 8])
def test_so_many_shades_are_left(bits):
    shades = np.unique(rounded(np.linspace(0, 1, 10_001, dtype=np.float32), bits))
    assert len(shades) == 2**bits and shades[0] == 0 and shades[-1] == 1


def test_of_unharmed_images_it_rejects_that_share(lesson):
    defended = defend(lesson, Squeezing(bits=1, median=1, false_alarms=0.1))
    assert defended.detects(lesson.kept_back).mean() == pytest.approx(0.1, abs=0.01)
    assert np.array_equal(np.unique(defended.seen(lesson.kept_back)), [0, 1])
