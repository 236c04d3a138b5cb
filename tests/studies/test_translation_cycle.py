"""The study of translators that know no partners, and what comes back through noise (tests/two_ways.py)."""

import numpy as np
import pytest

from ganline.studies import answers
from ganline.studies.translation import PARTS, cycle, examples
from ganline.studies.translation.base import Translations
from tests.two_ways import Hiding, Strangers, TwoWays, discs, squares


def subject(maker, both=True, targets=None):
    inputs = discs(70, 0)
    made = Translations(inputs, maker.translate(inputs), targets, seed=3, there=maker.translate)
    if both:
        made.back, made.others = maker.translate_back, squares(20, 1)
    return made


def test_the_honest_rise_no_faster_than_the_noise_and_what_hides_breaks():
    honest, hiding = cycle.find(subject(TwoWays())), cycle.find(subject(Hiding()))
    assert honest.numbers["error"].value == 0 and honest.numbers["lost"].value < 0.15
    assert hiding.numbers["error"].value < 0.7 and hiding.numbers["lost"].value > 0.9
    assert "show them" in honest.words[0] and "its translations hide them" in hiding.words[0]
    assert "destroys 100% of what" in hiding.words[0]
    assert set(honest.numbers) == {"error", "lost", "back_error", "back_lost"}
    assert honest.figures["noise"].image.ndim == 3


def test_the_course_rises_with_the_noise_beside_what_the_noise_alone_does():
    found = cycle.course(discs(30, 0), 255 - discs(30, 0), lambda images: 255 - images, 1)
    shares, alone = found.shares(), found.alone()
    assert shares[0] == 0 and (np.diff(shares) > 0).all() and (shares <= 1).all()
    np.testing.assert_allclose(shares, alone, rtol=1e-9)  # a negative passes noise on as it is
    hiding = Hiding()
    broken = cycle.course(discs(30, 0), hiding.translate(discs(30, 0)), hiding.translate_back, 1)
    assert broken.shares()[2] > 0.95 > 0.75 > broken.alone()[2]


def test_a_jpeg_file_and_a_blur_are_tried_too():
    table = cycle.find(subject(TwoWays())).tables[0]
    names = [row[0] for row in table.rows]
    assert names[:2] == ["nothing", "noise of 1"] and names[-3:] == [
        "JPEG of quality 90", "blur of 0.7 pixels", "nothing comes back",
    ]  # fmt: skip
    grey = discs(3, 0)[..., :1]
    assert cycle.jpeg(grey).shape == cycle.blurred(grey).shape == grey.shape
    assert 0 < np.abs(cycle.jpeg(discs(3, 0)).astype(int) - discs(3, 0)).mean() < 12


def test_where_nothing_comes_back_it_is_said():
    found = cycle.find(subject(Strangers()))
    assert "hardly anything comes back" in found.words[0] and found.numbers["lost"].value == 0


def test_without_partners_both_directions_are_shown_with_what_comes_back():
    found = examples.find(subject(TwoWays()))
    assert list(found.figures) == ["there", "back"] and found.numbers == {} and found.tables == []
    cells = [discs(70, 0)[:1], 255 - discs(70, 0)[:1], discs(70, 0)[:1]]
    expected = examples.sheet(cells, ["1"], ("input", "output", "back again"))
    assert np.array_equal(found.figures["there"].image[: expected.shape[0], -64:], expected[:, -64:])
    assert list(examples.find(subject(TwoWays(), both=False)).figures) == ["there"]


def test_with_partners_known_pairs_are_sorted_and_the_way_back_joins_them():
    made = subject(TwoWays(), targets=255 - discs(70, 0))
    made.measure, made.distances = "L1", np.arange(70.0)
    made.baselines = {"copied": np.full(70, 35.0)}
    found = examples.find(made)
    assert list(found.figures) == ["best", "median", "worst", "back"]
    one_way = subject(TwoWays(), both=False, targets=255 - discs(70, 0))
    one_way.measure, one_way.distances, one_way.baselines = "L1", made.distances, made.baselines
    narrower = examples.find(one_way).figures["best"].image
    assert found.figures["best"].image.shape[1] > narrower.shape[1]  # a column more: what comes back
    assert found.numbers["beats_copied"].value == 0.5


def test_forms_that_differ_share_a_sheet_in_the_larger_one():
    grey_small, large = np.full((2, 16, 16, 1), 9, np.uint8), np.full((2, 32, 32, 3), 7, np.uint8)
    assert examples.sheet([large, grey_small], ["1", "2"], ("a", "b")).shape[2] == 3


@pytest.mark.parametrize(("both", "parts"), [(True, ["examples", "cycle"]), (False, ["examples"])])
def test_parts_are_asked_of_who_has_what_they_need(both, parts, tmp_path):
    made = subject(TwoWays(), both)
    found = answers.ask("translation", made)
    assert list(found) == parts and set(parts) <= set(PARTS)
    numbers = answers.write(tmp_path, {"translation": (found, made.protocol)})
    assert ("translation_cycle_lost" in numbers) == both
    assert (tmp_path / "figures/examples-there.png").exists()
