"""The verdict on a training: what the looks at its samples and its curves say, and since when.

Each look is judged by itself, on medians over the last few looks; the verdict on the run is what its last look says.
To end a run takes more: several looks in a row that find it failing, and in none of which its samples get better.
All that is judged stands in history.csv, so a verdict can be made again from a run's files. The thresholds come from
runs of the proving ground (benchmarks/diagnosis); docs/diagnosis.md says how they fare with runs they were not set on.

Without looks at samples (a model that draws too slowly, data that allows no comparison) the curves alone are judged.
They show that a discriminator has won, and hardly more: the losses of a collapsed run lie in the bands of healthy ones
(The GAN Book, Chaudhary 2024, Skill 3).
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ganline.diagnosis import translators, unpaired
from ganline.diagnosis.looks import LOOKED, Look, Table, sampled
from ganline.diagnosis.rules import (
    CLASSES,
    COMPLETE,
    COVERED,
    DUPLICATES,
    FAILING,
    LIKE,
    MILD,
    NARROWISH,
    RESTLESS,
    SURE,
    UNLEARNED,
    WARM_UP,
    WON_ACCURACY,
    WON_LOSS,
    Finding,
    findings,
)

TITLES = {
    "healthy": "Healthy",
    "mode_collapse": "Mode collapse",
    "convergence_failure": "Convergence failure",
    "translation_failure": "Translation failure",
    "diverged": "Diverged",
    "overtrained": "Overtrained",
    "too_short": "Too short to judge",
    "not_judged": "Not judged",
}
KINDS = {
    "partial": "partial",
    "complete": "complete",
    "discriminator_dominates": "the discriminator dominates",
    "generator_dominates": "the generator dominates",
    "oscillation": "it oscillates",
    "never_learned": "it never learned",
    "copies_input": "it copies its input",
    "averages": "its colours average out",
    "never_translated": "it learned no translation",
    "collapses": "one direction has collapsed",
    "hides_input": "its translations hide their inputs",
    "ignores_input": "it ignores its input",
    "directions_apart": "the two directions have drifted apart",
}
SUMMARIES = {
    "healthy": "The samples look like the data and vary as it does, as far as {looks} can tell.",
    "mode_collapse/partial": "The samples look like data, but far too much like each other.",
    "mode_collapse/complete": "All samples are nearly one image, whatever the latent.",
    "convergence_failure/discriminator_dominates": "The discriminator tells every image apart, so that the generator "
    "gets no useful gradient; its samples look like no data.",
    "convergence_failure/generator_dominates": "The generator deceives the discriminator with samples that look like "
    "no data, so that neither learns from the other.",
    "convergence_failure/oscillation": "The samples change completely from look to look and get no nearer to the data.",
    "convergence_failure/never_learned": "The samples are about as far from the data as those of an untrained "
    "generator.",
    "translation_failure/copies_input": "What comes out is nearly what was put in.",
    "translation_failure/averages": "The outputs are far less colourful, or far more alike, than their targets: the "
    "average of all that these could be.",
    "translation_failure/never_translated": "The outputs are as far from their targets as those of an untrained "
    "translator.",
    "translation_failure/collapses": "In one direction at least, different inputs give nearly one picture.",
    "translation_failure/hides_input": "Images come back because their translations hide them in a noise that no eye "
    "sees, not because they show them: as faint a noise added halfway destroys what comes back (steganography).",
    "translation_failure/ignores_input": "The outputs' edges lie where their inputs have some no more often than by "
    "chance: what is drawn has little to do with what was put in.",
    "translation_failure/directions_apart": "The translations are no answers to their inputs: in one direction at "
    "least, hardly anything of an image comes back.",
    "diverged": "A loss is no longer a finite number: nothing can be learned from there on.",
    "overtrained": "The samples have been much nearer to the data than they are now.",
}
TRANSLATES = "What comes out is neither what was put in nor an average, and nearer to its target than at first. A "
TRANSLATES += "discriminator that is nearly always right is usual beside a pixel loss, and no failure."
BOTH_WAYS = "Translations look like the domain they are to be of and vary as it does; where there is a way back, what "
BOTH_WAYS += "comes back rests on what they show, and survives a faint noise."
CURVES_ONLY = "Only the curves were judged, and mode collapse hardly shows in them."


@dataclass(frozen=True)
class Evidence:
    """One signal that was looked at: its value over the window, and the value beyond which it counts as failing."""

    signal: str
    value: float | None
    """None where it is no finite number."""
    threshold: float | None
    window: str
    first_step: int | None
    words: str


@dataclass(frozen=True)
class Verdict:
    """What was found, in words and on what evidence."""

    verdict: str
    kind: str = ""
    summary: str = ""
    confidence: float = 0.0
    """(n + 1) / (n + 2) for n looks in a row that say the same (Laplace's rule); half that by curves alone."""
    first_step: int | None = None
    """Since when the run fails without a break."""
    evidence: tuple[Evidence, ...] = ()

    @property
    def failing(self) -> bool:
        """Whether something is wrong with the run."""
        return self.verdict in FAILING

    @property
    def title(self) -> str:
        """The name to print, with its kind."""
        return TITLES[self.verdict] + (f", {KINDS[self.kind]}" if self.kind else "")

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self) | {"title": self.title, "failing": self.failing}


def judge(table: Table, cannot_judge: str = "") -> Verdict:
    """Judge a run by its history so far.

    Args:
        table: see Table.
        cannot_judge: why there are no looks at samples, where there are none.

    Returns:
        Verdict "too_short" before WARM_UP; "not_judged" where neither samples nor accuracies allow a judgement.
    """
    if diverged := _diverged(table):
        return diverged
    found = findings(table)
    if not found or found[-1].verdict == "too_short":
        return _nothing_to_judge(table, cannot_judge)
    last, verdict, kind, _ = found[-1]
    agreeing = _unbroken(found, lambda finding: finding.verdict == verdict)
    failing = _unbroken(found, lambda finding: finding.failing)
    by_samples = bool(last.seen)
    confidence = (len(agreeing) + 1) / (len(agreeing) + 2) * (1.0 if by_samples else 0.5)
    words = SUMMARIES[f"{verdict}/{kind}" if kind else verdict].format(looks="256 samples a look")
    if verdict == "healthy" and translators.taught_besides(last):
        words = TRANSLATES
    if verdict == "healthy" and "domain" in last.seen:
        words = BOTH_WAYS
    if not by_samples:
        words = f"{words} {CURVES_ONLY}" if verdict != "healthy" else f"No failure shows. {CURVES_ONLY}"
    return Verdict(
        verdict,
        kind,
        words,
        round(confidence, 3),
        failing[0].look.step if failing else None,
        tuple(_evidence([finding.look for finding in found])),
    )


def lasting(table: Table, patience: int) -> bool:
    """Return whether the last so many looks all find the run failing, and none its samples getting better."""
    found = findings(table)[-patience:]
    return len(found) == patience and all(finding.failing and not finding.better for finding in found)


def _diverged(table: Table) -> Verdict | None:
    steps = np.asarray(table["step"])
    looks = [values for name, values in table.items() if name.startswith(LOOKED)]
    looked = ~np.isnan(np.stack(looks)).all(axis=0) if looks else np.zeros(len(steps), bool)
    for name in ("d_loss", "g_loss", "loss"):
        if name not in table:
            continue
        values = np.asarray(table[name])
        bad = np.isinf(values) | (np.isnan(values) & ~looked)
        if bad.any():
            first = int(steps[np.flatnonzero(bad)[0]])
            row = Evidence(name, None, None, f"step {first}", first, "no finite number any more")
            return Verdict("diverged", "", SUMMARIES["diverged"], 1.0, first, (row,))
    return None


def _nothing_to_judge(table: Table, cannot_judge: str) -> Verdict:
    last = int(table["step"][-1]) if len(table["step"]) else 0
    has_samples, has_accuracy = bool(sampled(table)), "d_accuracy_real" in table
    reason = f" The samples were not looked at: {cannot_judge}." if cannot_judge else ""
    if not has_samples and not has_accuracy:
        what = "no accuracies that would show a discriminator that has won" if "d_loss" in table else "no adversary"
        return Verdict("not_judged", summary=f"The curves are not judged: this training has {what}.{reason}")
    least = SURE if not has_samples else WARM_UP if last < WARM_UP else MILD
    return Verdict(
        "too_short", summary=f"Early on, healthy runs look like failing ones: a verdict takes {least} steps.{reason}"
    )


def _unbroken(found: list[Finding], holds: Callable[[Finding], bool]) -> list[Finding]:
    """Return the findings from which on, to the end, it holds for each."""
    run: list[Finding] = []
    for finding in reversed(found):
        if not holds(finding):
            break
        run.append(finding)
    return run[::-1]


SIGNALS: tuple[tuple[str, str, float, int, str], ...] = (
    ("unlearned", "Frechet distance, of untrained", UNLEARNED, 1,
     "distance of the samples to the data over that of the untrained generator"),
    ("duplicates", "near-duplicates", DUPLICATES, 1, "share of samples that have a near-duplicate among them"),
    ("coverage", "coverage", COVERED, -1, "share of real images with a sample among their neighbours"),
    ("classes", "classes", CLASSES, -1, "classes among the samples, over those among real images"),
    ("rank", "effective rank", NARROWISH, -1, "directions of variety, over those of real images"),
    ("likeness", "likeness", LIKE, -1, "correlation with the real image most like a sample, over other real images'"),
    ("pixel_spread", "spread of pixels", COMPLETE, -1, "distance between two samples, over that of real images"),
    ("drift", "drift", RESTLESS, 1, "how far images of fixed latents move between two looks, over the real spread"),
    ("d_accuracy", "D accuracy", WON_ACCURACY, 1, "share of real images and fakes that the discriminator tells apart"),
    ("d_loss", "D loss", WON_LOSS, -1, "near 0 where the discriminator has nothing left to learn"),
)  # fmt: skip
"""What the evidence shows: a look's value, its name, its threshold, +1 where failing is above, and in words."""


def _evidence(looks: list[Look]) -> Iterator[Evidence]:
    for name, title, threshold, side, words in _signals(looks[-1]):
        values = [{**look.seen, **look.curves}.get(name, np.nan) for look in looks]
        if np.isnan(values[-1]) or (name == "d_loss" and "d_accuracy" not in looks[-1].curves):
            continue
        beyond = [side * value >= side * threshold for value in values]
        first = None
        for look, is_beyond in zip(reversed(looks), reversed(beyond), strict=True):
            if not is_beyond:
                break
            first = look.step
        yield Evidence(title, float(f"{values[-1]:.4g}"), threshold, looks[-1].window, first, words)


def _signals(last: Look) -> tuple[tuple[str, str, float, int, str], ...]:
    if "domain" in last.seen:
        return unpaired.SIGNALS
    translated = "error" in last.seen or translators.taught_besides(last)
    return translators.SIGNALS if translated else SIGNALS
