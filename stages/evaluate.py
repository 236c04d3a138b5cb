"""Judge the generator: its fakes, and real training images as the floor, against held-out real images.

Writes reports/evaluate/: features.npz (fakes, what they were made from and what the extractor says of them),
metrics.json (one number a name; the floor's names start with floor_), protocol.json (how each number was made and how
to read it). A model's own figures, of the held-out images, join them without a floor.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ganline.combinations import model_facts
from ganline.datasets.prepared import read_split
from ganline.errors import UserError
from ganline.files import read_arrays, write_arrays, write_json
from ganline.metrics.class_histogram import SEEN, class_agreement, class_histogram
from ganline.metrics.frechet import frechet_distance
from ganline.metrics.inception_score import inception_score
from ganline.metrics.kid import kernel_distance
from ganline.metrics.precision_recall import precision_recall
from ganline.params import Evaluate, Params
from ganline.progress import Bar, track
from stages import paths, runner
from stages.tracking import Tracker

if TYPE_CHECKING:
    from ganline.models import Generator
    from ganline.models.base import Model

Arrays = Mapping[str, np.ndarray]
"""An image set as the metrics see it: "features" (N, d), "probabilities" (N, K), and where it has any "labels" (N,)."""
Protocol = dict[str, dict[str, Any]]
AT_ONCE = 500
"""Fakes made between two signs of progress."""
IMAGES_PER_SPLIT = 10
"""The Inception Score of fewer images says little: of one image it is always 1."""


@dataclass(frozen=True)
class Plan:
    """The numbers in force: those of params.yaml, less where real images are too few; notices say where and why."""

    count: int
    neighbours: int
    kid_subsets: int
    kid_subset_size: int
    inception_splits: int
    seed: int
    notices: dict[str, str]


@dataclass(frozen=True)
class Metric:
    """One or more numbers that are made together."""

    measure: Callable[[Arrays, Arrays, Plan], dict[str, float]]
    """Of (fakes or their stand-ins, real images, plan); the names are those of `reading`."""
    settings: Callable[[Plan], dict[str, Any]]
    """What its protocol has beyond everybody's."""
    reading: dict[str, str]
    """Name in metrics.json -> how to read the number."""


def run(params: Params, tracker: Tracker) -> None:
    """Make fakes, extract their features once, compute every metric for them and for the floor."""
    from ganline import models  # TensorFlow loads here, not when the stage is imported
    from ganline.metrics import extractors

    folder = paths.extractor(params)
    extractor, model = extractors.load(folder), models.load(paths.GAN)
    train, test = (read_arrays(folder / f"{split}_features.npz") for split in ("train", "test"))
    plan = make_plan(params.evaluate, len(train["features"]), len(test["features"]), params.seed)
    for notice in plan.notices.values():
        print(f"evaluate: {notice}")
    made = fakes(models.Generator(model), plan)
    made |= extractor.extract(made["images"])._asdict()
    write_arrays(paths.EVALUATE / "features.npz", made)

    metrics = METRICS + of_classes(extractor.facts, model)
    _, labels = read_split(paths.prepared(params), "train")
    train |= {} if labels is None else {"labels": labels}
    real, floor = _sample(test, plan, "evaluate/reference"), _sample(train, plan, "evaluate/floor")
    own, own_protocol = own_figures(model, params)
    values = compute(made, floor, real, plan, metrics) | own
    _refuse_infinite(values)
    write_json(paths.EVALUATE / "metrics.json", values)
    write_json(
        paths.EVALUATE / "protocol.json", protocol(extractor.facts, plan, metrics, model.conditions) | own_protocol
    )
    for name in (name for name in values if not name.startswith("floor_")):
        beside = f", floor {values[f'floor_{name}']:.4g}" if f"floor_{name}" in values else ""
        print(f"evaluate: {name} {values[name]:.4g}{beside}")
    tracker.metrics(values)
    for file in ("metrics.json", "protocol.json"):
        tracker.artifact(paths.EVALUATE / file, "evaluate")


def make_plan(settings: Evaluate, train_images: int, test_images: int, seed: int) -> Plan:
    """Return the numbers in force.

    Fakes, floor and reference have one count: FID falls as sets grow, and precision and recall want equal sets.

    Raises:
        UserError: too few real images for `settings.neighbours`.
    """
    count = min(settings.samples, train_images, test_images)
    if count <= settings.neighbours:
        raise UserError(
            f"the splits hold {train_images} training and {test_images} test images: "
            f"evaluate.neighbours = {settings.neighbours} needs more than {settings.neighbours} in each"
        )
    notices = {}
    if count < settings.samples:
        notices["count"] = (
            f"{count} images instead of evaluate.samples = {settings.samples}: "
            f"the splits hold {train_images} training and {test_images} test images"
        )
    subset_size = settings.kid_subset_size
    if subset_size > count:
        subset_size = max(2, count // 2)  # half, so that the subsets differ and their spread says something
        notices["kid"] = f"KID subsets of {subset_size} images instead of {settings.kid_subset_size}: there are {count}"
    splits = min(settings.inception_splits, max(1, count // IMAGES_PER_SPLIT))
    if splits < settings.inception_splits:
        notices["inception_score"] = (
            f"{splits} Inception Score splits instead of {settings.inception_splits}: there are {count} images"
        )
    return Plan(count, settings.neighbours, settings.kid_subsets, subset_size, splits, seed, notices)


def of_classes(extractor: Mapping[str, Any], model: "Model") -> "tuple[Metric, ...]":
    """Return the metrics that look at classes: where the extractor knows them, and the model can be asked for them."""
    if extractor["kind"] != "classifier":
        return ()
    # A code that a model found without labels (InfoGAN) has a number too, but no class.
    by_class = model_facts()[model.settings.model].get("uses_labels", False)
    asked = by_class and model.conditions == len(extractor["classes"])
    return (CLASS_HISTOGRAM, CONDITION) if asked else (CLASS_HISTOGRAM,)


def compute(
    fakes: Arrays, floor: Arrays, real: Arrays, plan: Plan, metrics: "Sequence[Metric]"
) -> dict[str, float | int]:
    """Return every metric of the fakes, and as floor_<name> of the real images that stand in for them."""
    sets = [("", fakes), ("floor_", floor)]
    jobs = [(prefix, sample, metric) for prefix, sample in sets for metric in metrics]
    values: dict[str, float | int] = {}
    for prefix, sample, metric in track(jobs, "metrics", len(jobs), "metrics"):
        # BLAS's last digits depend on its number of threads; DVC must not see them.
        values |= {f"{prefix}{name}": _rounded(value, 9) for name, value in metric.measure(sample, real, plan).items()}
    return values


def own_figures(model: "Model", params: Params) -> tuple[dict[str, float | int], Protocol]:
    """Return what the model says of all held-out images, and how to read it; empty for most models."""
    images, labels = read_split(paths.prepared(params), "test")
    if not model.readings:
        return {}, {}
    print(f"evaluate: the model's own figures of {len(images)} held-out images", flush=True)
    made = {"sample": "held-out images", "split": "test", "n_real": len(images), "seed": model.seed}
    found = model.measure(images, labels)
    # Six digits: they come from float32 sums.
    values = {name: _rounded(value, 6) for name, value in found.items()}
    return values, {name: made | {"how_to_read": model.readings[name]} for name in found}


def _rounded(value: float | int, digits: int) -> float | int:
    return value if isinstance(value, int) else float(f"{value:.{digits}g}")


def _refuse_infinite(values: Mapping[str, float | int]) -> None:
    wrong = [f"{name} = {value}" for name, value in values.items() if not np.isfinite(value)]
    if wrong:
        raise UserError(f"metrics that are not finite: {', '.join(wrong)}; features and images: {paths.EVALUATE}")


def protocol(extractor: Mapping[str, Any], plan: Plan, metrics: "Sequence[Metric]", conditions: int = 0) -> Protocol:
    """Return, for every number that `compute` returns, how it was made and how to read it."""
    common = {
        "extractor": extractor["kind"],
        "extractor_weights_sha256": extractor["weights_sha256"],
        "feature_dim": extractor["feature_dim"],
        "resize": extractor["resize"],
        "quantisation": "uint8, rounded as saved images are",
        "seed": plan.seed,
        "notices": list(plan.notices.values()),
    }
    asked_for = {"asked_for": f"one of {conditions} classes or codes, drawn uniformly"} if conditions else {}
    entries: Protocol = {}
    for metric in metrics:
        made = common | metric.settings(plan)
        for name, reading in metric.reading.items():
            fake = {"sample": "generated images", "n_fake": plan.count, "how_to_read": reading} | asked_for
            floor = {"sample": "training images", "n_floor": plan.count, "how_to_read": f"{FLOOR} {reading}"}
            entries |= {name: made | fake, f"floor_{name}": made | floor}
    return entries


def fakes(generator: "Generator", plan: Plan) -> dict[str, np.ndarray]:
    """Return "latents", "images", and of conditional generators the "labels" asked for, drawn uniformly."""
    latents = generator.latents(plan.count, plan.seed, "evaluate")
    labels = generator.labels(plan.count, plan.seed, "evaluate")
    parts = []
    with Bar("fakes", plan.count, unit="images") as bar:
        for i in range(0, plan.count, AT_ONCE):
            parts.append(generator.images(latents[i : i + AT_ONCE], labels[i : i + AT_ONCE]))
            bar.advance(len(parts[-1]))
    made = {"latents": latents, "images": np.concatenate(parts)}
    return made | ({"labels": labels} if generator.conditions else {})


def _sample(features: Arrays, plan: Plan, purpose: str) -> Arrays:
    """Return `plan.count` images of a split, drawn without replacement."""
    from ganline.random import generator

    chosen = generator(plan.seed, purpose).permutation(len(features["features"]))[: plan.count]
    return {name: array[chosen] for name, array in features.items()}


def _fid(sample: Arrays, real: Arrays, plan: Plan) -> dict[str, float]:
    found = frechet_distance(sample["features"], real["features"])
    return {"fid": found.distance, "fid_mean": found.mean, "fid_cov": found.covariance}


def _kid(sample: Arrays, real: Arrays, plan: Plan) -> dict[str, float]:
    found = kernel_distance(sample["features"], real["features"], plan.kid_subsets, plan.kid_subset_size, plan.seed)
    return {"kid": found.mean, "kid_stderr": found.standard_error}


def _inception_score(sample: Arrays, real: Arrays, plan: Plan) -> dict[str, float]:
    found = inception_score(sample["probabilities"], plan.inception_splits)
    return {"inception_score": found.mean, "inception_score_std": found.deviation}


def _precision_recall(sample: Arrays, real: Arrays, plan: Plan) -> dict[str, float]:
    return precision_recall(real["features"], sample["features"], plan.neighbours)._asdict()


def _class_histogram(sample: Arrays, real: Arrays, plan: Plan) -> dict[str, float]:
    found = class_histogram(sample["probabilities"])
    return {"class_entropy": found.entropy, "classes_seen": found.seen}


def _condition_accuracy(sample: Arrays, real: Arrays, plan: Plan) -> dict[str, float]:
    return {"condition_accuracy": class_agreement(sample["probabilities"], sample["labels"])}


def _versus_test(plan: Plan) -> dict[str, Any]:
    return {"reference": "test split", "n_real": plan.count}


FLOOR = "What training images score in place of fakes: as good as a generator can be expected to get."
METRICS = (
    Metric(
        _fid,
        lambda plan: _versus_test(plan) | {"covariances": "unbiased"},
        {
            "fid": "0 is best, less is better; grows as counts shrink, so compare equal counts only.",
            "fid_mean": "The part of fid that comes from a shift all fakes share.",
            "fid_cov": "The part of fid that comes from missing or excess variety.",
        },
    ),
    Metric(
        _kid,
        lambda plan: (
            _versus_test(plan)
            | {"kernel": "(x.y / d + 1)^3", "subsets": plan.kid_subsets, "subset_size": plan.kid_subset_size}
        ),
        {
            "kid": "About 0 (even below) is best, less is better; does not drift with the counts.",
            "kid_stderr": "Standard error of kid, as far as the choice of subsets goes.",
        },
    ),
    Metric(
        _inception_score,
        lambda plan: {"splits": plan.inception_splits},
        {
            "inception_score": "1 to the number of classes, more is better; real images have no part in it.",
            "inception_score_std": "Standard deviation of inception_score over its splits.",
        },
    ),
    Metric(
        _precision_recall,
        lambda plan: _versus_test(plan) | {"neighbours": plan.neighbours},
        {
            "precision": "Share of fakes that lie among real images, 0 to 1; high with a low recall is mode collapse.",
            "recall": "Share of real images that lie among fakes, 0 to 1; low where kinds of images are missing.",
        },
    ),
)
CLASS_HISTOGRAM = Metric(
    _class_histogram,
    lambda plan: {"classes": "as the extractor sees them", "seen_from": f"{SEEN} of an even share"},
    {
        "class_entropy": "Bits; ten classes equally often are 3.32. Far below its floor is mode collapse.",
        "classes_seen": "Classes that hold at least a tenth of an even share; below its floor classes are missing.",
    },
)
CONDITION = Metric(
    _condition_accuracy,
    lambda plan: {"classes": "as the extractor sees them"},
    {"condition_accuracy": "Share of images that the extractor puts into the class asked for, 0 to 1; more is better."},
)


if __name__ == "__main__":
    runner.main("evaluate", run)
