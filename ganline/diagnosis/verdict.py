"""The verdict on a training: what the looks at its samples and its curves say, and since when.

Each look is judged by itself, on medians over the last few looks; the verdict on the run is what its last look says.
To end a run takes more: several looks in a row that find it failing, and in none of which its samples get better.
All that is judged stands in history.csv, so a verdict can be made again from a run's files. The thresholds come from
runs of the proving ground (benchmarks/diagnosis); docs/diagnosis.md says how they fare with runs they were not set on.

Without looks at samples (a model that draws too slowly, data that allows no comparison) the curves alone are judged.
They show that a discriminator has won, and hardly more: the losses of a collapsed run lie in the bands of healthy ones
(The GAN Book, Chaudhary 2024, Skill 3).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

Table = Mapping[str, np.ndarray]
"""The columns of history.csv, float64 (rows,): "step", and NaN where a row has no value."""

LOOKED = ("probe_", "gradient_norm_", "update_ratio_")
"""What columns are called that a look fills; the others are the model's curves."""
LOOKS = 3
"""Of which the median is judged."""
WARM_UP = 800
"""Steps before which nothing is judged: until then healthy GANs look like failing ones."""
SURE = 1500
"""Steps before which no run is judged by its curves alone: until then the GAN Book's MLP GAN looks as if its
discriminator had won."""
MILD = 1800
"""Steps before which only sure signs count, repetition in few directions or an adversary that has won: slow learners
show all others."""
STUCK = 0.93
"""Frechet distance over an earlier one, from which a run no longer gets better."""

UNLEARNED = 0.75
"""Frechet distance over that of the untrained generator, from which nothing is learned."""
ASTRAY, BARE = 0.1, 0.05
"""Precision and coverage below which a middling distance (see MIDDLING) is none learned either: an untrained generator
can be nearer to the data in the next steps than at its very first, and stay there."""
LIKE = 0.45
"""Likeness to real images below which samples so far from the data are garbage, and not a few images."""
DUPLICATES = 0.35
"""Share of samples with a near-duplicate, from which a run has collapsed."""
CLASSES = 0.3
"""Share of the classes among the samples, up to which a run has collapsed at a middling distance."""
NARROWISH, MIDDLING = 0.8, 0.4
"""Effective rank over that of real images, and Frechet distance over that of the untrained generator, that together say
so too."""
NARROW = 0.5
"""Effective rank up to which near-duplicates are a few images, and a sure sign of a collapse."""
NOISY = 0.65
"""Effective rank above which near-duplicates are one picture under noise. Anything from .5 to .7 calls every recorded
run the same; mode-collapse-mnist, the GAN Book's own collapse, reaches .54."""
COMPLETE = 0.15
"""Spread of pixels up to which a collapse is complete."""
COVERED = 0.2
"""Share of real images with a sample among their neighbours, from which samples are neither garbage nor few, whatever
their Frechet distance: some slow learners keep a large one and lie among the real images all the same."""
WORSE, LESS = 1.3, 0.6
"""Frechet distance over the best so far, from which a run is overtrained, where its samples cover no more than this
part of the most that they covered. That most is COVERED at least: what never covered the data has nothing to lose,
however near to it an early look was."""

WON_ACCURACY, WON_LOSS = 0.985, 0.05
"""D accuracy and loss over a window, from which the discriminator has won."""
SILENT_LOSS = 0.001
"""D loss up to which it has nothing left to learn: a collapsed generator still deceives it now and then."""
LOOSENS = 1.2
"""D loss over that of three looks before, from which a discriminator that had won is losing its lead."""
FOOLED_ACCURACY, FOOLED_LOSS = 0.6, 0.3
"""D accuracy and G loss up to which the generator has won."""
RESTLESS = 0.7
"""Drift of the images of fixed latents between two looks, from which a run oscillates."""

TITLES = {
    "healthy": "Healthy",
    "mode_collapse": "Mode collapse",
    "convergence_failure": "Convergence failure",
    "diverged": "Diverged",
    "overtrained": "Overtrained",
    "too_short": "Too short to judge",
    "not_judged": "Not judged",
}
FAILING = ("mode_collapse", "convergence_failure", "diverged", "overtrained")
KINDS = {
    "partial": "partial",
    "complete": "complete",
    "discriminator_dominates": "the discriminator dominates",
    "generator_dominates": "the generator dominates",
    "oscillation": "it oscillates",
    "never_learned": "it never learned",
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
    "diverged": "A loss is no longer a finite number: nothing can be learned from there on.",
    "overtrained": "The samples have been much nearer to the data than they are now.",
}
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


@dataclass(frozen=True)
class Look:
    """What is known at one step: medians over the last looks, means of the curves over a window up to here."""

    step: int
    since: int
    """Step of the first look that the medians are of."""
    seen: Mapping[str, float]
    curves: Mapping[str, float]

    @property
    def window(self) -> str:
        """The steps it is about, in words."""
        return f"steps {self.since} to {self.step}"


class Finding(NamedTuple):
    """What one look says."""

    look: Look
    verdict: str
    """"too_short" where its signs are ones that slow learners show too."""
    kind: str = ""
    better: bool = False
    """Whether the samples get nearer to the data: then the run may be failing still, but is not to be ended."""

    @property
    def failing(self) -> bool:
        """Whether the samples are those of a failing run."""
        return self.verdict in FAILING


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
    by_samples = "frechet" in last.seen
    confidence = (len(agreeing) + 1) / (len(agreeing) + 2) * (1.0 if by_samples else 0.5)
    words = SUMMARIES[f"{verdict}/{kind}" if kind else verdict].format(looks="256 samples a look")
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


def findings(table: Table) -> list[Finding]:
    """Return what every look from WARM_UP on says, and without looks every row of curves from SURE on."""
    found = []
    history: list[Look] = []
    for look in _looks(table):
        history.append(look)
        if "frechet" in look.seen:
            if look.step >= WARM_UP:
                found.append(_finding(look, history))
        elif look.step >= SURE and "d_accuracy" in look.curves:
            found.append(Finding(look, *_by_curves(look)))
    return found


def _finding(look: Look, history: list[Look]) -> Finding:
    verdict, kind = _by_samples(look, history)
    repeats = verdict == "mode_collapse" and look.seen["duplicates"] >= DUPLICATES and look.seen["rank"] <= NARROW
    leads = kind == "discriminator_dominates" and not _loosens(look, history)
    sure = repeats or leads or kind == "generator_dominates"
    if verdict != "healthy" and look.step < MILD and not sure:
        return Finding(look, "too_short")
    return Finding(look, verdict, kind, _gets_better(look, history, repeats))


def _gets_better(look: Look, history: list[Look], repeats: bool) -> bool:
    """Return whether the samples are nearer to the data than three looks before, or a sure discriminator less sure.

    Unless they repeat a few images, also whether they are nearer than at half the steps: slow learners take that long.
    """
    if look.curves.get("d_accuracy", 0.0) >= WON_ACCURACY and _loosens(look, history):
        return True
    earlier = history[:-LOOKS][-1:]
    if not repeats:
        earlier += [before for before in history if 2 * before.step <= look.step][-1:]
    return any(look.seen["frechet"] < STUCK * before.seen["frechet"] for before in earlier)


def _loosens(look: Look, history: list[Look]) -> bool:
    """Return whether D loss rises: slow learners' discriminators are sure of everything at first."""
    return any(look.curves["d_loss"] > LOOSENS * before.curves["d_loss"] for before in history[:-LOOKS][-1:])


def _by_samples(look: Look, history: list[Look]) -> tuple[str, str]:
    seen = look.seen
    nearest = min(before.seen["frechet"] for before in history)
    most = max(before.seen["coverage"] for before in history)
    worse = seen["frechet"] >= WORSE * nearest and seen["coverage"] <= LESS * most and most >= COVERED
    far = _far(seen)
    # Near-duplicates that differ in every direction are one picture under noise.
    noise = seen["duplicates"] >= DUPLICATES and seen["rank"] > NOISY
    # Histories of before likeness was measured lack it: then it speaks for no one.
    if far and (seen.get("likeness", np.nan) < LIKE or noise):
        return ("overtrained", "") if worse else ("convergence_failure", _reason(look))
    narrow = seen["rank"] <= NARROWISH or seen.get("classes", 1.0) <= CLASSES
    few = narrow and seen["unlearned"] >= MIDDLING and seen["coverage"] < COVERED
    if few or seen["duplicates"] >= DUPLICATES:
        if _won(look.curves) and look.curves["d_loss"] <= SILENT_LOSS:
            return "convergence_failure", "discriminator_dominates"
        return "mode_collapse", "complete" if seen["pixel_spread"] <= COMPLETE else "partial"
    if worse:
        return "overtrained", ""
    return ("convergence_failure", _reason(look)) if far else ("healthy", "")


def _far(seen: Mapping[str, float]) -> bool:
    """Return whether the samples are about as far from the data as untrained ones."""
    astray = seen["unlearned"] >= MIDDLING and seen["precision"] < ASTRAY and seen["coverage"] < BARE
    return astray or (seen["unlearned"] >= UNLEARNED and seen["coverage"] < COVERED)


def _reason(look: Look) -> str:
    """Return which convergence failure it is."""
    if _won(look.curves):
        return "discriminator_dominates"
    if _fooled(look.curves):
        return "generator_dominates"
    return "oscillation" if look.seen["drift"] >= RESTLESS else "never_learned"


def _won(curves: Mapping[str, float]) -> bool:
    """Return whether the discriminator tells real images and fakes apart, and is sure of it."""
    return curves.get("d_accuracy", 0.0) >= WON_ACCURACY and curves["d_loss"] <= WON_LOSS


def _fooled(curves: Mapping[str, float]) -> bool:
    """Return whether the discriminator takes the samples for real, so that the generator's loss is next to nothing."""
    return curves.get("d_accuracy", 1.0) <= FOOLED_ACCURACY and curves["g_loss"] <= FOOLED_LOSS


def _by_curves(look: Look) -> tuple[str, str]:
    curves = look.curves
    if not _won(curves):
        return "healthy", ""
    if curves["d_loss"] <= SILENT_LOSS:
        return "convergence_failure", "discriminator_dominates"
    # The discriminator knows every sample, yet gets no surer, and the generator's loss neither falls nor rises: so it
    # was in the GAN Book's collapsed run.
    return "mode_collapse", "partial"


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
    has_samples, has_accuracy = "probe_frechet" in table, "d_accuracy_real" in table
    reason = f" The samples were not looked at: {cannot_judge}." if cannot_judge else ""
    if not has_samples and not has_accuracy:
        what = "no accuracies that would show a discriminator that has won" if "d_loss" in table else "no adversary"
        return Verdict("not_judged", summary=f"The curves are not judged: this training has {what}.{reason}")
    least = SURE if not has_samples else WARM_UP if last < WARM_UP else MILD
    return Verdict(
        "too_short", summary=f"Early on, healthy runs look like failing ones: a verdict takes {least} steps.{reason}"
    )


def _looks(table: Table) -> Iterator[Look]:
    """Yield the looks of a run, or where there are none its rows, after the first."""
    steps = np.asarray(table["step"])
    if "probe_frechet" in table:
        rows = np.flatnonzero(~np.isnan(np.asarray(table["probe_frechet"])))
    else:
        rows = np.arange(len(steps))
    names = [name for name in table if name.startswith("probe_")]
    untrained = float(table["probe_frechet"][rows[0]]) if names else 0.0
    for i in range(1, len(rows)):
        recent = rows[max(1, i - LOOKS + 1) : i + 1]
        seen = {name.removeprefix("probe_"): _median(table[name][recent]) for name in names}
        if seen:
            seen["unlearned"] = seen["frechet"] / max(untrained, 1e-12)
        step = int(steps[rows[i]])
        yield Look(step, int(steps[recent[0]]), seen, _curves(table, steps, step))


def _curves(table: Table, steps: np.ndarray, step: int) -> dict[str, float]:
    """Return the means of the curves over the last tenth of the steps so far, and 500 at least."""
    inside = (steps > step - max(500, 0.1 * step)) & (steps <= step)
    means = {
        name: float(np.nanmean(values[inside]))
        for name, values in table.items()
        if name in ("d_loss", "g_loss", "d_accuracy_real", "d_accuracy_fake") and np.isfinite(values[inside]).any()
    }
    if "d_accuracy_real" in means:
        means["d_accuracy"] = (means["d_accuracy_real"] + means["d_accuracy_fake"]) / 2
    return means


def _median(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else float("nan")


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
    ("classes", "classes", CLASSES, -1, "share of the classes that are among the samples"),
    ("rank", "effective rank", NARROWISH, -1, "directions of variety, over those of real images"),
    ("likeness", "likeness", LIKE, -1, "correlation with the real image most like a sample, over other real images'"),
    ("pixel_spread", "spread of pixels", COMPLETE, -1, "distance between two samples, over that of real images"),
    ("drift", "drift", RESTLESS, 1, "how far images of fixed latents move between two looks, over the real spread"),
    ("d_accuracy", "D accuracy", WON_ACCURACY, 1, "share of real images and fakes that the discriminator tells apart"),
    ("d_loss", "D loss", WON_LOSS, -1, "near 0 where the discriminator has nothing left to learn"),
)  # fmt: skip
"""What the evidence shows: a look's value, its name, its threshold, +1 where failing is above, and in words."""


def _evidence(looks: list[Look]) -> Iterator[Evidence]:
    for name, title, threshold, side, words in SIGNALS:
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
