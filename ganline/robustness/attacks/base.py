"""What joins an attack to the line: its record, what it is given and returns, and the one way to run it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import tensorflow as tf

from ganline.core.errors import UserError
from ganline.core.progress import Bar
from ganline.models.victims import Victim
from ganline.settings.section import Section


class Adversarial(NamedTuple):
    """What an attack made of N images."""

    images: np.ndarray
    """float32 (N, H, W, C) in 0 to 1; where the attack failed, whatever it ended with."""
    queries: np.ndarray
    """int64 (N,): how often the victim was asked for an image's logits or their gradient."""


class Aim(NamedTuple):
    """What an attack is given besides the victim: N images and where they are to go."""

    images: np.ndarray
    """float32 (N, H, W, C) in 0 to 1."""
    labels: np.ndarray
    """int64 (N,): their true classes."""
    targets: np.ndarray | None
    """int64 (N,): the classes to reach; None where any but the true one will do."""
    seed: int
    """Of all that is random."""
    own: np.ndarray
    """float32 (M, H, W, C) in 0 to 1: images of the attacker's, for an attack that learns before it attacks."""
    show: str
    """The label of progress bars; "" for none."""

    @property
    def classes(self) -> np.ndarray:
        """int64 (N,): the classes to reach, or to leave where there are no targets."""
        return self.labels if self.targets is None else self.targets


@dataclass(frozen=True)
class Attack:
    """One way to deceive a victim."""

    name: str
    """In params.yaml, and of its file."""
    label: str
    """As a person reads it."""
    source: str
    """Author, year, and title or venue."""
    norm: Literal["l0", "l2", "linf"]
    """The distance that it keeps small."""
    run: Callable[[Victim, Aim, Any], Adversarial]
    """Victim, aim and settings -> what it made, for some hundred images at once."""
    settings: type[Section]
    """Of ganline.settings.attacks; made without arguments it holds the defaults."""
    gradients: bool = True
    """Whether it needs those of the victim."""
    targeted: bool = True
    """Whether it can aim at a class."""
    at_once: int = 250
    """Images that `run` takes at most."""


def attacked(
    attack: Attack,
    victim: Victim,
    images: np.ndarray,
    labels: np.ndarray,
    settings: Section | None = None,
    targets: np.ndarray | None = None,
    seed: int = 0,
    own: np.ndarray | None = None,
    show: str = "",
) -> Adversarial:
    """Return what an attack makes of images.

    Args:
        attack: of ganline.robustness.attacks.
        victim: who is to be deceived.
        images: float32 (N, H, W, C) in 0 to 1.
        labels: their true classes, integers (N,).
        settings: an instance of the attack's; None for its defaults.
        targets: the classes to reach, integers (N,); None where any but the true one will do.
        seed: of all that is random.
        own: images of the attacker's, float32 (M, H, W, C) in 0 to 1, such as those that the victim learned from, for
            an attack that learns before it attacks; None for the images themselves.
        show: the label of a progress bar, such as "zoo against squeezing"; "" for none.

    Raises:
        UserError: the attack does not suit the victim, the images or the targets.
    """
    _check_victim(attack, victim)
    own = images if own is None else own
    for each in (images, own):
        _check_images(victim, each)
    labels, targets = _checked(attack, victim, len(images), labels, targets)
    aim = Aim(images.astype(np.float32), labels, targets, seed, own.astype(np.float32), show)
    settings = settings or attack.settings()
    parts = []
    with Bar(show, len(images), unit="images") if show else _Silent() as bar:
        for part in _parts(aim, attack.at_once):
            parts.append(attack.run(victim, part, settings))
            bar.advance(len(part.images))
    return Adversarial(*(np.concatenate(each) for each in zip(*parts, strict=True)))


class _Silent:
    def __enter__(self) -> "_Silent":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def advance(self, count: int) -> None:
        pass


def _parts(aim: Aim, size: int) -> Iterator[Aim]:
    """Yield the aim in parts of at most so many images, each with a seed of its own."""
    for number, at in enumerate(range(0, len(aim.images), size)):
        cut = slice(at, at + size)
        targets = None if aim.targets is None else aim.targets[cut]
        seed = (aim.seed + 7919 * number) % 2**31
        yield aim._replace(images=aim.images[cut], labels=aim.labels[cut], targets=targets, seed=seed)


def _check_victim(attack: Attack, victim: Victim) -> None:
    if attack.gradients and not victim.gradients:
        raise UserError(
            f"{attack.label} follows the victim's gradients, and this victim has none; "
            "zoo attacks it by its answers alone, or attack a differentiable one and show this one what comes of it"
        )


def _checked(
    attack: Attack, victim: Victim, count: int, labels: np.ndarray, targets: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray | None]:
    labels = _classes("labels", labels, victim, count)
    if targets is None:
        return labels, None
    if not attack.targeted:
        raise UserError(f"{attack.label} cannot aim at a class: leave out its targets")
    targets = _classes("targets", targets, victim, count)
    if (same := np.flatnonzero(targets == labels)).size:
        raise UserError(
            f"the target of image {same[0]} is {targets[same[0]]}, its true class (so of {same.size} of "
            f"{count} images); allowed is any other class"
        )
    return labels, targets


def _check_images(victim: Victim, images: np.ndarray) -> None:
    if images.shape[1:] != victim.image_shape or not len(images):
        raise UserError(f"images to attack are of shape {images.shape}; this victim takes some of {victim.image_shape}")
    low, high = float(images.min()), float(images.max())
    if not (low >= 0 and high <= 1):
        raise UserError(f"images to attack reach from {low:.4g} to {high:.4g}; allowed is 0 to 1 (divide bytes by 255)")


def _classes(what: str, numbers: np.ndarray, victim: Victim, count: int) -> np.ndarray:
    if numbers.shape != (count,):
        raise UserError(f"{what} are of shape {numbers.shape}; needed is one for each of {count} images")
    if not np.issubdtype(numbers.dtype, np.integer) or not ((numbers >= 0) & (numbers < victim.classes)).all():
        raise UserError(f"{what}: allowed are the victim's classes, integers from 0 to {victim.classes - 1}")
    return numbers.astype(np.int64)


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function of a victim, hashable settings and then tensors, once for batches of any size.

    Tensors of rank 1 and more have the images along their first axis. Loops are tf.while_loop: without AutoGraph, which
    would translate Python's, a function is compiled in half the time.
    """
    traced = tf.function(function, autograph=False)

    def call(victim: Victim, settings: Any, *values: Any) -> Any:
        tensors = [tf.convert_to_tensor(value) for value in values]
        specs = [tf.TensorSpec((None, *each.shape[1:]) if each.shape.rank else (), each.dtype) for each in tensors]
        return traced.get_concrete_function(victim, settings, *specs)(*tensors)

    return call


def sign_of(aim: Aim) -> np.float32:
    """Return what a loss of the aim's classes is multiplied by to be made large: 1, or -1 where they are targets."""
    return np.float32(1 if aim.targets is None else -1)
