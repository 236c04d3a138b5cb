"""Translators without true partners, made by hand to translate or to fail (tests/two_ways.py)."""

import numpy as np
import pytest

from ganline.diagnosis.cycles import cycle, noised
from ganline.diagnosis.probe import CannotJudgeError, pixels
from ganline.diagnosis.unpaired_probe import CYCLES, IMAGES, UnpairedProbe
from ganline.diagnosis.verdict import judge, lasting
from tests.two_ways import SIDE, Collapsed, Copying, Hiding, Shifted, Strangers, TwoWays, discs, squares

LOOKS = range(0, 4001, 200)
INPUTS = discs(300, 0)


def look(maker, targets, inputs=INPUTS, back=True):
    probe = UnpairedProbe(inputs, targets, pixels, 0)
    return probe.measure(maker.translate, maker.translate_back if back else None)


def history(learned, targets=None, back=True, first=None):
    """Return what a run leaves that is grey at first and `learned` from the second look on."""
    targets = 255 - discs(300, 5) if targets is None else targets

    class Grey(TwoWays):
        def translate(self, images, progress=None):
            noise = np.random.default_rng(1).integers(-3, 4, images.shape)
            return (120 + noise + (images > 200)).astype(np.uint8)

        translate_back = translate

    found = [look(Grey() if first is None else first, targets, back=back), look(learned, targets, back=back)]
    rows = [found[0], *[found[1]] * (len(LOOKS) - 1)]
    curves = {"d_loss": 0.4, "g_loss": 4.0, "d_accuracy_real": 0.8, "d_accuracy_fake": 0.8}
    looked = {f"probe_{name}": np.array([row[name] for row in rows]) for name in found[0]}
    return {"step": np.array(LOOKS, float)} | looked | {n: np.full(len(rows), value) for n, value in curves.items()}


@pytest.mark.parametrize(
    ("maker", "targets", "title"),
    [
        (TwoWays(), None, "Healthy"),
        (Shifted(), None, "Healthy"),
        (Hiding(), squares(300, 2), "Translation failure, its translations hide their inputs"),
        (Collapsed(), squares(300, 2), "Translation failure, one direction has collapsed"),
        (Copying(), squares(300, 2), "Translation failure, it copies its input"),
        (Strangers(), squares(300, 2), "Translation failure, the two directions have drifted apart"),
    ],
)
def test_each_failure_has_its_name(maker, targets, title):
    found = judge(history(maker, targets))
    assert found.title == title and found.confidence > 0.85
    signals = {row.signal: row for row in found.evidence}
    assert {"cycle error", "distance to the input", "spread", "spread, on the way back"} <= signals.keys()
    assert "D accuracy" not in signals


def test_a_perfect_cycle_is_no_health_if_a_faint_noise_breaks_it():
    hiding, honest = look(Hiding(), squares(300, 2)), look(TwoWays(), 255 - discs(300, 5))
    assert hiding["cycle"] < 0.7 and hiding["hidden"] > 0.9 and hiding["gain"] > 5
    assert honest["cycle"] == 0 and honest["hidden"] < 0.1 and honest["gain"] <= 1.05
    told = judge(history(Hiding(), squares(300, 2)))
    assert told.failing and "steganography" in told.summary and told.first_step == 800 + 1000


def test_images_in_an_order_are_judged_as_in_any():
    """A quarter of them black, and first, as a folder of nights before days would have them."""
    inputs = discs(1000, 0)
    inputs[:250] //= 9
    found = look(TwoWays(), 255 - inputs, inputs)
    assert found["spread"] > 0.9 and found["domain"] < 0.2 and found["hidden"] < 0.1


def test_one_direction_that_collapses_is_seen_though_the_other_is_fine():
    found = look(Collapsed(), squares(300, 2))
    assert found["spread"] < 1e-9 and found["spread_back"] > 0.8

    class BackCollapses(TwoWays):
        def translate_back(self, images, progress=None):
            return np.repeat(discs(1, 3), len(images), axis=0)

    assert judge(history(BackCollapses())).kind == "collapses"


def test_what_was_never_learned_and_what_was_forgotten():
    grey = history(TwoWays())
    stays = {name: np.where(np.isnan(values), values, values[0]) for name, values in grey.items() if name != "step"}
    stays |= {"step": grey["step"], "probe_spread": np.ones(len(LOOKS)), "probe_spread_back": np.ones(len(LOOKS))}
    stays["probe_domain"] = np.full(len(LOOKS), 1.4)
    assert judge(stays).kind == "never_translated"
    forgets = grey | {"probe_domain": np.where(grey["step"] > 2400, 0.6, 0.1)}
    forgets["probe_domain"][0] = 1.4
    assert judge(forgets).verdict == "overtrained"


def test_a_translator_one_way_is_judged_by_that_way():
    found = look(TwoWays(), 255 - discs(300, 5), back=False)
    assert set(found) == {"domain", "spread", "copied", "edges"} and found["edges"] > 0.9
    assert judge(history(TwoWays(), back=False)).verdict == "healthy"
    assert judge(history(Copying(), squares(300, 2), back=False)).kind == "copies_input"


def test_a_translator_one_way_that_draws_something_else_is_found():
    """What it draws looks right and varies: only its edges tell."""
    targets = squares(300, 2)
    assert abs(look(Strangers(), targets, back=False)["edges"]) < 0.1
    assert judge(history(Strangers(), targets, back=False)).kind == "ignores_input"


def test_where_no_input_has_edges_nothing_is_said_of_them():
    flat = np.random.default_rng(0).integers(0, 256, (40, 1, 1, 3), np.uint8).repeat(SIDE, 1).repeat(SIDE, 2)
    assert np.isnan(look(TwoWays(), 255 - discs(40, 5), inputs=flat, back=False)["edges"])


def test_one_direction_that_drifts_away_fails_and_one_that_can_show_no_more_does_not():
    table = history(Shifted())
    steps = table["step"]
    asymmetric = table | {"probe_cycle": np.full(len(steps), 0.6), "probe_cycle_back": np.full(len(steps), 0.1)}
    assert judge(asymmetric).verdict == "healthy"  # a map says less than a photograph
    drifts = asymmetric | {"probe_cycle": np.where(steps > 2000, 0.6, 0.2)}
    assert judge(drifts).kind == "directions_apart"


def test_a_run_that_gets_better_is_not_ended():
    table = history(Strangers(), squares(300, 2))
    assert lasting(table, 3)
    table["probe_cycle"] = np.linspace(1.3, 0.9, len(LOOKS))
    assert judge(table).kind == "directions_apart" and not lasting(table, 3)


def test_a_look_translates_few_images_each_way():
    asked = []

    class Counted(TwoWays):
        def translate(self, images, progress=None):
            asked.append(len(images))
            return 255 - images

        translate_back = translate

    look(Counted(), squares(300, 2))
    assert sum(asked) == 2 * IMAGES + 4 * CYCLES


def test_domains_of_other_forms_are_looked_at_all_the_same():
    small = discs(40, 3)[:, ::2, ::2, :1]

    class OfAnotherForm(TwoWays):
        def translate(self, images, progress=None):
            return np.repeat(255 - images, 3, axis=3).repeat(2, axis=1).repeat(2, axis=2)

        def translate_back(self, images, progress=None):
            return 255 - images[:, ::2, ::2, :1]

    found = look(OfAnotherForm(), 255 - discs(40, 5), inputs=small)
    assert found["cycle"] == 0 and 0 < found["domain"] < 1 and np.isfinite(list(found.values())).all()


def test_the_noise_is_the_same_at_every_look():
    one, other = noised(INPUTS, 4.0, 1), noised(INPUTS, 4.0, 1)
    assert np.array_equal(one, other) and not np.array_equal(one, noised(INPUTS, 4.0, 2))
    middle = np.full((4, 64, 64, 3), 128, np.uint8)
    assert np.std(noised(middle, 4.0, 1)) == pytest.approx(4.0, rel=0.03)


def test_of_what_does_not_come_back_no_share_is_lost():
    images = discs(20, 1)
    seen = cycle(images, images, lambda given: discs(20, 8), lambda given: given)
    assert seen.share > 0.9 and np.isnan(seen.lost)


def test_what_allows_no_comparison():
    with pytest.raises(CannotJudgeError, match="the source domain has 7 training images, and it takes 20"):
        UnpairedProbe(INPUTS[:7], INPUTS, pixels, 0)
    with pytest.raises(CannotJudgeError, match="all images of a domain are alike"):
        UnpairedProbe(INPUTS, np.zeros((30, SIDE, SIDE, 3), np.uint8), pixels, 0)
