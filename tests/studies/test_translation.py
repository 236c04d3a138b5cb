"""The study of a translator, on pairs whose distances are known."""

import dataclasses

import numpy as np
import pytest

from ganline.studies.translation import examples, measure
from ganline.studies.translation.base import Translations
from tests.before import lose_lpips


@pytest.fixture
def made():
    """20 pairs; the output of the i-th, in an order of its own, is i levels from its target."""
    random = np.random.default_rng(0)
    targets = random.integers(0, 200, (20, 64, 64, 3), np.uint8)
    apart = random.permutation(20)
    outputs = targets + apart[:, None, None, None].astype(np.uint8)
    baselines = {"copied": np.full(20, 4.5), "mean_colour": np.full(20, 100.0)}
    return Translations(targets[..., :1], outputs, targets, "L1", apart.astype(float), baselines, 1)


def test_best_median_and_worst_are_shown_beside_their_targets(made):
    found = examples.find(made)
    assert list(found.figures) == ["best", "median", "worst"]
    by_distance = np.argsort(made.distances)
    np.testing.assert_array_equal(found.figures["worst"].image, examples.rows(made, by_distance[::-1][:6]))
    np.testing.assert_array_equal(found.figures["median"].image, examples.rows(made, by_distance[7:13]))
    assert "20 held-out pairs" in found.figures["best"].caption


def test_a_row_is_input_output_target_difference(made):
    picture = examples.rows(made, np.array([3]))
    left = picture.shape[1] - (4 * 66 - 2)
    cells = [picture[-64:, left + 66 * i : left + 66 * i + 64] for i in range(4)]
    np.testing.assert_array_equal(cells[0], np.repeat(made.inputs[3], 3, axis=2))
    np.testing.assert_array_equal(cells[1], made.outputs[3])
    np.testing.assert_array_equal(cells[2], made.targets[3])
    assert (cells[3] == made.distances[3]).all()


def test_a_style_stands_beside_the_input_that_was_drawn_in_it(made):
    made.styles = 255 - made.targets
    picture = examples.rows(made, np.array([3]))
    left = picture.shape[1] - (5 * 66 - 2)
    np.testing.assert_array_equal(picture[-64:, left + 66 : left + 66 + 64], made.styles[3])
    alone = examples.find(Translations(made.inputs, made.outputs, None, styles=made.styles)).figures["there"].image
    chosen = np.linspace(0, 19, 12).astype(int)
    cells = [images[chosen] for images in (made.inputs, made.styles, made.outputs)]
    expected = examples.sheet(cells, [str(row + 1) for row in chosen], ("input", "style", "output"))
    np.testing.assert_array_equal(alone, expected)


def test_who_copies_is_no_baseline_where_images_are_to_be_changed(made, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lose_lpips(tmp_path)
    same = Translations(made.targets, made.outputs, made.targets)
    measure(same, made.targets, made.targets)
    assert list(same.baselines) == ["mean_colour"] and same.measure == "L1"
    measure(made, made.targets, made.targets)
    assert list(made.baselines) == ["copied", "mean_colour"]


def test_numbers_say_how_often_the_baselines_are_beaten(made):
    found = examples.find(made)
    assert found.numbers["beats_copied"].value == 5 / 20 and found.numbers["beats_mean_colour"].value == 1
    assert "its input copied in 25%" in found.words[0]
    assert found.tables[0].rows[0] == ["output", "0.950", "4.750", "9.500", "14.250", "18.050"]


def test_few_pairs_are_all_shown(made):
    few = Translations(made.inputs[:2], made.outputs[:2], made.targets[:2], "L1", made.distances[:2], {}, 1)
    assert len({figure.image.shape for figure in examples.find(few).figures.values()}) == 1


def test_an_input_with_a_hole_is_shown_without_its_alpha(made):
    hole = np.concatenate([made.targets, np.full((*made.targets.shape[:3], 1), 255, np.uint8)], axis=3)
    hole[:, 2:5, 2:5, 3] = 0
    with_hole, without = dataclasses.replace(made, inputs=hole), dataclasses.replace(made, inputs=made.targets)
    np.testing.assert_array_equal(examples.rows(with_hole, np.array([3])), examples.rows(without, np.array([3])))
