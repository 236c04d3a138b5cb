from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from sklearn.datasets import load_sample_images

from ganline.evaluation.translators import lpips_for
from ganline.extractors.lpips import Lpips, ready
from ganline.metrics import lpips, lpips_diversity
from ganline.metrics.lpips_diversity import MEASURE


def eye():
    """Compares images by their mean colours."""
    return SimpleNamespace(distances=lambda a, b: np.abs(a.mean((1, 2, 3)) - b.mean((1, 2, 3))) / 255)


def found(images, network=None, seed=1):
    return MEASURE.compute(SimpleNamespace(sample=SimpleNamespace(images=images), lpips=network or eye(), seed=seed))


def drawn_weights():
    random = np.random.default_rng(7)
    shapes = [(11, 3, 64), (5, 64, 192), (3, 192, 384), (3, 384, 256), (3, 256, 256)]
    convolutions = {
        f"Conv_{i}": {
            "kernel": random.normal(0, (2 / (k * k * a)) ** 0.5, (k, k, a, b)).astype("f"),
            "bias": np.zeros(b, "f"),
        }
        for i, (k, a, b) in enumerate(shapes)
    }
    heads = {f"NetLinLayer_{i}": {"Conv_0": {"kernel": np.ones(b, "f")}} for i, (_, _, b) in enumerate(shapes)}
    return {"AlexNet_0": convolutions} | heads


def pictures(count, side=32, different=None):
    random = np.random.default_rng(0)
    some = random.integers(0, 256, (different or count, 4, 4, 3)).astype(np.uint8)
    large = np.stack([cv2.resize(each, (side, side), interpolation=cv2.INTER_LINEAR) for each in some])
    return large[np.arange(count) % len(large)]


def test_it_is_the_mean_over_pairs_of_which_no_two_share_an_image():
    pairs = []
    network = SimpleNamespace(distances=lambda a, b: pairs.append((a, b)) or np.arange(len(a), dtype=np.float64))
    images = np.arange(50, dtype=np.uint8)[:, None, None, None] + np.zeros((50, 32, 32, 3), np.uint8)
    numbers = found(images, network)
    assert numbers["lpips_diversity"] == 12 and numbers["lpips_diversity_stderr"] == pytest.approx(7.36 / 5, rel=1e-3)
    assert sorted(np.concatenate(pairs[0])[:, 0, 0, 0].tolist()) == list(range(50))
    assert found(images) == found(images) != found(images, seed=2)


def test_it_falls_with_variety():
    """By a network of AlexNet's shapes: drawn weights are enough to tell pictures apart."""
    network = Lpips(drawn_weights())
    whole, few, one = (found(pictures(200, different=n), network)["lpips_diversity"] for n in (None, 2, 1))
    assert whole > 1.2 * few > one == 0


@pytest.mark.slow
def test_to_the_shipped_network_photographs_that_share_a_blur_or_a_noise_are_more_alike(tmp_path):
    network, random = ready(tmp_path / "lpips", tmp_path, (64, 64, 3)), np.random.default_rng(0)
    whole = np.stack([_part(photo, random) for photo in load_sample_images().images * 60])
    soft = np.stack([cv2.GaussianBlur(each, (0, 0), 3) for each in whole])
    loud = np.clip(whole + random.normal(0, 60, whole.shape), 0, 255).astype(np.uint8)
    real, blurred, noisy = (found(images, network) for images in (whole, soft, loud))
    for alike in (blurred, noisy):
        assert alike["lpips_diversity"] < real["lpips_diversity"] - 2 * real["lpips_diversity_stderr"]


def _part(photo, random):
    y, x = (random.integers(0, size - 64) for size in photo.shape[:2])
    return photo[y : y + 64, x : x + 64]


def test_refusals():
    with pytest.raises(ValueError, match="LPIPS diversity: needs at least 20 images, got 19"):
        found(pictures(19))
    with pytest.raises(ValueError, match="LPIPS diversity: no network to be had"):
        found(pictures(40), "no network to be had")


def test_its_network_is_fetched_only_for_who_looks_through_it_and_can():
    assert lpips_for([lpips.MEASURE], frozenset({"labels"}), (64, 64, 3)) is None
    assert "31 pixels a side or more, and these are (28, 28, 1)" in lpips_for([MEASURE], frozenset(), (28, 28, 1))
    assert lpips_for([], frozenset({"pairs"}), (64, 64, 3)) is None
    assert lpips_diversity.MEASURE.lpips and lpips.MEASURE.lpips
