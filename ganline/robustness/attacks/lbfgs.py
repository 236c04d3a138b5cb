"""The first attack of all: the nearest image of another class, by L-BFGS within the range of pixels.

    minimise over x' in [0, 1]    ||x' - x||^2 + c J(x', t)

with J the cross-entropy of the victim's logits with the target t, and c by bisection for each image, as small as
deceives. The paper aims at targets only; without one t is the likeliest wrong class of the original.

Each image has curvatures and a step length of its own, and all are computed at once: an iteration asks the victim once
for every image, whose step is taken where it lowers the loss enough and halved where not. Pixels that are at an end of
the range and pushed beyond stay there.
"""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ganline.models.victims import Victim
from ganline.robustness.attacks.base import Adversarial, Aim, Attack, compiled
from ganline.robustness.attacks.bisection import Constants
from ganline.settings.attacks import Lbfgs

MEMORY = 8
"""Steps whose curvature is remembered."""
ENOUGH = 1e-4
"""Share of the fall that the slope promises which a step must bring (Armijo's condition)."""
SMALLEST_STEP = 1e-3
"""At a smaller share of the full step an image stops."""


class Point(NamedTuple):
    """Where the search is, float32: images (N, n), their losses (N,), slopes (N, n), and who deceives, bool (N,)."""

    images: np.ndarray
    losses: np.ndarray
    slopes: np.ndarray
    deceives: np.ndarray


def attack(victim: Victim, aim: Aim, settings: Lbfgs) -> Adversarial:
    """Return the nearest images that deceive, and the originals where none did; a query an iteration."""
    count = len(aim.images)
    logits = victim.logits_of(aim.images)
    logits[np.arange(count), aim.labels] = -np.inf
    search = _Search(victim, aim, aim.classes if aim.targets is not None else logits.argmax(axis=1))
    constants = Constants(count, settings.first_constant)
    for _ in range(settings.constants):
        constants.learn(search.descend(constants.now, settings.iterations))
    return Adversarial(search.nearest.reshape(aim.images.shape), search.queries + 1)


class _Search:
    """The nearest images so far and how to look for nearer ones."""

    def __init__(self, victim: Victim, aim: Aim, aims: np.ndarray) -> None:
        self.victim, self.aim, self.aims = victim, aim, aims
        self.originals = aim.images.reshape(len(aim.images), -1)
        self.nearest = self.originals.copy()
        self.distances = np.full(len(self.originals), np.inf, np.float32)
        self.queries = np.zeros(len(self.originals), np.int64)

    def descend(self, constants: np.ndarray, iterations: int) -> np.ndarray:
        """Return who deceived, bool (N,), on the way to the least loss with these constants."""
        left = np.arange(len(self.originals))
        deceived = np.zeros(len(left), bool)
        here = self._look(self.originals, left, constants)
        curvature, step = Curvature(here.images.shape), 1 / np.maximum(_norm(_free(here)), 1e-12)
        for _ in range(iterations):
            way = curvature.way(_free(here))
            there = self._look(np.clip(here.images + step[:, None] * way, 0, 1), left, constants)
            promised = _dot(here.slopes, there.images - here.images)
            better = there.losses <= here.losses + ENOUGH * promised
            deceived[left[there.deceives]] = True
            curvature.learn(there.images - here.images, there.slopes - here.slopes, better)
            here = Point(*(np.where(_like(better, new), new, old) for new, old in zip(there, here, strict=True)))
            step = np.where(better, 1, step / 2).astype(np.float32)
            goes_on = (step >= SMALLEST_STEP) & (promised < -1e-7) | (better & (curvature.steps < 2))
            if not goes_on.any():
                break
            left, step = left[goes_on], step[goes_on]
            here, curvature = Point(*(each[goes_on] for each in here)), curvature.of(goes_on)
        return deceived

    def _look(self, images: np.ndarray, left: np.ndarray, constants: np.ndarray) -> Point:
        """Return what these images are, and keep those that deceive and are nearer than any before."""
        shaped = images.reshape(-1, *self.victim.image_shape)
        known = (self.aim.images[left], self.aim.classes[left], self.aims[left], constants[left])
        losses, slopes, deceives = (
            each.numpy() for each in _loss(self.victim, self.aim.targets is not None, shaped, *known)
        )
        self.queries[left] += 1
        distances = _norm(images - self.originals[left])
        nearer = deceives & (distances < self.distances[left])
        self.nearest[left[nearer]], self.distances[left[nearer]] = images[nearer], distances[nearer]
        return Point(images, losses, slopes.reshape(images.shape), deceives)


class Curvature:
    """What the last steps say of each image's curvature, and the way down that follows (Nocedal and Wright, 7.4)."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        """Set up, knowing nothing, for `shape` (N, n)."""
        self.moves, self.turns = np.zeros((2, MEMORY, *shape), np.float32)
        self.weights = np.zeros((MEMORY, shape[0]), np.float32)
        self.scale, self.steps = np.ones(shape[0], np.float32), np.zeros(shape[0], np.int64)

    def of(self, chosen: np.ndarray) -> "Curvature":
        """Return that of some images, bool (N,)."""
        some = Curvature((0, 0))
        some.moves, some.turns, some.weights = self.moves[:, chosen], self.turns[:, chosen], self.weights[:, chosen]
        some.scale, some.steps = self.scale[chosen], self.steps[chosen]
        return some

    def learn(self, moves: np.ndarray, turns: np.ndarray, took: np.ndarray) -> None:
        """Remember steps, float32 (N, n), and how the slopes turned on them, of those images that took them."""
        product = _dot(moves, turns)
        counts = took & (product > 1e-10)
        self.steps += took
        for kept, new in ((self.moves, moves), (self.turns, turns)):
            kept[:, counts] = np.concatenate([kept[1:, counts], new[None, counts]])
        weights = 1 / np.where(counts, product, 1)
        self.weights[:, counts] = np.concatenate([self.weights[1:, counts], weights[None, counts]])
        self.scale = np.where(counts, product / np.maximum(_dot(turns, turns), 1e-20), self.scale).astype(np.float32)

    def way(self, slopes: np.ndarray) -> np.ndarray:
        """Return where to go, float32 (N, n), from where the slopes are these; pixels without slope stay."""
        way, parts = -slopes, []
        for moves, turns, weights in zip(self.moves[::-1], self.turns[::-1], self.weights[::-1], strict=True):
            parts.append(weights * _dot(moves, way))
            way = way - parts[-1][:, None] * turns
        way = way * self.scale[:, None]
        for moves, turns, weights in zip(self.moves, self.turns, self.weights, strict=True):
            way = way + (parts.pop() - weights * _dot(turns, way))[:, None] * moves
        way = np.where(slopes == 0, 0, way)
        return np.where((_dot(way, slopes) < 0)[:, None], way, -slopes)


@compiled
def _loss(
    victim: Victim,
    targeted: bool,
    images: tf.Tensor,
    originals: tf.Tensor,
    classes: tf.Tensor,
    aims: tf.Tensor,
    constants: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = victim.logits(images)
        losses = constants * tf.nn.sparse_softmax_cross_entropy_with_logits(aims, logits)
        losses += tf.reduce_sum(tf.math.squared_difference(images, originals), (1, 2, 3))
    reached = tf.argmax(logits, axis=1) == classes
    return losses, tape.gradient(losses, images), reached if targeted else ~reached


def _free(here: Point) -> np.ndarray:
    """Return the slopes without those that push pixels out of the range."""
    stuck = (here.images <= 0) & (here.slopes > 0) | (here.images >= 1) & (here.slopes < 0)
    return np.where(stuck, 0, here.slopes)


def _dot(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.einsum("ij,ij->i", first, second)


def _norm(values: np.ndarray) -> np.ndarray:
    return np.sqrt(_dot(values, values))


def _like(mask: np.ndarray, values: np.ndarray) -> np.ndarray:
    return mask.reshape(-1, *[1] * (values.ndim - 1))


ATTACK = Attack(
    name="lbfgs",
    label="L-BFGS",
    source="Szegedy et al. 2014, Intriguing Properties of Neural Networks",
    norm="l2",
    run=attack,
    settings=Lbfgs,
)
