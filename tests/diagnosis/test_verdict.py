"""Verdicts on the logs printed in The GAN Book, on histories made by hand, and on the proving ground's real ones."""

import csv
from pathlib import Path

import numpy as np
import pytest

from ganline.diagnosis.verdict import judge, lasting

LOGS = Path(__file__).parent / "gan_book_logs.csv"
"""Printed in The GAN Book (Chaudhary 2024), Skills 2 to 6; it gives one D accuracy for real images and fakes."""
RUNS = [
    "mlp_gan_mnist",
    "mode_collapse",
    "convergence_failure",
    "dcgan_fashion",
    "dcgan_anime",
    "dcgan_human",
    "cgan_mnist",
]
FAILING = {"mode_collapse": "mode_collapse", "convergence_failure": "convergence_failure"}


def logged(run):
    with LOGS.open() as source:
        rows = [row for row in csv.DictReader(source) if row["run"] == run]
    accuracy = np.array([float(row["d_acc_pct"]) / 100 for row in rows])
    return {
        "step": np.array([500.0 * int(row["epoch"]) + int(row["step"]) for row in rows]),
        "d_loss": np.array([float(row["d_loss"]) for row in rows]),
        "g_loss": np.array([float(row["g_loss"]) for row in rows]),
        "d_accuracy_real": accuracy,
        "d_accuracy_fake": accuracy,
    }


def history(steps=6000, every=150, **seen):
    """A history with looks: each given signal a number or one a look, the others those of a healthy run."""
    looks = np.arange(0, steps + 1, every, dtype=float)
    healthy = {
        "frechet": np.concatenate([[50.0, 40.0, 30.0], np.full(len(looks) - 3, 8.0)]),
        "precision": 0.6, "coverage": 0.3, "spread": 0.7, "pixel_spread": 0.9, "rank": 1.1, "duplicates": 0.0,
        "sensitivity": 0.1, "drift": 0.3,
    }  # fmt: skip
    table = {f"probe_{name}": np.broadcast_to(value, looks.shape) for name, value in (healthy | seen).items()}
    curves = {"d_loss": 0.3, "g_loss": 1.5, "d_accuracy_real": 0.8, "d_accuracy_fake": 0.8}
    return {"step": looks} | table | {name: np.full(looks.shape, value) for name, value in curves.items()}


def late(value, healthy, since, steps=6000, every=150, untrained=None):
    looks = np.arange(0, steps + 1, every)
    values = np.where(looks >= since, value, healthy)
    return values if untrained is None else np.where(looks == 0, untrained, values)


@pytest.mark.parametrize("run", RUNS)
def test_the_books_printed_logs(run):
    found = judge(logged(run))
    assert found.verdict == FAILING.get(run, "healthy")
    assert found.confidence <= 0.5 and "curves" in found.summary


@pytest.mark.parametrize("run", RUNS)
def test_no_alarm_in_the_books_warm_up(run):
    table = logged(run)
    early = table["step"] < 1500
    assert judge({name: values[early] for name, values in table.items()}).verdict == "too_short"


def test_convergence_failure_is_dated():
    found = judge(logged("convergence_failure"))
    assert found.kind == "discriminator_dominates" and found.first_step == 40100  # the log has a gap from 650 to there


@pytest.mark.parametrize(
    ("seen", "verdict", "kind"),
    [
        ({}, "healthy", ""),
        ({"duplicates": 0.9, "spread": 0.35, "pixel_spread": 0.5, "rank": 0.3}, "mode_collapse", "partial"),
        ({"duplicates": 1.0, "spread": 0.1, "pixel_spread": 0.05, "rank": 0.3}, "mode_collapse", "complete"),
        ({"rank": 0.4}, "mode_collapse", "partial"),
        ({"frechet": 60.0, "spread": 0.1, "pixel_spread": 0.1}, "convergence_failure", "never_learned"),
        ({"frechet": 60.0, "spread": 1.3, "drift": 0.9}, "convergence_failure", "oscillation"),
        ({"frechet": late(14.0, 8.0, 3000, untrained=50.0)}, "overtrained", ""),
        ({"frechet": late(12.0, 8.0, 3000, untrained=50.0)}, "healthy", ""),
    ],
)
def test_samples_decide(seen, verdict, kind):
    found = judge(history(**seen))
    assert (found.verdict, found.kind) == (verdict, kind)


@pytest.mark.parametrize(
    ("curves", "kind"),
    [
        ({"d_accuracy_real": 1.0, "d_accuracy_fake": 1.0, "d_loss": 0.001}, "discriminator_dominates"),
        ({"d_accuracy_real": 0.5, "d_accuracy_fake": 0.5, "g_loss": 0.01}, "generator_dominates"),
    ],
)
def test_curves_name_the_winner(curves, kind):
    table = history(frechet=60.0, spread=0.1)
    table |= {name: np.full(table["step"].shape, value) for name, value in curves.items()}
    assert judge(table).kind == kind


def test_when_it_began_and_how_sure():
    collapsed = judge(history(rank=late(0.3, 1.1, 3000), duplicates=late(1.0, 0.0, 3000)))
    assert collapsed.first_step == 3150  # the median of three looks turns with the second
    assert collapsed.confidence == pytest.approx((20 + 1) / (20 + 2), abs=1e-3)
    row = next(row for row in collapsed.evidence if row.signal == "near-duplicates")
    assert (row.value, row.threshold, row.window, row.first_step) == (1.0, 0.5, "steps 5700 to 6000", 3150)


def test_patience_counts_looks():
    table = history(rank=late(0.3, 1.1, 3000))

    def upto(step):
        return {name: values[table["step"] <= step] for name, values in table.items()}

    assert not lasting(upto(3300), 3) and lasting(upto(3450), 3) and not lasting(upto(3000), 1)


def test_a_run_that_still_gets_better_is_given_time():
    falling = np.concatenate([50.0 * 0.85 ** np.arange(10), np.full(31, 9.0)])
    stuck = history(steps=1200, rank=0.3, duplicates=0.9)
    assert judge(stuck).verdict == "mode_collapse"
    better = history(rank=0.3, duplicates=0.9, frechet=falling)
    early = {name: values[better["step"] <= 1350] for name, values in better.items()}
    assert judge(early).verdict == "too_short" and judge(better).verdict == "mode_collapse"


def test_mild_signs_count_late():
    narrow = history(rank=0.3)
    assert judge({name: values[narrow["step"] < 2000] for name, values in narrow.items()}).verdict == "too_short"
    assert judge({name: values[narrow["step"] < 2150] for name, values in narrow.items()}).verdict == "mode_collapse"


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_loss_that_is_no_number(value):
    table = history()
    table["g_loss"] = np.where(table["step"] >= 300, value, 1.0)
    for name in (name for name in table if name.startswith("probe_")):
        table[name] = np.where(table["step"] >= 300, np.nan, table[name])
    found = judge(table)
    assert (found.verdict, found.first_step, found.failing) == ("diverged", 300, True)
    assert found.evidence[0].value is None


def test_what_cannot_be_judged():
    assert judge({"step": np.array([])}, "no images").verdict == "not_judged"
    vae = judge({"step": np.array([2000.0]), "loss": np.array([1.0])}, "no images")
    assert vae.verdict == "not_judged" and "no adversary" in vae.summary and "no images" in vae.summary
    wgan = judge({"step": np.array([2000.0]), "d_loss": np.array([1.0])})
    assert wgan.verdict == "not_judged" and "no accuracies" in wgan.summary
    assert judge(history(steps=750)).verdict == "too_short"
