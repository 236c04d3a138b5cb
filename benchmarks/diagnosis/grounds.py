"""The runs of the proving ground: real trainings, some healthy, some made to fail, each in a named way.

What a run was made to do is not its label: that is what its final samples show (see label.py).
"""

from benchmarks.diagnosis.ground import DATASETS, Ground
from benchmarks.diagnosis.grounds_early import (
    BLIND_GAP,
    BLIND_MLP,
    BLIND_SQUARES,
    BLIND_TINY,
    CONVOLUTIONAL,
    FRESH_GAP,
    FRESH_SQUARES,
    GAP,
    MLP,
    SLOW,
    SQUARES,
    TINY,
)
from benchmarks.diagnosis.grounds_late import (
    FINAL,
    NAMED,
    SEALED_CONVOLUTIONAL,
    SEALED_GAP,
    SEALED_MLP,
    SEALED_SQUARES,
    SEALED_TINY,
    UNSEEN_CONVOLUTIONAL,
    UNSEEN_GAP,
    UNSEEN_MLP,
    UNSEEN_SQUARES,
    UNSEEN_TINY,
)


def moved(ground: Ground, places: int, seed: int) -> Ground:
    """Return a run of FINAL with another seed, on data so many places further; convolutions on the 28x28 ones alone."""
    around = list(DATASETS)[: 2 if ground.experiment.startswith("dcgan") else None]
    dataset = around[(around.index(ground.dataset) + places) % len(around)]
    bent = tuple(f"seed={seed}" if override == "seed=71" else override for override in ground.bent)
    return ground._replace(dataset=dataset, bent=bent)


QUIET: list[Ground] = [
    moved(ground, places, seed)
    for places, seed in ((1, 72), (2, 73))
    for ground in FINAL
    if ground.aim.startswith(("healthy", "larger z", "capacity"))
]
"""For false alarms, after FINAL and by the same rules: its runs that are not made to fail, moved. A third fails all the
same, and what those are called led to the last change of the rules, on what is overtrained."""
LAST: list[Ground] = [moved(ground, 3, 81) for ground in FINAL]
"""Written down with that change, run after it."""
CLEAR: list[Ground] = [moved(ground, 1, 91) for ground in FINAL]
"""Written down when labels began to say EITHER, run after it, by the same rules for verdicts as LAST."""
TUNING: list[Ground] = [*TINY, *MLP, *CONVOLUTIONAL, *SLOW]
HELD_OUT: list[Ground] = [*GAP, *SQUARES]
"""Split by model, as the first rules were set and checked. What was changed after a look at which: docs/diagnosis.md"""
FRESH: list[Ground] = [*FRESH_GAP, *FRESH_SQUARES]
"""Chosen and run after the one change of the rules that the held-out half led to (docs/diagnosis.md)."""
BLIND: list[Ground] = [*BLIND_TINY, *BLIND_MLP, *BLIND_GAP, *BLIND_SQUARES]
"""Chosen before the second change of the rules, and judged after it; the third change came of them."""
UNSEEN: list[Ground] = [*UNSEEN_TINY, *UNSEEN_MLP, *UNSEEN_GAP, *UNSEEN_SQUARES, *UNSEEN_CONVOLUTIONAL]
"""Written down with the third change of the rules, run after it; the fourth came of them."""
SEALED: list[Ground] = [*SEALED_TINY, *SEALED_MLP, *SEALED_GAP, *SEALED_SQUARES, *SEALED_CONVOLUTIONAL]
"""Written down with the fourth change of the rules and the last of the labels, run after it."""
PARTS = {
    "tuning": TUNING,
    "held-out": HELD_OUT,
    "fresh": FRESH,
    "blind": BLIND,
    "unseen": UNSEEN,
    "sealed": SEALED,
    "named": NAMED,
    "final": FINAL,
    "quiet": QUIET,
    "last": LAST,
    "clear": CLEAR,
}


RUNS: dict[str, Ground] = {
    f"{part}-{i:02}": ground for part, grounds in PARTS.items() for i, ground in enumerate(grounds, 1)
}
"""By the name of their files."""
