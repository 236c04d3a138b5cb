"""A judge of single channels, where images are stacks of three."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from ganline.extractors import classifier as classifying
from ganline.extractors.classifier import classifier, joined, train_stacked
from ganline.extractors.loading import load
from ganline.settings.schema import Extractor as Settings

SETTINGS = Settings(kind="classifier", beside=None, epochs=1, batch_size=64, learning_rate=4e-3, weights=None)
DIGITS = [str(digit) for digit in range(10)]
NAMES = [f"{number:03}" for number in range(1000)]


@pytest.fixture(scope="module")
def stacks():
    """1,500 stacks of the first digits and 100 of others, uint8 (N, 8, 8, 3), with their classes."""
    data = load_digits()
    rows = np.random.default_rng(0).integers(0, 1400, (1600, 3))
    rows[1500:] = rows[1500:] % 397 + 1400
    images = np.moveaxis(np.rint(data.images * (255 / 16)).astype(np.uint8)[rows], 1, -1)
    return images, (data.target[rows] @ [100, 10, 1]).astype(np.int32)


def test_it_learns_single_channels_and_knows_a_thousand_classes(stacks, monkeypatch, tmp_path):
    monkeypatch.setattr(classifying, "MINIMUM_STEPS", 92)
    images, labels = stacks
    trained = train_stacked(images[:1500], labels[:1500], NAMES, DIGITS, SETTINGS, seed=1)
    said = trained.extract(images[1500:])
    assert said.features.shape == (100, 192) and said.probabilities.shape == (100, 1000)
    found = said.probabilities.argmax(axis=1)
    channels = [np.mean(found // place % 10 == labels[1500:] // place % 10) for place in (100, 10, 1)]
    assert min(channels) > 0.85
    np.testing.assert_allclose(said.probabilities.sum(axis=1), 1, rtol=1e-4)

    trained.save(tmp_path)
    again = load(tmp_path)
    for one, other in zip(said, again.extract(images[1500:]), strict=True):
        np.testing.assert_array_equal(one, other)
    assert again.facts["classes"] == NAMES and "classes" in again.abilities
    assert again.spatial(images[:2]).shape == trained.spatial(images[:2]).shape


def test_a_class_is_as_likely_as_its_channels_are_together(stacks):
    images = stacks[0][:5].astype(np.float32)
    single = classifier((8, 8, 1), DIGITS[:4])
    features, logits, maps = joined(single, 3)(images)
    parts = [single(images[..., channel : channel + 1]) for channel in range(3)]
    each = [np.exp(one[1]) / np.exp(one[1]).sum(axis=1, keepdims=True) for one in parts]
    product = np.einsum("na,nb,nc->nabc", *each).reshape(5, 64)
    likely = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(likely, product, rtol=1e-4)
    np.testing.assert_allclose(features, np.concatenate([one[0] for one in parts], axis=1), rtol=1e-5)
    for channel in range(3):  # the first maps are of all channels
        np.testing.assert_allclose(maps[..., channel], parts[channel][2][..., 0], rtol=1e-5)
