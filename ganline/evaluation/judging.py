"""Judging a model: its fakes and, in their place, real images as the floor, against held-out real images."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ganline.core.errors import UserError
from ganline.core.maker import Made, Maker
from ganline.core.progress import Bar
from ganline.core.random import generator
from ganline.datasets.prepared import read_facts, read_split
from ganline.evaluation import judgements, translators
from ganline.evaluation import measures as suite
from ganline.evaluation.baselines import BASELINES, BESIDE
from ganline.evaluation.images import real_images
from ganline.extractors.network import Extractor, Features
from ganline.metrics.frechet import LEAST_FOR_ERROR
from ganline.metrics.record import Case, Measure, Sample
from ganline.models.base import Model
from ganline.settings import paths
from ganline.settings.schema import Evaluate, Params

HOLD_OUT_MORE = "where the data brings no test split of its own, a larger prepare.test_fraction holds out more"
IMAGES_PER_SPLIT = 10
"""The Inception Score of fewer images says little: of one image it is always 1."""


@dataclass(frozen=True)
class Judged:
    """What a maker drew, and what the extractor says of it."""

    made: Made
    said: Features
    values: dict[str, float | int]
    """The numbers of metrics.json."""
    protocol: suite.Protocol
    """How each was made and is read, and why a measure was left out."""

    def arrays(self) -> dict[str, np.ndarray]:
        """Return what was drawn, what it was made from, its true partners if it has any, and what was said of it."""
        partners = {} if self.made.partners is None else {"partners": self.made.partners}
        return self.made.given | {"images": self.made.images} | partners | self.said._asdict()


class Seat(NamedTuple):
    """What one extractor says: of the fakes, of who stands in their place, and how that comes about."""

    said: Features
    """Of the fakes."""
    fakes: Case
    floors: dict[str, Case]
    """See measures.measure_all."""
    facts: dict[str, Any]
    """What the protocol of each of its numbers says."""


def judge(params: Params, model: Model, maker: Maker, extractor: Extractor, beside: Extractor | None = None) -> Judged:
    """Draw fakes, extract their features once, compute every measure asked for of them and of the floor.

    A translator's fakes stand beside two baselines, and are held against their true partners, row by row; where nobody
    knows these, against the target domain. Who stands `beside` the judge looks at the same fakes, or some of them:
    measures of features alone are made of both, and what asks for the data's classes is made by who knows them.
    """
    real = [real_images(params, split) for split in ("train", "test")]
    made = fakes(maker, min(params.evaluate.samples, *map(len, real)), params.seed)
    settings, notices = in_force(params.evaluate, len(real[0]), len(real[1]), len(made.images))
    notices += judgements.unheard(paths.JUDGEMENTS, made.images)
    asked = suite.chosen(params.evaluate.metrics)
    by_class = _classes_asked(asked, extractor, beside) if beside else []
    others = [measure for measure in asked if measure not in by_class]
    first = seat(params, maker, made, extractor, real, settings, notices, others)
    rounds = [(others, first)]
    if beside:
        again = [*by_class, *(each.of_second(beside.facts["kind"]) for each in asked if each.beside)]
        rounds += [(again, _second_seat(params, maker, made, beside, settings, notices, again))]
    values, protocol = _measured(rounds, params.evaluate.metrics, model)
    own, own_protocol = own_figures(model, params)
    return Judged(made, first.said, values | own, protocol | own_protocol)


def _classes_asked(asked: Sequence[Measure], extractor: Extractor, beside: Extractor) -> list[Measure]:
    """Return the measures that look at the data's classes, where only who stands beside the judge knows these."""
    if "classes" in extractor.abilities or "classes" not in beside.abilities:
        return []
    return [measure for measure in asked if measure.by_class or "classes" in measure.needs]


def _measured(
    rounds: Sequence[tuple[Sequence[Measure], Seat]], named: Sequence[str], model: Model
) -> tuple[dict[str, float | int], suite.Protocol]:
    """Return the numbers of some measures in each seat, and how they were made."""
    values: dict[str, float | int] = {}
    protocol: suite.Protocol = {}
    with Bar("measures", sum(len(asked) for asked, _ in rounds), unit="measures") as bar:
        for asked, (_, case, floors, facts) in rounds:
            facts = facts | model.trained_with
            found = suite.measure_all(asked, named, case, floors, facts, lambda name: bar.advance(text=name))
            values, protocol = values | found[0], protocol | found[1]
    return values, protocol


def seat(
    params: Params,
    maker: Maker,
    made: Made,
    extractor: Extractor,
    real: Sequence[Sample],
    settings: Evaluate,
    notices: list[str],
    asked: Sequence[Measure],
) -> Seat:
    """Return what an extractor says, for all that measures ask.

    Args:
        params: of the run.
        maker: who made the fakes.
        made: the fakes.
        extractor: who looks at them.
        real: the training images and the held-out ones, as the extractor sees them.
        settings: those in force.
        notices: of `in_force`.
        asked: the measures.
    """
    train, test = real
    count, seed, inputs = settings.samples, params.seed, made.given.get("inputs")
    notices = notices + extractor.facts.get("doubts", [])
    for notice in notices:
        print(f"evaluate: {notice}")
    said = extractor.extract(made.images)
    has = able(maker, read_facts(paths.prepared(params))["classes"], extractor)
    fake = Sample(made.images, *said, made.given["labels"] if "labels" in has else None)
    pairs = made.partners is not None
    held_out = translators.targets(made, extractor) if pairs else drawn(test, count, seed, "evaluate/reference")
    lpips = translators.lpips_for(asked, has, made.images.shape[1:])
    if said_by_people := judgements.read(paths.JUDGEMENTS, made.images):
        has |= said_by_people.abilities

    def case(sample: Sample, maker: Maker | None = None) -> Case:
        return Case(sample, held_out, train, settings, seed, extractor, maker, has, lpips, inputs, said_by_people)

    floors = {"train": case(drawn(train, count, seed, "evaluate/floor")), "held_out": case(held_out)}
    if inputs is not None:
        floors |= translators.baseline_cases(made, train.images, extractor, case)
    facts = common(extractor, maker, seed, count, notices)
    if inputs is not None and not pairs:
        facts["reference"] = "test split of the target domain; no true partners are known"
    return Seat(said, case(fake, maker), floors, facts)


def _second_seat(
    params: Params,
    maker: Maker,
    made: Made,
    extractor: Extractor,
    settings: Evaluate,
    notices: list[str],
    asked: Sequence[Measure],
) -> Seat:
    """Return what the extractor beside the judge says of the fakes, or of as many as it has seen real images."""
    real = [real_images(params, split, paths.beside(params)) for split in ("train", "test")]
    count = min(len(made.images), *map(len, real))
    if count < len(made.images):
        rows = np.sort(generator(params.seed, "evaluate/beside").permutation(len(made.images))[:count])
        partners = None if made.partners is None else made.partners[rows]
        made = Made(made.images[rows], {name: each[rows] for name, each in made.given.items()}, partners)
        settings, notices = in_force(settings.model_copy(update={"samples": count}), len(real[0]), len(real[1]), count)
        kind = extractor.facts["kind"]
        notices = [f"{kind} takes long to look: beside the judge it sees {count} images of each kind", *notices]
    found = seat(params, maker, made, extractor, real, settings, notices, asked)
    return found._replace(facts=found.facts | {"judge": "beside"})


def in_force(
    settings: Evaluate, train_images: int, test_images: int, made: int | None = None
) -> tuple[Evaluate, list[str]]:
    """Return the settings, less where images are too few, and where and why that was so.

    Fakes, floor and reference have one count: Frechet distances fall as it grows, and precision wants equal sets.

    Args:
        settings: what was asked for.
        train_images: real ones.
        test_images: real ones that were held out.
        made: fakes, where there may be fewer: made of held-out images that are none of these.
    """
    real = min(settings.samples, train_images, test_images)
    count, changes, notices = min(real, real if made is None else made), {}, []
    if count < settings.samples:
        changes["samples"] = count
        notices.append(
            f"{count} images instead of evaluate.samples = {settings.samples}: "
            f"the splits hold {train_images} training and {test_images} test images"
            + (f", and there are {made} held-out inputs" if count < real else "")
            + (f"; {HOLD_OUT_MORE}" if test_images < train_images else "")
        )
    if count < LEAST_FOR_ERROR:
        notices.append(
            f"the Frechet distance has no standard error: that takes {LEAST_FOR_ERROR} images, and there are {count}"
        )
    if settings.kid_subset_size > count:
        # Half, so that the subsets differ and their spread says something.
        changes["kid_subset_size"] = size = max(2, count // 2)
        notices.append(f"KID subsets of {size} images instead of {settings.kid_subset_size}: there are {count}")
    splits = min(settings.inception_splits, max(1, count // IMAGES_PER_SPLIT))
    if splits < settings.inception_splits:
        changes["inception_splits"] = splits
        notices.append(
            f"{splits} Inception Score splits instead of {settings.inception_splits}: there are {count} images"
        )
    return settings.model_copy(update=changes), notices


def drawn(sample: Sample, count: int, seed: int, purpose: str) -> Sample:
    """Return `count` of the images, drawn without replacement."""
    rows = generator(seed, purpose).permutation(len(sample))[:count]
    labels = None if sample.labels is None else sample.labels[rows]
    return Sample(sample.images[rows], sample.features[rows], sample.probabilities[rows], labels)


def able(maker: Maker, classes: Sequence[str], extractor: Extractor) -> frozenset[str]:
    """Return what maker and extractor have, where the data has these classes (see ganline.core.abilities)."""
    asked = maker.abilities if maker.conditions == len(classes) else maker.abilities - {"labels"}
    return asked | extractor.abilities


def common(extractor: Extractor, maker: Maker, seed: int, count: int, notices: list[str]) -> dict[str, Any]:
    """Return what the protocol of every number says."""
    facts = {
        "extractor": extractor.facts["kind"],
        "extractor_weights_sha256": extractor.facts["weights_sha256"],
        "feature_dim": extractor.facts["feature_dim"],
        "resize": extractor.facts["resize"],
        "quantisation": "uint8, rounded as saved images are",
        "reference": "test split",
        "n_real": count,
        "seed": seed,
        "notices": notices,
    }
    if maker.conditions:
        facts["asked_for"] = f"one of {maker.conditions} classes or codes, drawn uniformly"
    return facts


def own_figures(model: Model, params: Params) -> tuple[dict[str, float | int], suite.Protocol]:
    """Return what the model says of all held-out images, and how to read it; empty for most models."""
    images, labels = read_split(paths.prepared(params), "test")
    if not model.readings:
        return {}, {}
    print(f"evaluate: the model's own figures of {len(images)} held-out images", flush=True)
    made = {"sample": "held-out images", "split": "test", "n_real": len(images), "seed": model.seed}
    # Six digits: they come from float32 sums.
    values = {name: float(f"{value:.6g}") for name, value in model.measure(images, labels).items()}
    return values, {name: made | {"group": "own", "how_to_read": model.readings[name]} for name in values}


def report(values: dict[str, float | int], protocol: suite.Protocol) -> None:
    """Print the numbers, each beside its floor, and what was left out and why.

    Raises:
        UserError: nothing could be measured.
    """
    reasons = {entry["measure"]: entry["left_out"] for entry in protocol.values() if "left_out" in entry}
    own = [name for name in values if not name.startswith(BESIDE)]
    if not own:
        raise UserError(
            f"nothing could be measured; features and images are in {paths.EVALUATE}\n"
            + "\n".join(f"  - {reason}" for reason in reasons.values())
        )
    beside = {"floor": suite.FLOOR} | {what: prefix for prefix, what in BASELINES.items()}
    for name in own:
        told = [f", {what} {values[prefix + name]:.4g}" for what, prefix in beside.items() if prefix + name in values]
        print(f"evaluate: {name} {values[name]:.4g}{''.join(told)}")
    for measure, reason in reasons.items():
        print(f"evaluate: {measure} is left out: {reason}")


def fakes(maker: Maker, count: int, seed: int) -> Made:
    """Return what the maker draws to be judged."""
    with Bar("fakes", count, unit="images") as bar:
        return maker.draw(count, seed, "evaluate", bar.advance)
