"""Verdicts on the logs printed in The GAN Book, on histories made by hand, and on the proving ground's real ones."""

import csv
from pathlib import Path

import numpy as np
import pytest

from benchmarks.diagnosis.grounds import PARTS
from benchmarks.diagnosis.label import EITHER
from benchmarks.diagnosis.table import judged, runs
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
        "precision": 0.6, "coverage": 0.1, "spread": 0.7, "pixel_spread": 0.9, "rank": 1.1, "duplicates": 0.0,
        "sensitivity": 0.1, "drift": 0.3, "likeness": 0.8,
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
        ({"rank": 0.7, "frechet": late(25.0, 25.0, 0, untrained=50.0)}, "mode_collapse", "partial"),
        ({"rank": 0.7}, "healthy", ""),
        ({"rank": 0.9, "frechet": late(25.0, 25.0, 0, untrained=50.0)}, "healthy", ""),
        ({"frechet": 60.0, "likeness": 0.2}, "convergence_failure", "never_learned"),
        ({"frechet": 60.0, "likeness": 0.2, "drift": 0.9}, "convergence_failure", "oscillation"),
        # far from the data, and neither few images nor noise
        ({"frechet": 60.0}, "convergence_failure", "never_learned"),
        # blind-20: far from the data by Frechet distance, and spread over the real images all the same
        ({"frechet": 60.0, "rank": 0.48, "coverage": 0.3}, "healthy", ""),
        ({"rank": 0.7, "frechet": late(25.0, 25.0, 0, untrained=50.0), "coverage": 0.45}, "healthy", ""),
        ({"frechet": late(14.0, 8.0, 3000, untrained=50.0), "coverage": late(0.15, 0.3, 3000)}, "overtrained", ""),
        # held-out-18: further from the data by Frechet distance, but over as much of it as before
        ({"frechet": late(14.0, 8.0, 3000, untrained=50.0)}, "healthy", ""),
        # had covered the data, and looks like none at the end
        (
            {"frechet": late(45.0, 18.0, 3000, untrained=50.0), "likeness": 0.2, "coverage": late(0.0, 0.3, 3000)},
            "overtrained",
            "",
        ),
        ({"frechet": late(60.0, 35.0, 3000, untrained=50.0), "likeness": 0.2}, "convergence_failure", "never_learned"),
        # quiet-23, named-04: a start near to the data that covered none of it
        (
            {"frechet": late(60.0, 18.0, 3000, untrained=50.0), "likeness": 0.2, "coverage": late(0.0, 0.1, 3000)},
            "convergence_failure",
            "never_learned",
        ),
        ({"frechet": late(10.0, 8.0, 3000, untrained=50.0), "coverage": late(0.15, 0.3, 3000)}, "healthy", ""),
        # unseen-21: nearer than the untrained generator since the very first steps, and never nearer to any image
        (
            {"frechet": late(25.0, 25.0, 0, untrained=50.0), "precision": 0.03, "coverage": 0.02, "spread": 1.0},
            "convergence_failure",
            "never_learned",
        ),
        # unseen-07, sealed-08: a few images repeated, and wider apart than the data
        (
            {"frechet": 80.0, "spread": 1.2, "rank": 0.4, "duplicates": 0.8, "coverage": 0.0, "precision": 0.0},
            "mode_collapse",
            "partial",
        ),
        # sealed-43: few directions, and like no image
        ({"frechet": 250.0, "rank": 0.31, "likeness": 0.15}, "convergence_failure", "never_learned"),
        # tuning-13: one average picture under noise, which differs in every direction
        ({"frechet": 60.0, "duplicates": 1.0, "rank": 0.9}, "convergence_failure", "never_learned"),
        # mode-collapse-mnist after 75,000 steps: a few images far from the data, in directions enough to pass for noise
        (
            {
                "frechet": late(40.5, 33.0, 5000, untrained=50.0),
                "duplicates": 0.98,
                "rank": 0.54,
                "likeness": 0.55,
                "coverage": 0.02,
            },
            "mode_collapse",
            "partial",
        ),
        # sealed-12: few images learned by heart, in many directions
        ({"frechet": 60.0, "rank": 0.74, "spread": 0.34, "coverage": 0.01}, "mode_collapse", "partial"),
        # two of ten classes
        ({"frechet": late(25.0, 25.0, 0, untrained=50.0), "classes": 0.2}, "mode_collapse", "partial"),
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
    table = history(frechet=60.0, likeness=0.2)
    table |= {name: np.full(table["step"].shape, value) for name, value in curves.items()}
    assert judge(table).kind == kind


@pytest.mark.parametrize(("growth", "ends"), [(1.0, True), (1.1, False)], ids=["steady", "loosening"])
def test_a_discriminator_that_loses_its_lead_has_not_won(growth, ends):
    table = history(steps=1500, every=100, frechet=50.0, likeness=0.2, rank=0.4, duplicates=1.0, pixel_spread=0.5)
    shape = table["step"].shape
    table |= {"d_accuracy_real": np.ones(shape), "d_accuracy_fake": np.ones(shape)}
    table["d_loss"] = 0.02 * growth ** np.arange(len(table["step"]))  # blind-15, which learned later
    assert lasting(upto(table, 1000), 3) == ends


def test_when_it_began_and_how_sure():
    collapsed = judge(history(rank=late(0.3, 1.1, 3000), duplicates=late(1.0, 0.0, 3000)))
    assert collapsed.first_step == 3150  # the median of three looks turns with the second
    assert collapsed.confidence == pytest.approx((20 + 1) / (20 + 2), abs=1e-3)
    row = next(row for row in collapsed.evidence if row.signal == "near-duplicates")
    assert (row.value, row.threshold, row.window, row.first_step) == (1.0, 0.35, "steps 5700 to 6000", 3150)


def upto(table, step):
    return {name: values[table["step"] <= step] for name, values in table.items()}


def test_patience_counts_looks():
    table = history(rank=late(0.3, 1.1, 3000), duplicates=late(1.0, 0.0, 3000))
    assert not lasting(upto(table, 3300), 3) and lasting(upto(table, 3450), 3) and not lasting(upto(table, 3000), 1)


@pytest.mark.parametrize(
    ("pace", "sign", "ends"),
    [
        (0.85, {"rank": 0.3, "duplicates": 0.9}, False),  # nearer to the data than three looks before
        (0.98, {"rank": 0.3, "duplicates": 0.9}, True),  # too slowly for a collapse that is sure
        (0.98, {"duplicates": 0.9}, False),  # slowly: than at half the steps
        (0.999, {"duplicates": 0.9}, True),
    ],
)
def test_a_run_that_gets_better_is_failing_but_not_ended(pace, sign, ends):
    falling = 50.0 * pace ** np.arange(41)
    table = history(frechet=falling, **sign)
    assert judge(upto(table, 3000)).failing and judge(upto(table, 3000)).first_step <= 2100
    assert any(lasting(upto(table, step), 1) for step in range(900, 6000, 150)) == ends


def test_a_look_that_is_better_starts_the_count_of_patience_again():
    frechet = np.full(41, 30.0)
    frechet[20:] = 24.0  # better than three looks before: the medians of steps 3150 to 3450
    table = history(frechet=frechet, rank=0.3, duplicates=0.9)
    ends = [step for step in range(900, 6000, 150) if lasting(upto(table, step), 3)]
    assert ends[0] == 1200 and set(range(1200, 6000, 150)) - set(ends) == {3150, 3300, 3450, 3600, 3750}


@pytest.mark.parametrize("mild", [{"duplicates": 0.9}, {"rank": 0.3}, {"frechet": 50.0, "likeness": 0.2}])
def test_what_slow_learners_show_too_counts_late(mild):
    table = history(**({"frechet": late(25.0, 25.0, 0, untrained=50.0)} | mild))
    assert judge(upto(table, 1650)).verdict == "too_short" and not lasting(upto(table, 1650), 1)
    assert judge(upto(table, 1800)).failing and not lasting(upto(table, 1950), 3) and lasting(upto(table, 2100), 3)


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


def test_the_proving_ground():
    """The recorded runs that the rules were set on or checked with."""
    found = [judged(name, *run) for part in PARTS for name, run in runs(part).items()]
    failed, healthy = [run for run in found if run.failed], [run for run in found if run.truth == "healthy"]
    caught = [run for run in failed if run.verdict.failing]
    of_one_name = [run for run in caught if run.truth != EITHER]
    assert len(found) >= 448 and len(caught) >= 0.95 * len(failed)
    assert sum(run.alarm for run in healthy) <= 0.05 * len(healthy)
    assert sum(run.named for run in caught) >= 0.85 * len(caught)
    assert sum(run.named for run in of_one_name) >= 0.85 * len(of_one_name) and len(of_one_name) >= 0.85 * len(caught)
