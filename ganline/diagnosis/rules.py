"""What one look says of a generator that draws from latents: the thresholds, and the order in which they are asked.

The thresholds come from runs of the proving ground (benchmarks/diagnosis); docs/diagnosis.md says how they fare with
runs they were not set on.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from ganline.diagnosis import translators, unpaired
from ganline.diagnosis.looks import LOOKS, Look, Table, looks

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
"""Classes among the samples, over those among real images, up to which a run has collapsed at a middling distance."""
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

FAILING = ("mode_collapse", "convergence_failure", "translation_failure", "diverged", "overtrained")


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


def findings(table: Table) -> list[Finding]:
    """Return what every look from WARM_UP on says, and without looks every row of curves from SURE on."""
    found = []
    history: list[Look] = []
    for look in looks(table):
        history.append(look)
        if "frechet" in look.seen:
            if look.step >= WARM_UP:
                found.append(_finding(look, history))
        elif look.seen:
            if look.step >= WARM_UP:
                found.append(_translated(look, history))
        elif look.step >= SURE and "d_accuracy" in look.curves:
            learns = translators.learned_besides(look, history)
            found.append(Finding(look, *(("healthy", "") if learns else _by_curves(look))))
    return found


def _finding(look: Look, history: list[Look]) -> Finding:
    verdict, kind = _by_samples(look, history)
    repeats = verdict == "mode_collapse" and look.seen["duplicates"] >= DUPLICATES and look.seen["rank"] <= NARROW
    leads = kind == "discriminator_dominates" and not _loosens(look, history)
    sure = repeats or leads or kind == "generator_dominates"
    if verdict != "healthy" and look.step < MILD and not sure:
        return Finding(look, "too_short")
    return Finding(look, verdict, kind, _gets_better(look, history, repeats))


def _translated(look: Look, history: list[Look]) -> Finding:
    of_kind = unpaired if "domain" in look.seen else translators
    verdict, kind = of_kind.by_samples(look, history)
    if verdict != "healthy" and look.step < MILD:
        return Finding(look, "too_short")
    return Finding(look, verdict, kind, of_kind.gets_better(look, history[:-LOOKS][-1:]))


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
