"""Translators made to learn or to fail, of pictures of coloured discs that are given in grey."""

import cv2
import numpy as np
import pytest

from ganline.diagnosis import translators
from ganline.diagnosis.pair_probe import PairProbe
from ganline.diagnosis.probe import CannotJudgeError
from ganline.diagnosis.verdict import judge, lasting

LOOKS = range(0, 4001, 200)


def pairs(count=80, side=32):
    """Return inputs (count, side, side, 1) and their coloured partners."""
    random = np.random.default_rng(5)
    targets = np.full((count, side, side, 3), 235, np.uint8)
    for picture in targets:
        for _ in range(3):
            colour = random.permutation([40, 90, 220]).tolist()
            cv2.circle(picture, random.integers(4, side - 4, 2).tolist(), int(random.integers(4, 9)), colour, -1)
    return np.stack([cv2.cvtColor(target, cv2.COLOR_RGB2GRAY) for target in targets])[..., None], targets


def mixed(first, second, share):
    return np.clip(np.rint((1 - share) * first + share * second.astype(np.float64)), 0, 255).astype(np.uint8)


def course(outputs, inputs=None, targets=None):
    """Return the history of a translator that gives `outputs(inputs, targets, share of the steps)` at each look."""
    grey, coloured = pairs()
    inputs, targets = grey if inputs is None else inputs, coloured if targets is None else targets
    probe = PairProbe(inputs, targets, 0)
    mine = np.stack([targets[np.all(inputs == one, axis=(1, 2, 3)).argmax()] for one in probe.inputs])
    found = [probe.measure(outputs(probe.inputs, mine, step / LOOKS[-1])) for step in LOOKS]
    shape = len(LOOKS)
    curves = {"d_loss": 0.01, "g_loss": 8.0, "d_accuracy_real": 0.999, "d_accuracy_fake": 0.999, "g_l1": 0.1}
    looked = {f"probe_{name}": np.array([look[name] for look in found]) for name in found[0]}
    return {"step": np.array(LOOKS, float)} | looked | {name: np.full(shape, value) for name, value in curves.items()}


def learns(inputs, targets, share):
    return mixed(np.full_like(targets, 127), targets, 0.85 * min(1, 4 * share))


def copies(inputs, targets, share):
    return mixed(np.full_like(targets, 127), np.repeat(inputs, 3, axis=3), min(1, 4 * share))


def averages(inputs, targets, share):
    """Right where it is dark or light, and of no colour: 30 % of what it should have."""
    grey = np.repeat(inputs, 3, axis=3)
    return mixed(np.full_like(targets, 127), mixed(grey, targets, 0.3), min(1, 4 * share))


def one_picture(inputs, targets, share):
    mean = np.broadcast_to(targets.mean(axis=0).round().astype(np.uint8), targets.shape)
    return mixed(np.full_like(targets, 127), mean, min(1, 4 * share))


def untrained(inputs, targets, share):
    return np.full_like(targets, 127)


def forgets(inputs, targets, share):
    return learns(inputs, targets, share) if share < 0.6 else mixed(np.full_like(targets, 127), targets, 0.6)


@pytest.mark.parametrize(
    ("outputs", "title"),
    [
        (learns, "Healthy"),
        (copies, "Translation failure, it copies its input"),
        (averages, "Translation failure, its colours average out"),
        (one_picture, "Translation failure, its colours average out"),
        (untrained, "Translation failure, it learned no translation"),
        (forgets, "Overtrained"),
    ],
)
def test_outputs_decide_whatever_the_discriminator_does(outputs, title):
    found = judge(course(outputs))
    assert found.title == title and found.confidence > 0.85
    assert {row.signal for row in found.evidence} >= {"distance to the input", "colourfulness", "spread"}
    assert "D accuracy" not in {row.signal for row in found.evidence}


def test_a_healthy_one_is_told_that_a_sure_discriminator_is_usual():
    assert "discriminator that is nearly always right is usual" in judge(course(learns)).summary


def test_grey_targets_have_no_colour_to_miss():
    inputs, targets = pairs()
    found = course(learns, 255 - inputs, inputs)
    assert np.isnan(found["probe_saturation"]).all() and judge(found).verdict == "healthy"
    assert judge(course(lambda inputs, targets, share: inputs, 255 - inputs, inputs)).kind == "copies_input"


def test_inputs_of_another_size_and_channels_are_compared_all_the_same():
    inputs, targets = pairs()
    small = np.stack([cv2.resize(one, (16, 16), interpolation=cv2.INTER_AREA) for one in targets])
    found = PairProbe(small, inputs, 0).measure(np.zeros((64, 32, 32, 1), np.uint8))
    assert np.isnan(found["saturation"]) and found["error"] > 1 and found["spread"] == 0


def test_early_failures_do_not_end_a_run_that_gets_better():
    table = course(averages)
    upto = {name: values[table["step"] <= 1600] for name, values in table.items()}
    assert judge(upto).verdict == "too_short" and lasting(table, 3)
    greys = np.linspace(0.05, 0.38, len(LOOKS))  # still grey, and ever less so
    table["probe_saturation"] = greys
    assert judge(table).kind == "averages" and not lasting(table, 3)


@pytest.mark.parametrize("learned", translators.BESIDE)
@pytest.mark.parametrize(("falls", "verdict"), [(True, "healthy"), (False, "convergence_failure")])
def test_by_curves_a_sure_discriminator_is_healthy_beside_another_loss_that_fell(falls, verdict, learned):
    """Pix2Pix, black and white to colour, as The GAN Book (Chaudhary 2024, Skill 8) printed it."""
    steps = np.arange(0, 3000, 10.0)
    loss = 65.8 / 100 * np.exp(-steps / 400) + 0.065 if falls else np.full(len(steps), 0.65)
    table = {"step": steps, learned: loss, "d_loss": np.full(len(steps), 0.0005), "g_loss": 100 * loss}
    table |= {name: np.full(len(steps), 0.999) for name in ("d_accuracy_real", "d_accuracy_fake")}
    assert judge(table, "the maps are too large").verdict == verdict


def test_what_allows_no_comparison():
    inputs, targets = pairs()
    with pytest.raises(CannotJudgeError, match="there are 7 training pairs, and a comparison needs 8"):
        PairProbe(inputs[:7], targets[:7], 0)
    with pytest.raises(CannotJudgeError, match="the same pictures"):
        PairProbe(targets, targets, 0)
