import numpy as np
import pytest

from ganline.datasets.split import stratified
from ganline.errors import UserError


@pytest.mark.parametrize("fraction", [0.01, 0.1, 1 / 3, 0.5, 0.99])
@pytest.mark.parametrize("sizes", [[2], [1, 1], [4] * 50, [1, 10, 1000], [7, 13, 3, 29]])
def test_every_class_gives_its_share(sizes: list[int], fraction: float) -> None:
    labels = np.random.default_rng(1).permutation(np.repeat(np.arange(len(sizes)), sizes))
    test = stratified(labels, fraction, seed=5)
    total = min(max(round(len(labels) * fraction), 1), len(labels) - 1)
    assert test.sum() == total
    taken = np.bincount(labels[test], minlength=len(sizes))
    assert (np.abs(taken - np.array(sizes) * fraction) < 1 + 1e-9).all()


def test_the_largest_remainder_comes_first() -> None:
    labels = np.repeat([0, 1, 2], [10, 10, 16])
    assert np.bincount(labels[stratified(labels, 0.1, seed=0)]).tolist() == [1, 1, 2]


def test_the_choice_depends_on_the_seed_alone() -> None:
    labels = np.repeat([0, 1], 50)
    first, again, other = (stratified(labels, 0.2, seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    # Golden: a change of the draw would silently move images between training and test.
    assert np.flatnonzero(first)[:5].tolist() == [3, 8, 9, 11, 13]


def test_too_few_images_are_refused() -> None:
    with pytest.raises(UserError, match="1 usable image"):
        stratified(np.zeros(1, int), 0.5, 0)
