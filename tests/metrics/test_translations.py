"""Measures of translators that know no true partners: cycles, what they hide, identity, edges."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from ganline.diagnosis import edges
from ganline.metrics import cycle_error, edge_agreement, identity_error, steganography
from ganline.metrics.record import Case, Sample
from tests.two_ways import Collapsed, Copying, Hiding, Strangers, TwoWays, discs, squares

INPUTS, TARGETS = discs(60, 0), squares(60, 1)


def sample(images):
    return Sample(images, *np.zeros((2, len(images), 2), np.float32))


def case(maker, inputs=INPUTS, targets=TARGETS):
    return Case(
        sample(maker.translate(inputs)), sample(targets), sample(targets), None, 1, maker=maker,
        abilities=maker.abilities, inputs=inputs,
    )  # fmt: skip


def numbers(measure, maker, *images):
    return measure.MEASURE.compute(case(maker, *images))


def test_cycle_error_is_what_does_not_come_back_in_both_directions():
    assert numbers(cycle_error, TwoWays()) == dict.fromkeys(cycle_error.MEASURE.numbers, 0.0)

    class Darker(TwoWays):
        def translate(self, images, progress=None):
            return 255 - images // 2

        def translate_back(self, images, progress=None):
            return 255 - images

    found = numbers(cycle_error, Darker())
    assert found["cycle_l1"] == pytest.approx(np.mean(INPUTS - INPUTS // 2) / 255)
    assert found["cycle_back_l1"] == pytest.approx(
        np.mean(np.abs(255 - (255 - TARGETS) // 2 - TARGETS.astype(int))) / 255
    )
    assert found["cycle_l1_stderr"] > 0


def test_identity_error_is_what_changes_of_images_that_are_right_already():
    assert numbers(identity_error, Copying()) == dict.fromkeys(identity_error.MEASURE.numbers, 0.0)
    found = numbers(identity_error, TwoWays())
    assert found["identity_l1"] == pytest.approx(np.abs(255 - 2.0 * TARGETS).mean() / 255)
    assert found["identity_back_l1"] == pytest.approx(np.abs(255 - 2.0 * INPUTS).mean() / 255)
    one_way = SimpleNamespace(translate=TwoWays().translate, abilities=frozenset({"inputs", "unpaired"}))
    assert set(numbers(identity_error, one_way)) == {"identity_l1", "identity_l1_stderr"}


def test_images_of_another_form_have_no_identity_error():
    with pytest.raises(
        ValueError, match=r"shape \(32, 32, 3\), cannot be given in place of inputs of shape \(32, 32, 1\)"
    ):
        numbers(identity_error, TwoWays(), INPUTS[..., :1])


def test_what_hides_its_input_loses_it_to_a_faint_noise_and_what_shows_it_does_not():
    honest, hiding = numbers(steganography, TwoWays()), numbers(steganography, Hiding())
    # Both bring back nearly all; by the cycle error the one that hides is no worse than many an honest one.
    assert numbers(cycle_error, Hiding())["cycle_l1"] < 0.15
    assert honest["hidden_share"] < 0.15 and honest["hidden_gain"] <= 1.05
    assert hiding["hidden_share"] > 0.9 and hiding["hidden_gain"] > 5
    assert honest["hidden_back_share"] < 0.15


@pytest.mark.parametrize("maker", [Collapsed(), Strangers()])
def test_of_what_never_comes_back_nothing_is_hidden(maker):
    assert numbers(steganography, maker)["hidden_share"] == 0


def test_edges_agree_where_shapes_stay_whatever_their_colours_and_contrast():
    negative, faint = 255 - INPUTS, (INPUTS // 3 + 100).astype(np.uint8)
    for outputs in (INPUTS, negative, faint):
        assert edges.edge_agreement(outputs, INPUTS).mean() > 0.97
    moved = np.roll(INPUTS, (9, 7), axis=(1, 2))
    by_chance = edges.edge_agreement(np.roll(INPUTS, 1, axis=0), INPUTS).mean()
    assert edges.edge_agreement(moved, INPUTS).mean() < 0.6 and by_chance < 0.6
    flat = np.random.default_rng(0).integers(118, 122, INPUTS.shape).astype(np.uint8)  # noise is no edge
    assert edges.edge_agreement(flat, INPUTS).max() == 0


def test_an_edge_within_the_tolerance_is_found_and_one_beyond_is_not():
    """A line of 400 x 400 pixels may be .75 % of the diagonal away: 4.2 pixels."""
    images = np.zeros((3, 400, 400, 1), np.uint8)
    for image, at in zip(images, (200, 204, 210), strict=True):
        image[:, at] = 255
    near, far = edges.edge_agreement(images[[1, 2]], images[[0, 0]])
    assert near > 0.95 and far < 0.05


def test_edges_stand_beside_chance_and_inputs_without_any_are_left_out():
    found = numbers(edge_agreement, TwoWays())
    assert found["edge_agreement"] > 0.97 > 0.6 > found["edge_agreement_chance"]
    blank = np.concatenate([INPUTS[:5], np.full_like(INPUTS[:5], 90)])
    assert numbers(edge_agreement, TwoWays(), blank)["edge_agreement"] > 0.97
    with pytest.raises(ValueError, match="0 of 60 inputs have an edge"):
        numbers(edge_agreement, TwoWays(), np.full_like(INPUTS, 90))
    grey_small = np.stack([cv2.resize(cv2.cvtColor(one, cv2.COLOR_RGB2GRAY), (16, 16)) for one in INPUTS])[..., None]
    of_another_form = Case(sample(255 - INPUTS), sample(TARGETS), sample(TARGETS), None, 1, inputs=grey_small)
    assert edge_agreement.MEASURE.compute(of_another_form)["edge_agreement"] > 0.6
