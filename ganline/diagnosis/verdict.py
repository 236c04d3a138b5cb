"""A verdict on a finished training, from its curves alone.

It recognises one failure with certainty: the discriminator has won outright and the generator no longer learns. The
convergence failure printed in The GAN Book (Chaudhary 2024, Skill 3) looks like that; its healthy runs never do. Mode
collapse cannot be told from losses (the same book's collapsed run stays inside the bands of its healthy ones), so the
verdict says so instead of guessing.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

SHORTEST = 300  # steps: healthy runs begin with a discriminator that wins, so a short tail proves nothing
TAIL = 0.5  # the last half of the run is judged
D_LOSS = 0.01  # convergence failure: .000 throughout; lowest healthy run: swings between .000 and .322
D_ACCURACY = 0.99

NO_ADVERSARY = "The curves are not judged: this model has no adversary that could win. "
NO_ACCURACY = "The curves are not judged: this loss has no accuracies that would show a discriminator that has won. "
COMPARE = "Compare FID, precision and recall with their floors."


@dataclass(frozen=True)
class Evidence:
    """One signal that was looked at: its value over the window, and the value beyond which it counts as failing."""

    signal: str
    value: float
    threshold: float
    window: str
    first_step: int | None


@dataclass(frozen=True)
class Verdict:
    """What was found, in one word and in a sentence, and on what evidence."""

    verdict: str
    summary: str
    evidence: list[Evidence]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)


def judge(history: Mapping[str, np.ndarray]) -> Verdict:
    """Judge a run by its curves: float arrays (rows,) named step, d_loss, d_accuracy_real and d_accuracy_fake.

    Returns:
        Verdict "too_short", "convergence_failure" or "no_failure_seen"; "not_judged" where there are no accuracies.
    """
    if "d_accuracy_real" not in history:
        return Verdict("not_judged", (NO_ACCURACY if "d_loss" in history else NO_ADVERSARY) + COMPARE, [])
    steps = np.asarray(history["step"])
    if len(steps) == 0 or steps[-1] * (1 - TAIL) < SHORTEST:
        least = round(SHORTEST / (1 - TAIL))
        return Verdict("too_short", f"The run is too short to judge by its curves: that takes {least} steps.", [])
    tail = steps > steps[-1] * TAIL
    window = f"steps {int(steps[tail][0])} to {int(steps[-1])}"
    accuracy = (np.asarray(history["d_accuracy_real"]) + np.asarray(history["d_accuracy_fake"])) / 2
    loss = np.asarray(history["d_loss"])
    evidence = [
        Evidence("largest D loss", float(loss[tail].max()), D_LOSS, window, _since(steps, loss < D_LOSS)),
        Evidence(
            "lowest D accuracy", float(accuracy[tail].min()), D_ACCURACY, window, _since(steps, accuracy >= D_ACCURACY)
        ),
    ]
    if evidence[0].value < D_LOSS and evidence[1].value >= D_ACCURACY:
        since = max(e.first_step or 0 for e in evidence)
        return Verdict(
            "convergence_failure",
            f"The discriminator has told every image apart since step {since}: the generator gets no useful gradient. "
            "Lower the discriminator's learning rate or capacity, or give the generator more of either.",
            evidence,
        )
    return Verdict(
        "no_failure_seen",
        "The curves show no convergence failure. Mode collapse does not show in curves: compare recall, and class "
        "entropy where there are classes, with their floors.",
        evidence,
    )


def _since(steps: np.ndarray, failing: np.ndarray) -> int | None:
    """Return the first step from which `failing` holds to the end, or None."""
    if not failing[-1]:
        return None
    healthy = np.flatnonzero(~failing)
    return int(steps[healthy[-1] + 1 if len(healthy) else 0])
