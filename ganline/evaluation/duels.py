"""Models against each other: every discriminator judges every generator, a new one judges them all, and detectors that
learned one's fakes look at those of the others.

A discriminator takes part as a judge if it judges single plain images: no packs, no classes told, no statistics of its
batch. It is asked in inference mode. What it takes for real lies above its loss's boundary; where scores have no
absolute meaning (Wasserstein critics, BEGAN's autoencoder) above their median over the real images and its own
generator's fakes, so that it errs equally often on both.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

from ganline.core.abilities import lacking
from ganline.core.random import generator
from ganline.evaluation.compare import Run
from ganline.metrics.fake_detector import Detection, detection
from ganline.metrics.generative_adversarial_metric import GenerativeAdversarialMetric, generative_adversarial_metric
from ganline.metrics.normalised_discriminator_score import normalised_discriminator_score
from ganline.metrics.shares import standard_error
from ganline.metrics.tournament import tournament

if TYPE_CHECKING:
    from ganline.models.adversarial import Adversarial
    from ganline.models.base import Model

IMAGES = 1000
"""Fakes of each generator, and real images; fewer where there are not so many real ones."""


class Pair(NamedTuple):
    """Two models that swapped discriminators."""

    first: str
    second: str
    verdict: GenerativeAdversarialMetric


@dataclass(frozen=True)
class Duels:
    """What came of it; models go by the names they were given."""

    images: int
    numbers: Mapping[str, Mapping[str, float]]
    """Model -> win_rate, skill, their standard errors, and nrds; of the first four none where nobody can judge."""
    judges: Mapping[str, float] = field(default_factory=dict)
    """Model -> its discriminator's skill."""
    silent: Mapping[str, str] = field(default_factory=dict)
    """Model -> why its discriminator does not judge."""
    pairs: tuple[Pair, ...] = ()


@dataclass(frozen=True)
class Detectors:
    """What detectors trained on one model's fakes say of all models; these go by the names they were given."""

    images: int
    """Held-out images, and fakes of each model, on which they were tested."""
    models: tuple[str, ...]
    """In the order of rows and columns."""
    found: Detection

    def numbers(self, name: str) -> dict[str, float]:
        """Return how well the others' detectors know a model's fakes: detected, and its standard error."""
        at = self.models.index(name)
        value = float(np.delete(self.found.areas[:, at], at).mean())
        return {"detected": value, "detected_stderr": standard_error(value, self.images)}


class League(NamedTuple):
    """Runs on one dataset whose models met."""

    dataset: str
    runs: Mapping[str, Run]
    """By run id, as `duels` names the models."""
    duels: Duels
    detectors: Detectors | str
    """Or why there are none."""


def hold(models: Mapping[str, "Model"], real: np.ndarray, seed: int) -> Duels:
    """Return the duels of two or more models on held-out images, uint8 (N, H, W, C), all of one shape."""
    count = min(IMAGES, len(real))
    real = np.asarray(real[np.sort(generator(seed, "duels/real").permutation(len(real))[:count])])
    fakes = {name: draw(model, count, seed) for name, model in models.items()}
    found = normalised_discriminator_score(real, list(fakes.values()), seed)
    numbers = {name: {"nrds": float(score)} for name, score in zip(models, found.scores, strict=True)}
    silent = {name: reason for name, model in models.items() if (reason := why_silent(model))}
    judges = {name: cast("Adversarial", model) for name, model in models.items() if name not in silent}
    if not judges:
        return Duels(count, numbers, silent=silent)

    on_real: dict[str, np.ndarray] = {}
    on_fakes: dict[str, dict[str, np.ndarray]] = {}  # by the judge, of the maker
    for name, model in judges.items():
        on_real[name], on_fakes[name] = verdicts(model, name, real, fakes)
    result = tournament(np.array([[on_fakes[judge][maker].sum() for judge in judges] for maker in models]), count)
    for i, name in enumerate(models):
        numbers[name] |= {
            "win_rate": float(result.win_rates[i]),
            "win_rate_stderr": float(result.win_rate_errors[i]),
            "skill": float(result.skills[i]),
            "skill_stderr": float(result.skill_errors[i]),
        }
    swaps = [
        (one, other, (on_real[one], on_real[other], on_fakes[one][other], on_fakes[other][one]))
        for one, other in combinations(judges, 2)
    ]
    return Duels(
        count,
        numbers,
        dict(zip(judges, map(float, result.discriminator_skills), strict=True)),
        silent,
        tuple(Pair(one, other, generative_adversarial_metric(*swapped)) for one, other, swapped in swaps),
    )


def verdicts(
    model: "Adversarial", name: str, real: np.ndarray, fakes: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return which real images, and which of each maker's fakes, a discriminator takes for real, bool (N,).

    `name` says which fakes are those of its own generator.
    """
    judge = judge_of(model)
    on_real, on_fakes = judge(real), {maker: judge(images) for maker, images in fakes.items()}
    limit = boundary(model, on_real, on_fakes[name])
    return on_real > limit, {maker: said > limit for maker, said in on_fakes.items()}


def detect(models: Mapping[str, "Model"], train: np.ndarray, real: np.ndarray, seed: int) -> Detectors | str:
    """Return what detectors of two or more models' fakes say of all of them, or why there are none.

    Args:
        models: by names.
        train: real images that detectors learn from, uint8 (N, H, W, C).
        real: held-out images, which they are tested on and never shown before, uint8 (M, H, W, C).
        seed: of all that is random.
    """
    shown, asked = (
        np.asarray(images[np.sort(generator(seed, f"detector/{name}").permutation(len(images))[:IMAGES])])
        for name, images in (("train", train), ("test", real))
    )
    fakes = [draw(model, len(shown) + len(asked), seed, "detector") for model in models.values()]
    try:
        found = detection(
            shown, asked, [images[: len(shown)] for images in fakes], [images[len(shown) :] for images in fakes], seed
        )
    except ValueError as reason:
        return str(reason)
    return Detectors(len(asked), tuple(models), found)


def draw(model: "Model", count: int, seed: int, purpose: str = "duels") -> np.ndarray:
    """Return `count` of a model's images, uint8 (count, H, W, C)."""
    from ganline.models import makers

    return makers.of(model).draw(count, seed, purpose).images


def why_silent(model: "Model") -> str:
    """Return why a model's discriminator cannot judge a single plain image, or "" where it can."""
    if reason := lacking(("discriminator",), model.abilities, "it"):
        return reason
    judge = cast("Adversarial", model)
    if judge.judges_batches:
        return "its discriminator judges whole batches"
    if len(judge.discriminator.inputs) > 1:
        return "its discriminator must be told the class"
    if judge.settings.packing > 1:
        return f"its discriminator judges packs of {judge.settings.packing} images"
    return ""


def judge_of(model: "Adversarial") -> Callable[[np.ndarray], np.ndarray]:
    """Return how real images look to a discriminator in inference mode: uint8 (N, H, W, C) -> float64 (N,)."""
    import tensorflow as tf

    from ganline.models import BATCH
    from ganline.models.base import from_uint8

    @tf.function(reduce_retracing=True)
    def judge(batch: tf.Tensor) -> tf.Tensor:
        shown = from_uint8(batch, model.image_range)
        scores = model.said(shown, model.discriminator(shown, training=False))[0]
        return model.loss.realness(scores)[:, 0]

    def scores(images: np.ndarray) -> np.ndarray:
        parts = [judge(images[i : i + BATCH]).numpy() for i in range(0, len(images), BATCH)]
        return np.concatenate(parts).astype(np.float64)

    return scores


def boundary(model: "Adversarial", on_real: np.ndarray, on_own: np.ndarray) -> float:
    """Return the score above which a discriminator takes an image for real; see the module."""
    known = model.loss.boundary
    return float(np.median(np.concatenate([on_real, on_own]))) if known is None else known
