"""Translators between two domains, both ways, that learn without pairs: CycleGAN's step and losses."""

import copy
from collections.abc import Mapping
from math import gcd
from typing import NamedTuple

import tensorflow as tf

from ganline.core import replicas
from ganline.core.random import key, layer_keys, purpose_number, uniform
from ganline.models import augmentation
from ganline.models import stabilisers as practices
from ganline.models.adversarial import Adversarial
from ganline.models.base import Batch, Gradients, Metrics
from ganline.models.terms import in_order
from ganline.settings.recipes import UnpairedTranslation

Shape = tuple[int, int, int]
SOURCE, TARGET = "a", "b"
"""What the names of metrics end with that are about pictures of one domain: that of inputs, and that of images."""


class Way(NamedTuple):
    """One direction in a step."""

    model: "TwoDomains"
    domain: str
    """Of what it makes: SOURCE or TARGET."""
    real: Batch
    """Pictures "image" (N, H, W, C) of that domain, and those of the other, "input" (N, H', W', C')."""


class TwoDomains(Adversarial):
    """Two generators that undo each other's translations, each with a discriminator of its own.

    Zhu et al. 2017, "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks". A batch holds
    "input", pictures of the source domain A, and "image", pictures of the target domain B, float32 (N, H, W, C) in
    image_range and of one shape; the i-th of one has nothing to do with the i-th of the other. "generator" makes B of
    A, "discriminator" judges B; "generator_back" makes A of B, "discriminator_back" judges A.

    Each direction is an Adversarial of its own, with networks and optimizers in common: this object is the one, `back`
    the other. A step updates the discriminator of A, then that of B, on real pictures and on translations (of now, or
    from a pool of earlier ones); then both generators at once, by

        adversarial + cycle_weight |G(G_back(x)) - x| + identity_weight |G(x) - x| + target_weight |G(y) - x|

    summed over the two directions, absolute differences being means. Generators treat each picture by itself: what one
    of them is given in a step goes through it in two batches, one of new pictures and one of the other's translations.
    Gradients are taken of one cycle, there and back, after the other: at no time is there what both keep for theirs.
    """

    settings: UnpairedTranslation
    recipe = "UnpairedTranslation"
    network_names: tuple[str, ...] = ("generator", "discriminator", "generator_back", "discriminator_back")
    adversaries = ("discriminator", "discriminator_back")
    copies = ("generator_average", "generator_back", "generator_back_average", "discriminator_back")
    abilities = ("inputs", "way back", "discriminator", "fast to draw")
    back: "TwoDomains"
    image_range = (-1.0, 1.0)
    losses = ("least_squares", "non_saturating", "hinge")
    refuses = (
        "discriminator_steps", "generator_steps", "minibatch_stddev", "packing", "unrolled_steps", "weight_clip",
    )  # fmt: skip

    def __init__(
        self, settings: UnpairedTranslation, image_shape: Shape, seed: int, classes: int = 0,
        input_shape: Shape | None = None,
    ) -> None:  # fmt: skip
        """See ganline.models.base.Model; `input_shape` is that of the images."""
        self.input_shape: Shape = input_shape or image_shape
        super().__init__(settings, image_shape, seed, classes)
        self.back = self._turned()

    def begin(self) -> None:
        """Add what one direction has for itself."""
        super().begin()
        size = self.settings.image_pool
        self.pool = tf.Variable(tf.zeros((size, *self.image_shape)), trainable=False) if size else None

    def _turned(self) -> "TwoDomains":
        """Return the other direction, whose random numbers and augmentation are its own."""
        back = copy.copy(self)
        back.network_names = ("generator_back", "discriminator_back")
        back.image_shape, back.input_shape = self.input_shape, self.image_shape
        back.seed = (self.seed + purpose_number("back")) % 2**31
        back.augmentation = augmentation.KINDS[self.settings.augmentation]()
        back.begin()
        return back

    def build_network(self, name: str) -> tf.keras.Model:
        """See ganline.models.base.Model.build_network; the way back has networks built alike."""
        network = super().build_network(name.removesuffix("_back"))
        # Under its own name, by which kernels are drawn anew.
        return tf.keras.Model(network.inputs, network.outputs[0], name=name)

    # The training step

    def train_step(self, batch: Batch, step: tf.Tensor) -> Metrics:
        """Update both discriminators, then both generators; see ganline.models.base.Model.train_step."""
        turned = {"image": batch["input"], "input": batch["image"]}
        ways = [Way(self.back, SOURCE, turned), Way(self, TARGET, batch)]
        generators = [name for name in self.network_names if name.startswith("generator")]
        told: Metrics = {}
        losses: list[tf.Tensor] = []
        gradients: list[Gradients] = []
        for way, other in zip(ways, reversed(ways), strict=True):
            # One after the other: what the first keeps for its gradient is gone when the second begins.
            real = _after(gradients, way.real)
            # One pass serves both: the discriminator is shown these translations, and the generators learn from them.
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch([self.trained(name) for name in generators])
                made = way.model.first_pass(real, step)
            told |= _of_domain(way.model.discriminator_turn(real, made["image"], step), way.domain)
            with tape:
                loss, terms = way.model.generator_terms(real, made, other.model, step)
            # What comes back is of the other domain again.
            told |= {f"{name}_{(other if name == 'g_cycle' else way).domain}": term for name, term in terms.items()}
            losses.append(loss)
            gradients.append(self.gradients(tape, loss, *generators))
        first, second = gradients
        self.apply({name: [a + b for a, b in zip(first[name], second[name], strict=True)] for name in generators})
        for way in ways:
            way.model.average(step)
        return self._sums(told) | {"g_loss": tf.add_n(losses)} | told

    def first_pass(self, real: Batch, step: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return "image", the translations of real["input"], and where they count "same", those of real["image"]."""
        given = [real["input"], *([real["image"]] if self.settings.identity_weight else [])]
        with layer_keys(key(self.seed, "dropout/first", step)):
            made = self.generator(tf.concat(given, 0), training=True)
        return dict(zip(("image", "same"), tf.split(made, len(given)), strict=False))

    def discriminator_turn(self, real: Batch, fake: tf.Tensor, step: tf.Tensor) -> Metrics:
        """Update the discriminator on real["image"] and on as many fakes (N, H, W, C); return what is told of it."""
        count = replicas.share(self.settings.batch_size)
        shown = self._from_pool(tf.stop_gradient(fake), step)[:count]
        return self.discriminate({"image": real["image"][:count]}, {"image": shown}, step, step)

    def generator_terms(
        self, real: Batch, made: Mapping[str, tf.Tensor], other: "TwoDomains", step: tf.Tensor
    ) -> tuple[tf.Tensor, Metrics]:
        """Return the part of the generators' loss that this direction begins, and its terms.

        Args:
            real: of a batch, as in Way.
            made: what `first_pass` returned.
            other: the other direction, which brings back what was made of real["input"].
            step: the training step.
        """
        recipe, terms = self.settings, {}
        with (
            layer_keys(key(self.seed, "dropout/generator", step)),
            practices.frozen(self.discriminator, recipe.frozen_batch_norm),
        ):
            fake = {"image": made["image"]}
            terms["g_adversarial"] = self.deceive(self.judge(fake, step), real, fake, step)
            if recipe.cycle_weight:
                terms["g_cycle"] = _apart(other.generator(made["image"], training=True), real["input"])
        if recipe.identity_weight:
            terms["g_identity"] = _apart(made["same"], real["image"])
        if recipe.target_weight:
            terms["g_target"] = _apart(made["image"], real["image"])
        return in_order([self._weights[name] * term for name, term in terms.items()]), terms

    @property
    def _weights(self) -> dict[str, float]:
        recipe = self.settings
        weights = (1.0, recipe.cycle_weight, recipe.identity_weight, recipe.target_weight)
        return dict(zip(("g_adversarial", "g_cycle", "g_identity", "g_target"), weights, strict=True))

    def _from_pool(self, fakes: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        """Return for each fake (N, H, W, C) itself, or with a chance of one half an earlier one whose place it takes.

        Shrivastava et al. 2017, as in CycleGAN's own code: while the pool is not full all fakes go in, and are shown.
        """
        if self.pool is None:
            return fakes
        size, count, shown = self.settings.image_pool, fakes.shape[0], []
        places = uniform((count,), key(self.seed, "pool/place", step), 0, size, tf.int32)
        earlier = uniform((count,), key(self.seed, "pool/earlier", step)) < 0.5
        for i in range(count):
            held = tf.cast(step, tf.int32) * count + i  # that ever went in: what is full stays so
            filling = held < size
            place = tf.where(filling, held, places[i])
            old = self.pool[place]
            swap = tf.logical_and(earlier[i], tf.logical_not(filling))
            shown.append(tf.where(swap, old, fakes[i]))
            kept = tf.where(tf.logical_or(swap, filling), fakes[i], old)
            self.pool.scatter_update(tf.IndexedSlices(kept[None], place[None]))
        return tf.stack(shown)

    # What is told of a step

    @property
    def metric_names(self) -> tuple[str, ...]:
        """See ganline.models.base.Model.metric_names: of both directions together, then of each domain's pictures."""
        both = super().metric_names
        terms = [name for name, weight in self._weights.items() if weight]
        each = [name for name in both if name != "g_loss"] + terms
        return (*both, *(f"{name}_{domain}" for domain in (SOURCE, TARGET) for name in each))

    def _sums(self, told: Metrics) -> Metrics:
        """Return what is told of both directions together: the losses' sum, and the mean of all else."""
        names = [name for name in super().metric_names if name != "g_loss"]
        pairs = {name: [told[f"{name}_{domain}"] for domain in (SOURCE, TARGET)] for name in names}
        return {name: tf.add_n(pair) * (1.0 if name == "d_loss" else 0.5) for name, pair in pairs.items()}

    # What the networks are used for

    def translate(self, images: tf.Tensor) -> tf.Tensor:
        """See ganline.models.base.Model.translate: pictures of the source domain into the target domain."""
        return self.drawing(images, training=False)

    # What the loop asks

    @property
    def batch_size(self) -> int:
        """Pictures of each domain that a step takes: all for the generators, the first ones for the discriminators."""
        return self.settings.generator_batch_size

    @property
    def batch_parts(self) -> int:
        """See ganline.models.base.Model.batch_parts."""
        return self.batch_size // gcd(self.settings.batch_size, self.batch_size)

    def updates(self, name: str) -> int:
        """See ganline.models.base.Model.updates."""
        return 1 if name.startswith("generator") else super().updates(name)

    def counted(self) -> int:
        """See ganline.models.base.Model.counted: the generators are updated at once."""
        return super().counted() - 1

    def extra_variables(self) -> dict[str, tf.Variable]:
        """See ganline.models.base.Model.extra_variables."""
        pools = {} if self.pool is None else {"pool": self.pool, "pool_back": self.back.pool}
        back = {f"{name}_back": kept for name, kept in self.back.augmentation.state().items()}
        return super().extra_variables() | back | pools


def _after(gradients: list[Gradients], batch: Batch) -> Batch:
    """Return the batch, held back in a compiled step until these gradients are made."""
    with tf.control_dependencies(tf.nest.flatten(gradients)):
        return {name: tf.identity(values) for name, values in batch.items()}


def _of_domain(told: Metrics, domain: str) -> Metrics:
    return {f"{name}_{domain}": value for name, value in told.items()}


def _apart(first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
    """Return the mean absolute difference, float32 scalar."""
    return tf.reduce_mean(tf.abs(first - second))
