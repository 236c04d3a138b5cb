"""What an attacker who knows a defence leaves of it: a defence measured otherwise is not measured.

Athalye et al. 2018, "Obfuscated Gradients Give a False Sense of Security"; Tramer et al. 2020, "On Adaptive Attacks to
Adversarial Example Defenses".
"""

from typing import TYPE_CHECKING, NamedTuple

from ganline.robustness.defences import defence
from ganline.robustness.outcome import distances
from ganline.studies.finding import Finding, LeftOut, Number, Table
from ganline.studies.robustness.base import Ground, Share, share, withstood

if TYPE_CHECKING:
    from ganline.robustness.defences.base import Defended

TITLE = "Defences against an attacker who knows them"
FALLEN = 0.5
"""A defence that keeps less than this share falls."""
COLUMNS = ("defence", "not knowing it, %", "knowing it, %", "of that told right, %", "mean L2", "how", "verdict")
NAME = "pgd"


class Left(NamedTuple):
    """What is left of a defence."""

    unknown: Share
    """Under the same attack on the victim that nobody defends."""
    known: Share
    right: Share
    l2: float

    @property
    def verdict(self) -> str:
        """Whether it falls."""
        if self.known.value < FALLEN:
            return "falls"
        return "weakened" if self.known.interval[1] < self.unknown.interval[0] else "holds"


def find(ground: Ground) -> Finding:
    """Return what PGD leaves of each defence that does not know it, and that does."""
    if not ground.defended:
        raise LeftOut("; ".join(ground.missing.values()) or "robustness.defences names none")
    settings = ground.settings.adaptive
    plain = ground.attack(NAME, ground.victim, ground.few, "the victim, for comparison", settings)
    left = {name: _left(ground, name, found, plain.images) for name, found in ground.defended.items()}
    rows = [
        [defence(name).label, str(each.unknown), str(each.known), str(each.right), f"{each.l2:.2f}",
         defence(name).adaptive, each.verdict]
        for name, each in left.items()
    ]  # fmt: skip
    title = (
        f"Told right or rejected of {len(ground.few)} images under PGD, epsilon {settings.epsilon:g}, "
        f"{settings.iterations} iterations"
    )
    numbers = {
        name: Number(
            each.known.value,
            f"{defence(name).label} under an attack that knows it",
            "higher",
            "0 to 1: share of attacked images told right or rejected, where the attacker knows the defence. Below a "
            "half it falls.",
        )
        for name, each in left.items()
    }
    return Finding(numbers=numbers, words=_words(left), tables=[Table(title, COLUMNS, rows)])


def _left(ground: Ground, name: str, defended: "Defended", unknown: "object") -> Left:
    images, labels = ground.images[ground.few], ground.labels[ground.few]
    made = ground.attack(NAME, defended.adaptive(), ground.few, defence(name).label, ground.settings.adaptive)
    return Left(
        share(withstood(defended, unknown, labels)),
        share(withstood(defended, made.images, labels)),
        share(defended.predict(made.images) == labels),
        float(distances(images, made.images).l2.mean()),
    )


def _words(left: dict[str, Left]) -> list[str]:
    by_verdict = {
        verdict: [defence(name).label for name, each in left.items() if each.verdict == verdict]
        for verdict in ("falls", "weakened", "holds")
    }
    said = {
        "falls": "To an attacker who knows them fall",
        "weakened": "Weaker than they look, but above a half, are",
        "holds": "No weaker for being known to PGD, which proves nothing of other attackers, are",
    }
    return [f"{said[verdict]}: {', '.join(names)}." for verdict, names in by_verdict.items() if names]
