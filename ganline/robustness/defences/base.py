"""What joins a defence to the line: its record, what it is given, and the defended victim that it returns."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from ganline.core.errors import UserError
from ganline.core.maker import LatentMaker
from ganline.models.victims import CHUNK, KINDS, Logits, Victim
from ganline.settings.section import Section

SHARP = 3.0
"""Logits that a detector's alarm gains, to an attacker who evades it, where its score grows by a factor of e. Few, so
that far from the threshold a way back is still felt in float32."""


class Defended(Victim):
    """A victim behind a defence."""

    def __init__(
        self,
        logits: Logits,
        image_shape: Sequence[int],
        classes: int,
        adaptive: Callable[[], Victim] | None = None,
        *,
        gradients: bool = True,
        sees: Logits | None = None,
        alarm: Logits | None = None,
        at_once: int = CHUNK,
    ) -> None:
        """Set up.

        Args:
            logits: see `Victim`.
            image_shape: (H, W, C).
            classes: of the data's.
            adaptive: makes what `adaptive` returns; None where the victim itself is as good to attack.
            gradients: see `Victim`.
            sees: images, float32 (N, H, W, C) in 0 to 1 -> the same as the classifier behind sees them; None where it
                sees them as they are.
            alarm: images -> float32 (N,), above 0 where the detector rejects them; None where there is no detector.
            at_once: images that it looks at in one call.
        """
        super().__init__(logits, image_shape, classes, gradients)
        self._adaptive, self._at_once, self.detector = adaptive, at_once, alarm is not None
        shape = [tf.TensorSpec((None, *self.image_shape))]
        self._sees = tf.function(sees, input_signature=shape) if sees else None
        self._alarm = tf.function(alarm, input_signature=shape) if alarm else None

    def logits_of(self, images: np.ndarray) -> np.ndarray:
        """See `Victim.logits_of`."""
        size = self._at_once
        chunks = [super(Defended, self).logits_of(images[at : at + size]) for at in range(0, len(images), size)]
        return np.concatenate([np.zeros((0, self.classes), np.float32), *chunks])

    def detects(self, images: np.ndarray) -> np.ndarray:
        """Return bool (N,): which images, float32 (N, H, W, C) in 0 to 1, it rejects; none without a detector."""
        if self._alarm is None:
            return np.zeros(len(images), bool)
        return self._each(self._alarm, images, np.zeros(0, np.float32)) > 0

    def seen(self, images: np.ndarray) -> np.ndarray:
        """Return images, float32 (N, H, W, C) in 0 to 1, as the classifier behind the defence sees them."""
        return images if self._sees is None else self._each(self._sees, images, images[:0])

    def adaptive(self) -> Victim:
        """Return whom an attacker who knows the defence attacks in its place: what deceives the one, does the other."""
        return self._made

    @cached_property
    def _made(self) -> Victim:
        return self._adaptive() if self._adaptive else self

    def _each(self, function: Callable[..., tf.Tensor], images: np.ndarray, none: np.ndarray) -> np.ndarray:
        size = self._at_once
        return np.concatenate([none, *(function(images[at : at + size]) for at in range(0, len(images), size))])


class Lesson(NamedTuple):
    """What a defence is made of."""

    victim: Victim
    """Whom it defends: a network of `kind` that was trained on the images."""
    kind: str
    """Of victims.KINDS."""
    images: np.ndarray
    """uint8 (N, H, W, C): training images."""
    labels: np.ndarray
    """int32 (N,)."""
    kept_back: np.ndarray
    """float32 (M, H, W, C) in 0 to 1: unharmed images that nobody learned from, for detectors to set thresholds by."""
    seed: int
    """Of all that is random."""
    maker: LatentMaker | None = None
    """The generator whose images stand for unharmed ones; None where there is none."""

    @property
    def classes(self) -> int:
        """How many."""
        return self.victim.classes

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(H, W, C)."""
        return self.victim.image_shape

    @property
    def other(self) -> str:
        """The kind of network that the victim is not: an attacker's, who does not know it."""
        return next(kind for kind in KINDS if kind != self.kind)


@dataclass(frozen=True)
class Defence:
    """One way to defend a victim."""

    name: str
    """In params.yaml, and of its file."""
    label: str
    """As a person reads it."""
    source: str
    """Author, year, and title or venue."""
    adaptive: str
    """How an attacker who knows it attacks: a few words."""
    hides: bool
    """Whether it hides or bends the gradients that attacks follow, so that it must be attacked by who knows it."""
    defend: Callable[[Lesson, Any], Defended]
    """Lesson and settings -> the defended victim."""
    settings: type[Section]
    """Of ganline.settings.defences; made without arguments it holds the defaults."""


def threshold(scores: np.ndarray, false_alarms: float, detectors: int = 1) -> float:
    """Return the score, of unharmed images float (N,), that this share of them exceeds, about.

    Of several detectors each has its part of the false alarms.

    Raises:
        UserError: there are too few images to tell.
    """
    if len(scores) * false_alarms < detectors:
        raise UserError(
            f"false_alarms = {false_alarms:g}: {len(scores)} images are kept back to set the detector's threshold by; "
            f"allowed is {detectors / max(1, len(scores)):.2g} and more"
        )
    return max(float(np.quantile(scores, 1 - false_alarms / detectors)), 1e-6)


def straight_through(change: Logits, images: tf.Tensor) -> tf.Tensor:
    """Return what images become, and let gradients pass as if they had stayed as they are.

    Backward pass differentiable approximation (Athalye et al. 2018, "Obfuscated Gradients Give a False Sense of
    Security"), for changes that leave images about as they are.
    """
    return images + tf.stop_gradient(change(images) - images)


def evading(logits: tf.Tensor, alarm: tf.Tensor) -> tf.Tensor:
    """Return logits, float32 (N, K), of which none stands out where a detector's alarm is louder than they are.

    To raise their cross-entropy an attacker must deceive the classifier and keep the detector quiet at once. As `alarm`
    (N,) grows beyond a logit it takes its place, so all classes get alike.
    """
    high, low = tf.maximum(logits, alarm[:, None]), tf.minimum(logits, alarm[:, None])
    return high + tf.nn.softplus(low - high)


def loudness(logits: tf.Tensor, ratio: tf.Tensor) -> tf.Tensor:
    """Return alarms, float32 (N,), for `evading`: as loud as the largest logit where the detector is about to reject.

    Args:
        logits: float32 (N, K).
        ratio: float32 (N,): score / threshold.
    """
    return tf.stop_gradient(tf.reduce_max(logits, axis=1)) + SHARP * tf.math.log(ratio + 1e-3)
