"""What in params.yaml does not go together: values that are each allowed, but not with each other or with the model."""

import difflib
from collections.abc import Iterator
from typing import Any, get_args

from ganline.catalogue import class_gan
from ganline.catalogue.attacked import unanswerable
from ganline.catalogue.growth import misgrown
from ganline.catalogue.paired import annealed, compared
from ganline.core.abilities import lacking
from ganline.core.errors import UserError
from ganline.models.facts import BATCH_NORM, loss_facts, model_facts
from ganline.settings.networks import NETWORKS
from ganline.settings.recipes import (
    PARTNER,
    Adversaries,
    Cartoon,
    ClassGAN,
    Growing,
    Inpainting,
    Latents,
    ResidualGAN,
    SuperResolution,
    Train,
    Translation,
    UnpairedTranslation,
)
from ganline.settings.schema import Extractor, Params, Prepare
from ganline.training import kept

OFF: dict[str, Any] = {
    "discriminator_steps": 1,
    "generator_steps": 1,
    "discriminator_batches": "mixed",
    "label_smoothing": 0.0,
    "label_flipping": 0.0,
    "instance_noise": 0.0,
    "discriminator_normalization": "as_printed",
    "frozen_batch_norm": "moving",
    "spectral_normalization": False,
    "minibatch_stddev": False,
    "packing": 1,
    "feature_matching": False,
    "unrolled_steps": 0,
    "weight_clip": None,
    "generator_average": 0.0,
    "labelled_fraction": 1.0,
    "augmentation": None,
}
"""The parameters of adversaries that not every model takes, and the value at which each does nothing."""

UNSET = ("???", "set download.source to your folder or zip of pictures")
"""What stands for download.source in conf/dataset where only users know it: DVC shows it as a missing file's name."""
HOLES = (8, 4, 2)
"""A hole's side is this part of an image's: the networks halve images four times, and double what is left as often."""
TARGETS = ("label_smoothing", "label_flipping")
FEATURES = ("minibatch_stddev", "packing", "feature_matching")
"""What changes or reads the features before a discriminator's score; an autoencoder has none."""


def impossible(params: Params) -> Iterator[str]:
    """Yield what is wrong about values that do not go together, each with what is allowed."""
    if not params.download.source.strip() or params.download.source in UNSET:
        yield "download.source: say where your pictures are, as in download.source=/path/to/pictures"
    # DVC's run cache (3.67.1, its issue 10296) looks past keys of these names, and would give back what others found.
    for name in {"size", "nfiles"} & set(params.latent.labels):
        yield f"latent.labels.{name}: DVC does not see changes under this name; give the attribute another one"
    if model := model_facts().get(params.train.model):
        yield from _misfits(params.prepare, params.train.model, model)
        if isinstance(params.train, Translation):
            yield from _unpaired(params.prepare, params.train, model)
        yield from _mistrained(params.train, model)
    else:
        yield _unknown(params.train.model)
    if isinstance(params.train, Adversaries):
        loss = loss_facts().get(params.train.loss)
        yield from _asked(params.train, loss)
        yield from compared(params.train, loss) if loss else ()
        yield from _contradictions(params.train)
    if isinstance(params.train, ClassGAN):
        yield from class_gan.misfits(params.prepare, params.train)
    if isinstance(params.train, Growing):
        yield from misgrown(params.train, params.prepare.size)
    if isinstance(params.train, SuperResolution):
        yield from _enlarged(params, params.train)
    if isinstance(params.train, Inpainting):
        yield from _filled(params.prepare, params.train)
    if isinstance(params.train, UnpairedTranslation):
        yield from _two_domains(params, params.train)
    if isinstance(params.train, Cartoon):
        yield from _cartoon(params.train, params.compute.strategy)
    if isinstance(params.train, ResidualGAN):
        yield from annealed(params.prepare.size, params.train)
    yield from _updates(params.train)
    yield from _devices(params)
    yield from _protocol(params)
    yield from unanswerable(params)


def _unknown(model: str) -> str:
    nearest = difflib.get_close_matches(model, list(model_facts()), n=1)
    hint = f"; did you mean {nearest[0]}?" if nearest else ""
    return f"train.model = {model!r}: allowed is one of {', '.join(model_facts())}{hint}"


def _misfits(prepare: Prepare, name: str, model: dict[str, Any]) -> Iterator[str]:
    """Yield where the images are not what the model's networks take."""
    multiple, sizes, channels = model.get("size_multiple", 1), model.get("sizes"), model.get("channels")
    if prepare.size < (least := model.get("least_size", 1)):
        yield f"prepare.size = {prepare.size} with train.model = {name}: its networks take {least} pixels and more"
    if prepare.size % multiple:
        yield f"prepare.size = {prepare.size} with train.model = {name}: it takes multiples of {multiple}"
    if sizes and prepare.size not in sizes:
        yield f"prepare.size = {prepare.size} with train.model = {name}: it takes {_either(sizes)}"
    if channels and prepare.channels not in channels:
        yield f"prepare.channels = {prepare.channels} with train.model = {name}: it takes {_either(channels)}"


def _mistrained(train: Train, model: dict[str, Any]) -> Iterator[str]:
    """Yield where the recipe is not one that the model can be trained by."""
    name = train.model
    if isinstance(train, Latents) and train.noise != model.get("noise", train.noise):
        yield f"train.noise = {train.noise} with train.model = {name}: it takes {model['noise']}"
    wanted = model.get("optimizer_names", model["network_names"])
    if set(train.optimizers) != set(wanted):
        has = ", ".join(sorted(train.optimizers))
        yield f"train.optimizers has {has}: {name} needs exactly {', '.join(sorted(wanted))}"
    if train.select == "best" and (reason := lacking(("fast to draw",), model["abilities"], name)):
        yield f"train.select = best: {reason} to be looked at while it trains; leave it at last"
    yield from kept.refusals(train)
    if train.loss not in model["losses"]:
        yield f"train.loss = {train.loss}: {name} takes {_either(model['losses'])}"
    if isinstance(train, Adversaries):
        yield from _refused(train, model)


def _unpaired(prepare: Prepare, train: Translation, model: dict[str, Any]) -> Iterator[str]:
    """Yield where the images have no inputs to be made of, or others than the networks take."""
    channels = model.get("channels")
    if train.input != PARTNER:
        if prepare.channels != 3 and train.input not in ("shrunk", "image"):
            yield f"train.input = {train.input}: it is made of images in colour; set prepare.channels=3"
    elif prepare.pairs is None:
        allowed = [value for value in get_args(type(train).model_fields["input"].annotation) if value != PARTNER]
        if "pairs" in model["needs"]:
            allowed.append("a dataset of pairs such as dataset=paired_folders")
        else:
            allowed.append("a dataset of pictures of two kinds such as dataset=unpaired_folders")
        yield (
            f"train.input = {train.input}: the images have no partners (prepare.pairs); allowed is "
            f"{', or '.join(allowed)}"
        )
    elif prepare.pairs.layout == "unpaired" and "pairs" in model["needs"]:
        yield (
            f"prepare.pairs.layout = unpaired: {train.model} learns from images whose true partners are known; allowed "
            "is folders or side_by_side, or a model that needs no pairs"
        )
    elif channels and prepare.partners.channels not in channels:
        yield f"prepare.pairs.channels = {prepare.partners.channels}: {train.model} takes {_either(channels)}"
    elif prepare.partners.size != prepare.size:
        yield (
            f"prepare.pairs.size = {prepare.partners.size}: {train.model} takes partners of the images' size "
            f"(prepare.size = {prepare.size}, or null)"
        )


def _enlarged(params: Params, train: SuperResolution) -> Iterator[str]:
    """Yield where images cannot be shrunk as asked, or the generator cannot begin alone."""
    size = params.prepare.size
    if size % train.scale:
        below = size - size % train.scale
        yield (
            f"train.scale = {train.scale} does not divide prepare.size = {size}; allowed is a multiple of it, such as "
            f"{below} or {below + train.scale}"
        )
    if train.pretraining_steps > train.steps:
        yield f"train.pretraining_steps = {train.pretraining_steps} is more than train.steps = {train.steps}"
    if train.pretraining_steps and train.learning_rate_schedule != "constant":
        yield (
            f"train.learning_rate_schedule = {train.learning_rate_schedule} with train.pretraining_steps: after these "
            "the optimizers begin anew, and their rates with them; set one of them off"
        )
    if train.pretraining_steps and params.compute.strategy != "none":
        yield (
            f"train.pretraining_steps with compute.strategy = {params.compute.strategy}: only one device can leave "
            "the discriminator for later; set one of them off"
        )


def _filled(prepare: Prepare, train: Inpainting) -> Iterator[str]:
    """Yield where the hole is none that the networks fill, or the two networks would learn of other holes."""
    holes = tuple(prepare.size // share for share in HOLES)
    if train.hole_size not in holes:
        wrong = "a hole larger than the image" if train.hole_size > prepare.size else "no hole that the networks fill"
        yield (
            f"train.hole_size = {train.hole_size} with prepare.size = {prepare.size}: {wrong}; allowed is "
            f"{_either(holes)}"
        )
    if train.generator_batch_size != train.batch_size:
        yield (
            f"train.generator_batch_size = {train.generator_batch_size}: {train.model} updates both networks on one "
            f"batch; set it to train.batch_size = {train.batch_size}"
        )


def _two_domains(params: Params, train: UnpairedTranslation) -> Iterator[str]:
    """Yield where two domains are not of one kind of picture, or the discriminators would lack translations."""
    prepare = params.prepare
    if prepare.pairs and prepare.partners.channels != prepare.channels:
        yield (
            f"prepare.pairs.channels = {prepare.partners.channels}: {train.model} takes both domains alike "
            f"(prepare.channels = {prepare.channels})"
        )
    yield from _too_few_shown(train)
    if train.image_pool and params.compute.strategy != "none":
        yield (
            f"train.image_pool with compute.strategy = {params.compute.strategy}: the pool holds one device's "
            "translations; set one of them off"
        )


def _too_few_shown(train: Translation) -> Iterator[str]:
    """Yield where discriminators would lack translations, which they share with the generators."""
    made = train.generator_batch_size
    if train.batch_size > made:
        yield (
            f"train.batch_size = {train.batch_size}: the discriminators of {train.model} are shown as many "
            f"translations, and the generators make train.generator_batch_size = {made} a step; allowed is up to that"
        )


def _cartoon(train: Cartoon, strategy: str) -> Iterator[str]:
    """Yield where the networks would learn from other pictures, or the initialisation phase is none."""
    first = train.initialization_steps
    yield from _too_few_shown(train)
    if first >= train.steps:
        yield f"train.initialization_steps = {first}: allowed is fewer than train.steps = {train.steps}"
    if first and strategy != "none":
        yield f"train.initialization_steps with compute.strategy = {strategy}: one device alone; set one of them off"
    if first and train.learning_rate_schedule != "constant":
        yield (
            f"train.initialization_steps with train.learning_rate_schedule = {train.learning_rate_schedule}: the "
            "discriminator begins later, and its rate would not fall to 0; set one of them off"
        )


def _refused(train: Adversaries, model: dict[str, Any]) -> Iterator[str]:
    taken = model["practices"]
    for key, off in OFF.items():
        if getattr(train, key) == off or key in taken:
            continue
        if key in BATCH_NORM:
            yield (
                f"train.{key} = {getattr(train, key)}: the discriminator of {train.model} has no batch norm "
                f"(leave it at {off})"
            )
        else:
            yield (
                f"train.{key} = {getattr(train, key)}: {train.model} cannot take it (leave it at {off}); it takes "
                f"{', '.join(taken)}"
            )


def _updates(train: Train) -> Iterator[str]:
    """Yield which limits and schedules of the updates exclude each other."""
    if train.gradient_clip_value and train.gradient_clip_norm:
        yield "train.gradient_clip_value and train.gradient_clip_norm: set one of them to null"
    if train.learning_rate_schedule != "constant" and any(rule.decay for rule in train.optimizers.values()):
        yield "train.learning_rate_schedule and the decay of an optimizer: use one of them"


def _asked(train: Adversaries, loss: dict[str, Any] | None) -> Iterator[str]:
    """Yield what the loss asks for and the recipe does not give; see ganline.models.losses.Loss."""
    name = train.loss
    if not loss:
        return
    if not loss["labels"]:
        others = tuple(other for other, facts in loss_facts().items() if facts["labels"])
        for key in (key for key in TARGETS if getattr(train, key)):
            yield f"train.{key}: the loss {name} has no labels; {_either(others)} have"
    if loss["unbounded"] and not (train.weight_clip or train.spectral_normalization):
        yield f"train.loss = {name} needs train.weight_clip (0.01 in the paper) or train.spectral_normalization"
    if loss["at_once"] and train.discriminator_batches == "sequential":
        yield f"train.discriminator_batches = sequential: {loss['at_once']}"
    if loss["autoencoder"]:
        for key in (key for key in FEATURES if getattr(train, key) != OFF[key]):
            yield f"train.{key}: the autoencoder of the loss {name} cannot take it (leave it at {OFF[key]})"


def _contradictions(train: Adversaries) -> Iterator[str]:
    """Yield which parts of the recipe exclude each other."""
    if train.minibatch_stddev and train.discriminator_batches == "mixed":
        yield "train.minibatch_stddev needs train.discriminator_batches = separate: a mixed batch has mixed variety"
    if train.frozen_batch_norm != "moving" and train.discriminator_normalization != "as_printed":
        yield (
            f"train.frozen_batch_norm = {train.frozen_batch_norm}: train.discriminator_normalization = "
            f"{train.discriminator_normalization} leaves no batch norm in the discriminator; set it to moving"
        )
    if train.unrolled_steps and train.weight_clip:
        yield "train.unrolled_steps: the imagined updates know no train.weight_clip; set one of them off"
    for key, size in _batch_sizes(train):
        if size % train.packing:
            yield f"train.{key} = {size} must be a multiple of train.packing = {train.packing}"


def _devices(params: Params) -> Iterator[str]:
    """Yield what the precision or the strategy cannot do."""
    compute, train = params.compute, params.train
    unrolled = isinstance(train, Adversaries) and train.unrolled_steps
    if unrolled and compute.precision == "mixed_float16":
        yield "train.unrolled_steps: the imagined updates would vanish in mixed_float16; take mixed_bfloat16 or float32"
    if compute.strategy == "none":
        if compute.replicas not in (None, 1):
            yield f"compute.replicas = {compute.replicas} needs compute.strategy = mirrored or multi_worker"
        return
    if compute.xla:
        yield f"compute.xla: it compiles for one device; set it false with compute.strategy = {compute.strategy}"
    if unrolled:
        yield (
            f"train.unrolled_steps with compute.strategy = {compute.strategy}: the imagined updates need the whole "
            "batch on one device; set one of them off"
        )
    if compute.replicas:
        yield from uneven(train, compute.replicas)


def uneven(train: Train, replicas: int) -> Iterator[str]:
    """Yield which batch sizes so many replicas cannot share, each with the nearest that they can."""
    packing = train.packing if isinstance(train, Adversaries) else 1
    unit, packs = replicas * packing, f" with train.packing = {packing}" if packing > 1 else ""
    for key, size in _batch_sizes(train):
        if rest := size % unit:
            below = size - rest
            yield (
                f"train.{key} = {size}: {replicas} replicas cannot share it evenly{packs}; what fits is "
                f"a multiple of {unit}, such as {f'{below} or ' if below else ''}{below + unit}"
            )


def _batch_sizes(train: Train) -> list[tuple[str, int]]:
    """Return the keys that say how many images an update has, with their values."""
    own = ("generator_batch_size",) if isinstance(train, Adversaries) else ()
    sizes = [(key, getattr(train, key)) for key in ("batch_size", *own)]
    phases = train.phases if isinstance(train, Growing) else []
    return sizes + [(f"phases: batch_size of size {p.size}", p.batch_size) for p in phases if p.batch_size]


def _protocol(params: Params) -> Iterator[str]:
    evaluate = params.evaluate
    yield from _unmeasured(evaluate.metrics)
    if evaluate.kid_subset_size > evaluate.samples:
        size = evaluate.kid_subset_size
        yield f"evaluate.kid_subset_size = {size} is more than evaluate.samples = {evaluate.samples}"
    for key in ("neighbours", "coverage_neighbours"):
        if (value := getattr(evaluate, key)) >= evaluate.samples:
            yield f"evaluate.{key} = {value} must be less than evaluate.samples"
    yield from _weights(params.extractor)


def _weights(extractor: Extractor) -> Iterator[str]:
    takers = [kind for kind, network in NETWORKS.items() if network.own_file != "none"]
    taking = [kind for kind in extractor.kinds if kind in takers]
    if extractor.weights is not None and not taking:
        yield f"extractor.weights is for extractor.kind = {', '.join(takers[:-1])} or {takers[-1]}: set it to null"
    if extractor.weights is not None and len(taking) > 1:
        yield f"extractor.weights is one file, and {' and '.join(taking)} would both take it: change kind or beside"
    for key, kind in zip(("kind", "beside"), extractor.kinds, strict=False):
        if extractor.weights is None and NETWORKS[kind].own_file == "must be given":
            yield f"extractor.{key} = {kind} is {NETWORKS[kind].says}: extractor.weights says where its file lies"
    if ("file" in extractor.kinds) != (extractor.preprocessing is not None):
        yield (
            "extractor.preprocessing (size, layout, order, range) says what images become for extractor.kind = file, "
            "and for no other kind"
        )


def _unmeasured(metrics: list[str]) -> Iterator[str]:
    if set(metrics) - {"default", "all"}:
        from ganline.evaluation import measures  # here: it takes a second to import

        try:
            measures.named(metrics)
        except UserError as error:
            yield str(error)


def _either(values: tuple[Any, ...]) -> str:
    return " or ".join(str(value) for value in values)
