"""What the parts of this study share: the victims, the defended ones, and what attacks made, each made once."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from ganline.core.abilities import lacking
from ganline.core.errors import UserError
from ganline.core.maker import LatentMaker, Maker
from ganline.core.random import generator
from ganline.latent.groups import wilson
from ganline.robustness.attacks import attack
from ganline.robustness.chosen import chosen_attacks, chosen_defences
from ganline.robustness.defences import defence
from ganline.settings.robustness import Robustness
from ganline.settings.schema import Params
from ganline.settings.section import Section
from ganline.studies.finding import Kept, LeftOut

if TYPE_CHECKING:
    from ganline.models.victims import Victim
    from ganline.robustness.defences.base import Defended, Lesson

KEPT_BACK = 1000
"""Training images, at most a tenth, that no classifier learns from: detectors set their thresholds by them."""
OWN = 5000
"""Training images that an attacker has, at most."""
SURE = 1.96
"""Standard errors to either side of an interval of 95 %."""
FIRST, SECOND = "pooled", "strided"
"""The kinds of the victim and of the one that shows what transfers."""


class Attacked(NamedTuple):
    """What an attack made of N images."""

    images: np.ndarray
    """float32 (N, H, W, C) in 0 to 1."""
    queries: float
    """For each image, on average."""
    seconds: float
    """For each image."""


@dataclass
class Ground:
    """Labelled images, a trained model, and all that is made of them."""

    params: Params
    maker: Maker
    train_images: np.ndarray
    """uint8 (N, H, W, C)."""
    train_labels: np.ndarray | None
    """int32 (N,)."""
    test_images: np.ndarray
    test_labels: np.ndarray | None
    classes: Sequence[str]
    kept: dict[str, Kept] = field(default_factory=dict)
    """Nothing: there are no latents."""
    _made: dict[Any, Any] = field(default_factory=dict)

    @property
    def settings(self) -> Robustness:
        """The section `robustness` of params.yaml."""
        return self.params.robustness

    @property
    def abilities(self) -> frozenset[str]:
        """See ganline.studies.answers.Subject."""
        return self.maker.abilities

    @property
    def protocol(self) -> dict[str, Any]:
        """What the protocol of every number says."""
        count = min(self.settings.images, len(self.test_images))
        return {"images": count, "fewer": min(self.settings.fewer, count), "seed": self.params.seed}

    @cached_property
    def rows(self) -> np.ndarray:
        """Which held-out images are attacked: evenly spaced, for a split may be ordered by class."""
        count = min(self.settings.images, len(self.test_images))
        return np.linspace(0, len(self.test_images) - 1, count).astype(int)

    @cached_property
    def images(self) -> np.ndarray:
        """float32 (N, H, W, C) in 0 to 1: the images that are attacked."""
        return np.asarray(self.test_images[self.rows]).astype(np.float32) / 255

    @cached_property
    def labels(self) -> np.ndarray:
        """int64 (N,): their classes."""
        if self.test_labels is None or len(self.classes) < 2:
            raise LeftOut("there are no classifiers to attack: the data has not two classes")
        return np.asarray(self.test_labels[self.rows]).astype(np.int64)

    @cached_property
    def few(self) -> np.ndarray:
        """Places among `images` of the fewer ones."""
        return np.linspace(0, len(self.images) - 1, min(self.settings.fewer, len(self.images))).astype(int)

    @cached_property
    def targets(self) -> np.ndarray:
        """int64 (N,): for each image a class that it is not of, drawn at random."""
        steps = generator(self.params.seed, "robustness/targets").integers(1, len(self.classes), len(self.labels))
        return (self.labels + steps) % len(self.classes)

    @cached_property
    def taught(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What classifiers learn from, uint8 (M, H, W, C) and int32 (M,), and what is kept back, float32 in 0 to 1.

        In an order that is drawn, so that the first ones are of all classes, though data may be ordered by class.
        """
        _ = self.labels
        count = len(self.train_images)
        back = np.linspace(0, count - 1, max(1, min(KEPT_BACK, count // 10))).astype(int)
        rest = generator(self.params.seed, "robustness/taught").permutation(np.setdiff1d(np.arange(count), back))
        images = np.asarray(self.train_images)
        assert self.train_labels is not None
        return images[rest], np.asarray(self.train_labels)[rest], images[back].astype(np.float32) / 255

    @cached_property
    def own(self) -> np.ndarray:
        """float32 (M, H, W, C) in 0 to 1: images of the attacker's."""
        return self.taught[0][:OWN].astype(np.float32) / 255

    @cached_property
    def victim(self) -> "Victim":
        """The classifier that is attacked and defended."""
        return self._trained(FIRST)

    @cached_property
    def second(self) -> "Victim":
        """One of another shape."""
        return self._trained(SECOND)

    def _trained(self, kind: str) -> "Victim":
        from ganline.models.victims import Plan, train_victim

        images, labels, _ = self.taught
        plan = Plan(steps=self.settings.victim_steps)
        return train_victim(kind, images, labels, len(self.classes), self.params.seed, plan)

    @property
    def attacks(self) -> list[str]:
        """Names of those that are asked for."""
        return chosen_attacks(self.settings)

    @cached_property
    def defended(self) -> "dict[str, Defended]":
        """The victim behind each defence that is asked for and can be had, by its name."""
        made = {name: self._defended(name) for name in chosen_defences(self.settings)}
        return {name: found for name, found in made.items() if not isinstance(found, str)}

    @cached_property
    def missing(self) -> dict[str, str]:
        """Why the defences that cannot be had are not there, by name."""
        _ = self.defended
        return {name: why for name, why in self._made.items() if isinstance(why, str)}

    def _defended(self, name: str) -> "Defended | str":
        try:
            return defence(name).defend(self.lesson, self.settings.of(name))
        except UserError as reason:
            print(f"study: {defence(name).label} is left out: {reason}", flush=True)
            self._made[name] = str(reason)
            return str(reason)

    @cached_property
    def lesson(self) -> "Lesson":
        """What defences are made of."""
        from ganline.robustness.defences.base import Lesson

        images, labels, back = self.taught
        maker = None if lacking(("latents",), self.maker.abilities) else cast(LatentMaker, self.maker)
        return Lesson(self.victim, FIRST, images, labels, back, self.params.seed, maker)

    def attacked(self, name: str) -> Attacked:
        """Return what an attack on the victim makes of all images."""
        if name not in self._made:
            self._made[name] = self.attack(name, self.victim, np.arange(len(self.images)), "the victim")
        found: Attacked = self._made[name]
        return found

    def attack(
        self, name: str, victim: "Victim", places: np.ndarray, whom: str, settings: Section | None = None,
        targeted: bool = False,
    ) -> Attacked:  # fmt: skip
        """Return what an attack on any victim makes of the images at these places."""
        from ganline.robustness.attacks.base import attacked

        began = time.perf_counter()
        found = attacked(
            attack(name),
            victim,
            self.images[places],
            self.labels[places],
            settings or self.settings.of(name),
            self.targets[places] if targeted else None,
            self.params.seed,
            self.own,
            show=f"{name} on {whom}{', at targets' if targeted else ''}",
        )
        return Attacked(found.images, float(found.queries.mean()), (time.perf_counter() - began) / len(places))


class Share(NamedTuple):
    """A share of so many images."""

    hits: int
    trials: int

    @property
    def value(self) -> float:
        """0 to 1."""
        return self.hits / self.trials if self.trials else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """That of 95 % (Wilson 1927)."""
        return wilson(self.value, self.trials, SURE) if self.trials else (0.0, 1.0)

    def __str__(self) -> str:
        """As tables have it, in percent."""
        low, high = self.interval
        return f"{100 * self.value:.1f} ({100 * low:.1f} to {100 * high:.1f})"


def share(hits: np.ndarray) -> Share:
    """Return the share of bool (N,) that is true."""
    return Share(int(hits.sum()), len(hits))


def withstood(defended: "Defended", images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return bool (N,): which attacked images a defended victim tells right or rejects."""
    return (defended.predict(images) == labels) | defended.detects(images)


def usable(defended: "Defended", images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return bool (N,): which unharmed images it tells right and does not reject."""
    return (defended.predict(images) == labels) & ~defended.detects(images)
