import numpy as np
import pytest

from ganline.report.plots import COLOURS, curves, heat, histograms, rates, scatter


def inked(picture, colour):
    """Where a picture has just this colour."""
    wanted = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    return (np.abs(picture.astype(int) - wanted) <= 3).all(axis=2)


def test_shares_lie_at_their_places_in_rows_that_grow():
    found = rates(["a", "b", "c"], {"edits": [(0.9, (0.8, 0.95)), (0.1, (0, 0.2)), (0.5, (0.4, 0.6))]})
    rows, columns = np.nonzero(inked(found, COLOURS[0]))
    third = [columns[(rows >= low) & (rows < high)].mean() for low, high in _thirds(rows)]
    assert third[0] > third[2] > third[1]
    assert rates(["a"] * 9, {"edits": [(0.5, (0.4, 0.6))] * 9}).shape[0] > found.shape[0]
    assert np.array_equal(
        found, rates(["a", "b", "c"], {"edits": [(0.9, (0.8, 0.95)), (0.1, (0, 0.2)), (0.5, (0.4, 0.6))]})
    )


def _thirds(rows):
    edges = np.linspace(rows.min(), rows.max() + 1, 4)
    return list(zip(edges[:-1], edges[1:], strict=True))


def test_a_map_is_orange_above_zero_and_blue_below():
    for value, warm in ((1.0, True), (-1.0, False)):
        found = heat(np.full((2, 3), value), ["a", "b"], ["x", "y", "z"], "deviations").astype(int)
        middle = found[found.shape[0] // 3, found.shape[1] // 3]
        assert (middle[0] > middle[2]) == warm
    assert heat(np.zeros((2, 100)), ["a", "b"], [str(i) for i in range(100)], "").shape[2] == 3


@pytest.mark.parametrize(
    "picture",
    [
        lambda: histograms({"a": np.arange(9.0), "b": np.ones(4)}, "x", (2.0, "mark")),
        lambda: curves([0, 1], {"a": [0.2, 0.4]}, "x"),
        lambda: scatter(np.eye(2), np.array([0, 1]), ["a", "b"], ("x", "y")),
    ],
    ids=["histograms", "curves", "scatter"],
)
def test_charts_are_pictures_with_colour(picture):
    found = picture()
    assert found.dtype == np.uint8 and found.ndim == 3 and inked(found, COLOURS[0]).sum() > 20 or found.std() > 5
