"""Judge the generator: its fakes, and real images in their place as the floor, against held-out real images.

Writes reports/evaluate/: features.npz (fakes, what they were made from and what the extractor says of them),
metrics.json (one number a name; the floor's names start with floor_), protocol.json (how each number was made and how
to read it, and why a measure was left out). A model's own figures, of the held-out images, join them without a floor.
"""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ganline.core.errors import UserError
from ganline.core.files import write_arrays, write_json
from ganline.core.progress import Bar
from ganline.core.random import generator
from ganline.datasets.prepared import read_facts, read_split
from ganline.evaluation import measures as suite
from ganline.evaluation import translators
from ganline.evaluation.baselines import BASELINES, BESIDE
from ganline.evaluation.images import real_images
from ganline.metrics.frechet import LEAST_FOR_ERROR
from ganline.metrics.record import Case, Sample
from ganline.settings import paths
from ganline.settings.schema import Evaluate, Params
from ganline.tracking.tracker import Tracker
from stages import runner

if TYPE_CHECKING:
    from ganline.core.maker import Made, Maker
    from ganline.extractors.network import Extractor
    from ganline.models.base import Model

HOLD_OUT_MORE = "where the data brings no test split of its own, a larger prepare.test_fraction holds out more"
IMAGES_PER_SPLIT = 10
"""The Inception Score of fewer images says little: of one image it is always 1."""


def run(params: Params, tracker: Tracker) -> None:
    """Make fakes, extract their features once, compute every measure asked for of them and of the floor."""
    from ganline import models  # TensorFlow loads here, not when the stage is imported
    from ganline.extractors import network as extractors
    from ganline.models import makers

    measures = suite.chosen(params.evaluate.metrics)
    extractor, model = extractors.load(paths.extractor(params)), models.load(paths.GAN)
    train, test = (real_images(params, split) for split in ("train", "test"))
    settings, notices = in_force(params.evaluate, len(train), len(test))
    notices += extractor.facts.get("doubts", [])
    for notice in notices:
        print(f"evaluate: {notice}")
    count, maker = settings.samples, makers.of_run(params, model)
    made = fakes(maker, count, params.seed)
    said = extractor.extract(made.images)
    partners = {} if made.partners is None else {"partners": made.partners}
    write_arrays(paths.EVALUATE / "features.npz", made.given | {"images": made.images} | partners | said._asdict())

    abilities = able(maker, read_facts(paths.prepared(params))["classes"], extractor)
    fake = Sample(made.images, *said, made.given["labels"] if "labels" in abilities else None)
    real = translators.targets(made, extractor) if partners else drawn(test, count, params.seed, "evaluate/reference")
    lpips = translators.lpips_for(abilities)

    def case(sample: Sample) -> Case:
        return Case(sample, real, train, settings, params.seed, extractor, abilities=abilities, lpips=lpips)

    floors = {"train": case(drawn(train, count, params.seed, "evaluate/floor")), "held_out": case(real)}
    if partners:
        floors |= translators.baseline_cases(made, train.images, extractor, case)
    mine = dataclasses.replace(case(fake), maker=maker)
    with Bar("measures", len(measures), unit="measures") as bar:
        values, protocol = suite.measure_all(
            measures, params.evaluate.metrics, mine, floors, common(extractor, model, params.seed, count, notices),
            lambda name: bar.advance(text=name),
        )  # fmt: skip
    own, own_protocol = own_figures(model, params)
    values, protocol = values | own, protocol | own_protocol
    report(values, protocol)
    write_json(paths.EVALUATE / "metrics.json", values)
    write_json(paths.EVALUATE / "protocol.json", protocol)
    tracker.metrics(values)
    for file in ("metrics.json", "protocol.json"):
        tracker.artifact(paths.EVALUATE / file, "evaluate")


def in_force(settings: Evaluate, train_images: int, test_images: int) -> tuple[Evaluate, list[str]]:
    """Return the settings, less where real images are too few, and where and why that was so.

    Fakes, floor and reference have one count: FID falls as sets grow, and precision and recall want equal sets.
    """
    count, changes, notices = min(settings.samples, train_images, test_images), {}, []
    if count < settings.samples:
        changes["samples"] = count
        notices.append(
            f"{count} images instead of evaluate.samples = {settings.samples}: "
            f"the splits hold {train_images} training and {test_images} test images"
            + (f"; {HOLD_OUT_MORE}" if test_images < train_images else "")
        )
    if count < LEAST_FOR_ERROR:
        notices.append(f"FID has no standard error: that takes {LEAST_FOR_ERROR} images, and there are {count}")
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


def able(maker: "Maker", classes: Sequence[str], extractor: "Extractor") -> frozenset[str]:
    """Return what maker and extractor have, where the data has these classes (see ganline.core.abilities)."""
    asked = maker.abilities if maker.conditions == len(classes) else maker.abilities - {"labels"}
    return asked | extractor.abilities


def common(extractor: "Extractor", model: "Model", seed: int, count: int, notices: list[str]) -> dict:
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
    if model.conditions:
        facts["asked_for"] = f"one of {model.conditions} classes or codes, drawn uniformly"
    return facts


def own_figures(model: "Model", params: Params) -> tuple[dict[str, float | int], suite.Protocol]:
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
    if not any(not name.startswith(BESIDE) for name in values):
        raise UserError(
            f"nothing could be measured; features and images are in {paths.EVALUATE}\n"
            + "\n".join(f"  - {reason}" for reason in reasons.values())
        )
    for name in (name for name in values if not name.startswith(BESIDE)):
        beside = {"floor": suite.FLOOR, **{what: prefix for prefix, what in BASELINES.items()}}
        told = [f", {what} {values[prefix + name]:.4g}" for what, prefix in beside.items() if prefix + name in values]
        print(f"evaluate: {name} {values[name]:.4g}{''.join(told)}")
    for measure, reason in reasons.items():
        print(f"evaluate: {measure} is left out: {reason}")


def fakes(maker: "Maker", count: int, seed: int) -> "Made":
    """Return what the maker draws to be judged."""
    with Bar("fakes", count, unit="images") as bar:
        return maker.draw(count, seed, "evaluate", bar.advance)


if __name__ == "__main__":
    runner.main("evaluate", run)
