"""What the source of each experiment reports, as its preset's header tells it, beside how ours ended."""

from collections.abc import Iterable
from typing import Any

from benchmarks.recorded import full_steps
from ganline.catalogue.named import CONF

START, MARK = "# It reports", "# "
AGREES = {
    "mode-collapse-mnist": "yes: D is right of nearly all, its loss lower (steps below); collapse, to 4 classes",
    "convergence-failure-mnist": "yes: losses and accuracy go as the book's (steps below), and there is noise alone",
    "gan-mnist": "yes: digits, and in the last epoch losses near the book's, a little wider (steps below)",
    "vae-mnist": "yes: its test loss is the book's to .02; reconstructions were not looked at",
    "lsgan-mnist": "yes: D loss and accuracy are within what it prints, and G loss by less than 1 % beyond",
    "dcgan-fashion-mnist-workshop": "yes: garments; the mean of what D says is .50",
}
"""A person's judgement of rows that have the source's number of steps; a test holds it to those."""
TOLD = {
    "loss": "loss", "d_loss": "D loss", "g_loss": "G loss", "d_class_accuracy": "class accuracy of real ones",
    "test_loss": "test loss", "test_bits_per_dim": "bits a pixel", "test_accuracy": "test accuracy",
}  # fmt: skip
"""Of the last row of history.csv, or of metrics.json."""


def said(experiment: str) -> str:
    """Return what a source reports, of a preset's header; "" where it reports nothing.

    A statement begins with "It reports" and ends with the first line that ends with a full stop.
    """
    found: list[str] = []
    for line in (CONF / "experiment" / f"{experiment}.yaml").read_text().splitlines():
        if found or line.startswith(START):
            found.append(line.removeprefix(MARK))
            if line.endswith("."):
                break
    return " ".join(found).removeprefix(START.removeprefix(MARK)).lstrip(",: ")


def ours(facts: dict[str, Any]) -> str:
    """Return the losses that a run ended with, and how often its discriminator, its classes were right."""
    values = facts["last"] | facts["metrics"]
    told = [f"{words} {values[name]:.3g}" for name, words in TOLD.items() if name in values]
    if "d_accuracy_real" in values:
        told.append(f"D accuracy {50 * (values['d_accuracy_real'] + values['d_accuracy_fake']):.0f} %")
    return ", ".join(told)


def is_full(facts: dict[str, Any]) -> bool:
    """Return whether a row has its source's number of steps, or more."""
    return facts["steps"] >= full_steps(facts["experiment"])


def lines(found: Iterable[dict[str, Any]]) -> list[str]:
    """Return a table's rows: the experiment, its source's words, how ours ended, and whether that agrees."""
    rows = []
    for facts in found:
        if statement := said(experiment := facts["experiment"]):
            agrees = AGREES.get(experiment, "-") if is_full(facts) else f"cut short, after {facts['steps']:,} steps"
            rows.append(f"| {experiment} | {statement} | {ours(facts)} | {agrees} |")
    return rows
