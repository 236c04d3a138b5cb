import numpy as np
import pytest

from ganline.core.errors import UserError
from ganline.datasets.split import held_out, stratified


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


@pytest.mark.parametrize("fraction", [0.05, 0.2, 0.5, 0.95])
@pytest.mark.parametrize("times", [1, 2, 5])
def test_copies_of_a_picture_stay_on_one_side(times: int, fraction: float) -> None:
    random = np.random.default_rng(times)
    pictures = random.permutation(np.repeat(np.arange(60), times))
    labels = np.where(pictures < 10, np.arange(len(pictures)) % 3, pictures % 3)  # ten pictures are in three classes
    test = held_out(labels, pictures, fraction, seed=5)
    assert not set(pictures[test]) & set(pictures[~test])
    assert abs(test.sum() - fraction * len(labels)) <= 3 * times
    shares = np.bincount(labels[test], minlength=3) - fraction * np.bincount(labels)
    assert (np.abs(shares) <= max(times, 1)).all()
    if times == 1:
        assert np.array_equal(test, stratified(labels, fraction, seed=5))


def test_pictures_that_come_more_often_than_their_share_still_leave_both_sides_something() -> None:
    for pictures in ([0] * 9 + [1] * 7, [0, 0, 1, 1], [0, 0, 0, 1]):
        for fraction in (0.01, 0.5, 0.99):
            test = held_out(np.zeros(len(pictures), int), np.array(pictures), fraction, seed=1)
            assert 0 < test.sum() < len(test) and test.sum() in (pictures.count(0), pictures.count(1))


def test_copies_of_one_picture_cannot_be_split() -> None:
    with pytest.raises(UserError, match="all 5 usable images are copies of one picture"):
        held_out(np.arange(5) % 2, np.zeros(5, int), 0.5, 0)
