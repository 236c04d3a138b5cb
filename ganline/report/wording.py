"""What the page says about numbers, figures and verdicts, in plain words."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

HEADLINES = ("frechet", "precision", "recall")
PAIR_HEADLINES = ("lpips", "ssim", "l1", "psnr", "kid", "frechet", "cycle_l1", *HEADLINES)
"""The numbers beside the verdict, and those of a translator: the first three that there are. See naming.number."""

GROUPS = {
    "quality": "Quality: do single images look real?",
    "diversity": "Diversity: is all of the data's variety there?",
    "novelty": "Novelty: are they more than copies?",
    "conditioning": "Conditioning: do they show what was asked for?",
    "people": "People: what do they say?",
    "own": "The model's own figures",
}
"""The groups of numbers, as protocol.json names them, in the order of the page."""


STUDIES = {
    "latent": (
        "Its latent space",
        "Every image is a point in the space that the generator draws from. This is what was found there. "
        "docs/latent.md tells how to read each figure.",
    ),
    "translation": (
        "Its translations",
        "What it makes of held-out inputs: from the nearest to its target to the farthest, where targets are known; "
        "and what comes back, where it has a way back.",
    ),
    "robustness": (
        "Attacks on classifiers, and defences",
        "Classifiers of the same data, attacked and defended, the generator among the defences. docs/robustness.md "
        "tells how to read each number.",
    ),
}
"""Title and first words of each study's part of the page."""


def tone(diagnosis: Mapping[str, Any]) -> str:
    """Return the name of the colour that a verdict has."""
    return "bad" if diagnosis["failing"] else "good" if diagnosis["verdict"] == "healthy" else "ink"


def certainty(diagnosis: Mapping[str, Any]) -> str:
    """Return how sure a verdict is and since when the run fails, as sentences; "" where nothing was judged."""
    parts = []
    if confidence := diagnosis["confidence"]:
        word = "Nearly certain" if confidence >= 0.9 else "Likely" if confidence >= 0.7 else "Possible"
        parts.append(f"{word} (confidence {100 * confidence:.0f} %).")
    if (first := since(diagnosis)) is not None:
        parts.append(f"Failing since step {first:,} without a break.")
    return " ".join(parts)


def since(diagnosis: Mapping[str, Any]) -> int | None:
    """Return the step since when the run fails; None where it does not."""
    return diagnosis["first_step"] if diagnosis["failing"] else None


def remarks(diagnosis: Mapping[str, Any]) -> list[str]:
    """Return what a reader must know of the samples: their step, whether they were looked at, and how well by."""
    steps, kept = diagnosis["steps"], diagnosis["kept_step"]
    told = []
    if diagnosis["ended_early"]:
        told.append(f"The training was ended early, after step {steps:,}.")
    if kept != steps:
        told.append(f"The samples, and all that is measured on them, are those of step {kept:,}, not of the last.")
    if reason := diagnosis["cannot_judge"]:
        told.append(f"The samples were not looked at while it trained: {reason}.")
    told += [f"Beware: {doubt}." for doubt in diagnosis.get("doubts", [])]
    return told


def verdict_lines(diagnosis: Mapping[str, Any]) -> list[str]:
    """Return what a training prints at its end: the verdict, what may have caused it, and what to try."""
    steps, kept = diagnosis["steps"], diagnosis["kept_step"]
    return [
        f"train: {diagnosis['title']}. {diagnosis['summary']}",
        *(f"  beware: {doubt}" for doubt in diagnosis["doubts"]),
        *(f"  likely cause: {cause['cause']}" for cause in diagnosis["causes"]),
        *(f"  try: {command(remedy['change'])}  ({remedy['why']})" for remedy in diagnosis["remedies"]),
        *([f"  the weights kept are those of step {kept}"] if kept != steps else []),
    ]


def command(change: Sequence[str]) -> str:
    """Return the command that runs what params.yaml holds with these changes ("section.key=value"), one or more.

    With Hydra, DVC would compose params.yaml anew, and so run the default experiment.
    """
    return shlex.join(["dvc", "exp", "run", "--no-hydra", *(part for pair in change for part in ("-S", pair))])
