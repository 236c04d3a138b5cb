"""What an attacker who knows a defence leaves of it: a defence measured otherwise is not measured.

Athalye et al. 2018, "Obfuscated Gradients Give a False Sense of Security"; Tramer et al. 2020, "On Adaptive Attacks to
Adversarial Example Defenses".
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ganline.models.outcome import distances
from ganline.robustness.defences import defence
from ganline.studies.finding import Finding, LeftOut, Number, Table
from ganline.studies.robustness.base import Ground, Share, share, withstood

if TYPE_CHECKING:
    from ganline.robustness.defences.base import Defended

TITLE = "Defences against an attacker who knows them"
FALLEN = 0.5
"""A defence that keeps less than this share falls."""
COLUMNS = ("defence", "not knowing it, %", "knowing it, %", "PGD alone, %", "C&W alone, %", "how", "verdict")
EVENLY, NEARBY = "pgd", "carlini_wagner"
"""The attacks: every pixel up to epsilon; and where a detector hears that, the nearest image that deceives."""


class Left(NamedTuple):
    """What is left of a defence."""

    unknown: Share
    """Under PGD on the victim that nobody defends."""
    known: Share
    """Under all of these attacks: an image withstands if it does so under each, that which does not know it too."""
    evenly: Share
    nearby: Share | None
    """None where there is no detector."""

    @property
    def verdict(self) -> str:
        """Whether it falls."""
        if self.known.value < FALLEN:
            return "falls"
        return "weakened" if self.known.interval[1] < self.unknown.interval[0] else "holds"


def find(ground: Ground) -> Finding:
    """Return what is left of each defence by attacks that do not know it, and that do."""
    if not ground.defended:
        raise LeftOut("; ".join(ground.missing.values()) or "robustness.defences names none")
    settings = ground.settings.adaptive
    plain = ground.attack(EVENLY, ground.victim, ground.few, "the victim, for comparison", settings).images
    left = {name: _left(ground, name, found, plain) for name, found in ground.defended.items()}
    rows = [
        [
            defence(name).label, str(each.unknown), str(each.known), str(each.evenly), str(each.nearby or "none"),
            defence(name).adaptive, each.verdict,
        ]
        for name, each in left.items()
    ]  # fmt: skip
    title = (
        f"Told right or rejected of {len(ground.few)} images under PGD, epsilon {settings.epsilon:g}, "
        f"{settings.iterations} iterations; and under C&W, no farther in L2, where there is a detector to be kept quiet"
    )
    return Finding(numbers=_numbers(left), words=_words(left), tables=[Table(title, COLUMNS, rows)])


def _left(ground: Ground, name: str, defended: "Defended", plain: np.ndarray) -> Left:
    labels, whom = ground.labels[ground.few], defence(name).label
    evenly = ground.attack(EVENLY, defended.adaptive(), ground.few, whom, ground.settings.adaptive).images
    unknown, kept = withstood(defended, plain, labels), withstood(defended, evenly, labels)
    nearby = _nearby(ground, whom, defended) if defended.detector else None
    return Left(
        share(unknown),
        share(unknown & kept if nearby is None else unknown & kept & nearby),
        share(kept),
        None if nearby is None else share(nearby),
    )


def _nearby(ground: Ground, whom: str, defended: "Defended") -> np.ndarray:
    """Return bool (N,): which images withstand the nearest ones that deceive and keep the detector quiet.

    Those that lie farther off than PGD may go, epsilon times the root of the number of values, count as withstanding.
    """
    images, labels = ground.images[ground.few], ground.labels[ground.few]
    made = ground.attack(NEARBY, defended.adaptive(), ground.few, whom, ground.settings.adaptive_l2).images
    farthest = ground.settings.adaptive.epsilon * np.sqrt(images[0].size)
    return withstood(defended, made, labels) | (distances(images, made).l2 > farthest)


def _numbers(left: dict[str, Left]) -> dict[str, Number]:
    return {
        name: Number(
            each.known.value,
            f"{defence(name).label} under attacks that know it",
            "higher",
            "0 to 1: share of attacked images told right or rejected, where the attacker knows the defence. Below a "
            "half it falls.",
        )
        for name, each in left.items()
    }


def _words(left: dict[str, Left]) -> list[str]:
    by_verdict = {
        verdict: [defence(name).label for name, each in left.items() if each.verdict == verdict]
        for verdict in ("falls", "weakened", "holds")
    }
    said = {
        "falls": "To an attacker who knows them fall",
        "weakened": "Weaker than they look, but above a half, are",
        "holds": "No weaker for being known, which proves nothing of other attackers, are",
    }
    return [f"{said[verdict]}: {', '.join(names)}." for verdict, names in by_verdict.items() if names]
