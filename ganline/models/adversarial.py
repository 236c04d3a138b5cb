"""The training step that all GANs share (Goodfellow et al. 2014, algorithm 1), in the order in which it happens."""

from contextlib import AbstractContextManager

import tensorflow as tf

from ganline.core import replicas
from ganline.core.random import key, layer_keys
from ganline.models import augmentation
from ganline.models import stabilisers as practices
from ganline.models.base import Batch, Metrics, Model
from ganline.models.losses import LOSSES
from ganline.models.terms import steepness
from ganline.settings.recipes import Adversaries

Outputs = list[tf.Tensor]
"""What a discriminator says of a batch: first the scores float32 (N, 1), then what further heads it has."""


class Adversarial(Model):
    """A generator and its adversary.

    A step updates the discriminator on real images and on fakes of a frozen generator, then the generator, through the
    frozen discriminator, on fakes of its own. Subclasses build the networks and make images; those with labels or
    inputs also replace what the discriminator is given (`evidence`) or the terms of the losses (`side`,
    `generator_loss`). What is particular to a loss is in ganline.models.losses.
    """

    settings: Adversaries
    network_names: tuple[str, ...] = ("generator", "discriminator")
    adversaries: tuple[str, ...] = ("discriminator",)
    copies: tuple[str, ...] = ("generator_average",)
    image_range = (0.0, 1.0)
    abilities: tuple[str, ...] = ("discriminator", "fast to draw")
    practices: tuple[str, ...] = (
        "discriminator_steps", "generator_steps", "discriminator_batches", "label_smoothing", "label_flipping",
        "instance_noise", "spectral_normalization", "minibatch_stddev", "packing", "feature_matching", "unrolled_steps",
        "weight_clip", "generator_average", "augmentation",
    )  # fmt: skip

    def __init__(self, settings: Adversaries, image_shape: tuple[int, int, int], seed: int, classes: int = 0) -> None:
        """See ganline.models.base.Model."""
        self.loss = LOSSES[settings.loss]()
        self.augmentation = augmentation.KINDS[settings.augmentation]()
        super().__init__(settings, image_shape, seed, classes)
        self.begin()

    def begin(self) -> None:
        """Add what is made of the networks: the discriminator's features, and the averaged generator."""
        self.features = practices.features_of(self.discriminator)
        if self.settings.generator_average:
            self.networks[self.average_name] = self.build_generator()
            self.networks[self.average_name].set_weights(self.generator.get_weights())

    # A step: the discriminator, then the generator

    def train_step(self, batch: Batch, step: tf.Tensor) -> Metrics:
        """Update the discriminator, then the generator; see ganline.models.base.Model.train_step.

        Of several updates of one network the last is what is told.
        """
        size, steps = batch["image"].shape[0] // self.batch_parts, self.settings.discriminator_steps
        parts = [
            {name: values[i * size : (i + 1) * size] for name, values in batch.items()} for i in range(self.batch_parts)
        ]
        metrics: Metrics = {}
        for i, real in enumerate(parts[:steps]):
            metrics |= self.discriminator_step(real, step, step * steps + i)
        for i in range(self.settings.generator_steps):
            real = parts[steps + i] if self.loss.pairs else parts[-1]
            metrics |= self.generator_step(real, step, step * self.settings.generator_steps + i)
        return metrics

    def discriminator_step(self, real: Batch, step: tf.Tensor, draw: tf.Tensor) -> Metrics:
        """Update the discriminator on as many fakes as there are real images; `draw` numbers its updates."""
        return self.discriminate(real, self.fakes(real, draw), step, draw)

    def judgement(self, real: Batch, step: tf.Tensor, draw: tf.Tensor, apart: bool = False) -> Metrics:
        """Return what an update of the discriminator would tell, without one; `apart` as in discriminator_loss."""
        fake = self.fakes(real, draw)
        with layer_keys(key(self.seed, "dropout/discriminator", draw)):
            loss, told = self.discriminator_loss(real, fake, step, apart)
        return {"d_loss": loss} | told | self.augmentation.told()

    def discriminate(self, real: Batch, fake: Batch, step: tf.Tensor, draw: tf.Tensor) -> Metrics:
        """Update the discriminator on these real images and fakes; return what is told of it."""
        with layer_keys(key(self.seed, "dropout/discriminator", draw)):
            if self.settings.discriminator_batches == "sequential":
                loss, told = self._side_by_side(real, fake, step)
            else:
                with tf.GradientTape() as tape:
                    loss, told = self.discriminator_loss(real, fake, step)
                self.update(tape, loss, self.adversary)
        if self.settings.weight_clip:
            practices.clip(self.discriminator, self.settings.weight_clip, self.settings.weight_clip_batch_norm)
        images = real["image"].shape[0] * replicas.count()
        kept = self.loss.after_update(told) | self.augmentation.after_update(told, images)
        return {"d_loss": loss} | told | kept

    def _side_by_side(self, real: Batch, fake: Batch, step: tf.Tensor) -> tuple[tf.Tensor, Metrics]:
        """Update on real images, then on fakes, as documents do that train on the two in turn."""
        losses: list[tf.Tensor] = []
        said: list[Outputs] = []
        for part, is_real in self.sides(real, fake):
            with tf.GradientTape() as tape:
                outputs = self.judge(part, step)
                loss = self.side(outputs, part, is_real)
            self.update(tape, loss, self.adversary)
            losses.append(loss)
            said.append(outputs)
        return self._weighed(losses), self.signs(said, real, fake)

    def _weighed(self, losses: list[tf.Tensor]) -> tf.Tensor:
        """Return the discriminator's loss: the sum over its sides, or their mean, as documents print the loss."""
        return self.loss.share * 2 / len(losses) * sum(losses[1:], losses[0])

    def generator_step(self, real: Batch, step: tf.Tensor, draw: tf.Tensor) -> Metrics:
        """Update the generator on fakes of its own, the discriminator frozen; `draw` numbers its updates."""
        trained, judge = self.trained("generator"), self.trained(self.adversary)  # none of a frozen network's are
        with (
            tf.GradientTape(watch_accessed_variables=False) as tape,
            layer_keys(key(self.seed, "dropout/generator", draw)),
            practices.frozen(self.discriminator, self.settings.frozen_batch_norm),
        ):
            tape.watch(trained)
            fake = self.make(real, self.generator_count(real), "generator", draw, training=True)
            with self._unrolled_discriminator(judge, real, fake, step):
                loss, told = self.generator_loss(real, fake, step)
        self.update(tape, loss, "generator")
        self.average(step)
        return {"g_loss": loss} | told

    def average(self, step: tf.Tensor) -> None:
        """Move the averaged generator, where there is one, a step towards the trained one."""
        if self.settings.generator_average:
            practices.average(self.networks[self.average_name], self.generator, self.average_decay(step))

    def average_decay(self, step: tf.Tensor) -> float | tf.Tensor:
        """Return the share of itself that the averaged generator keeps in this training step."""
        return self.settings.generator_average

    def penalty_weight(self, step: tf.Tensor) -> float | tf.Tensor:
        """Return the weight of the loss's gradient penalty in this training step."""
        return self.settings.penalty_weight

    def _unrolled_discriminator(
        self, weights: list[tf.Variable], real: Batch, fake: Batch, step: tf.Tensor
    ) -> AbstractContextManager[None]:
        """Return where the discriminator is as it will be after the imagined updates of its weights, if there are any.

        The weights are handed in: a network that is frozen names none.
        """
        rule = self.settings.optimizers[self.adversary]
        pairs = min(real["image"].shape[0], fake["image"].shape[0])
        seen, made = ({name: values[:pairs] for name, values in part.items()} for part in (real, fake))
        # In two batches where that is the same: the second derivative of joining two pads in front of convolutions,
        # and TensorFlow 2.15 with oneDNN then makes a graph that it cannot run ("nodes in a cycle").
        apart = self.settings.frozen_batch_norm == "moving"
        future = practices.unrolled(
            weights, rule, self.settings.unrolled_steps, self.discriminator,
            lambda: self.discriminator_loss(seen, made, step, apart)[0],
        )  # fmt: skip
        return practices.substituted(self.discriminator, weights, future)

    # Fakes

    def fakes(self, real: Batch, draw: tf.Tensor) -> Batch:
        """Return what a frozen generator makes for the discriminator's update; see `make`."""
        count = real["image"].shape[0]
        if self.settings.frozen_batch_norm == "moving":
            return self.make(real, count, "discriminator", draw, training=False)
        with layer_keys(key(self.seed, "dropout/fakes", draw)), practices.frozen(self.generator, "batch"):
            return self.make(real, count, "discriminator", draw, training=True)

    def make(self, real: Batch, count: int, who: str, draw: tf.Tensor, training: bool) -> dict[str, tf.Tensor]:
        """Return generated images, "image" (count, H, W, C), with what else their discriminator is told of them.

        Args:
            real: the real images that they are to be held against; translators make theirs of what these come with.
            count: how many; of translators as many as there are real ones.
            who: whose update they are for; with `draw` it names what is random.
            draw: the number of that update.
            training: whether batch norms normalise by the batch.
        """
        raise NotImplementedError

    def generator_count(self, real: Batch) -> int:
        """Return how many images the generator makes for an update of its own."""
        return real["image"].shape[0]

    # What the discriminator says

    def shown(self, images: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        """Return images (N, H, W, C) as the discriminator gets to see them: augmented, with noise, and in packs."""
        images = self.augmentation.on(images, self.image_range)
        if self.settings.instance_noise:
            images = practices.instance_noise(images, self.settings, step)
        return practices.pack(images, self.settings.packing) if self.settings.packing > 1 else images

    def evidence(self, shown: tf.Tensor, batch: Batch) -> tf.Tensor | list[tf.Tensor]:
        """Return what the discriminator's network takes: images as shown, and in conditional models their class."""
        return shown

    def look(self, shown: tf.Tensor, batch: Batch) -> Outputs:
        """Return what the discriminator says of images as shown, of which `batch` has what else is known of them."""
        return self.said(shown, self.discriminator(self.evidence(shown, batch), training=True))

    def said(self, shown: tf.Tensor, given: tf.Tensor | list[tf.Tensor]) -> Outputs:
        """Return what the discriminator's network has given for images as shown, the scores first."""
        if self.loss.autoencoder:
            return [self.loss.score(shown, given)]
        return self.read([tf.cast(output, tf.float32) for output in tf.nest.flatten(given)])

    def read(self, heads: Outputs) -> Outputs:
        """Return what the heads of the discriminator's network say, the scores first."""
        return heads

    def judge(self, batch: Batch, step: tf.Tensor) -> Outputs:
        """Return what the discriminator says of a batch."""
        return self.look(self.shown(batch["image"], step), batch)

    def judge_each(self, parts: list[Batch], step: tf.Tensor, apart: bool = False) -> list[Outputs]:
        """Return what the discriminator says of each batch, shown one by one, as with `apart`, or in one."""
        if apart or self.settings.discriminator_batches != "mixed":
            return [self.judge(part, step) for part in parts]
        parts = parts[::-1]
        known = [name for name in parts[0] if all(name in part for part in parts)]
        with replicas.parts(len(parts)):
            outputs = self.judge({name: tf.concat([part[name] for part in parts], 0) for name in known}, step)
        sizes = [part["image"].shape[0] // self.settings.packing for part in parts]
        return [list(said) for said in zip(*(tf.split(output, sizes) for output in outputs), strict=True)][::-1]

    # The losses

    def sides(self, real: Batch, fake: Batch) -> list[tuple[Batch, bool]]:
        """Return what the discriminator is shown, in this order, and whether it is to call it real; last the fakes."""
        return [(real, True), (fake, False)]

    def discriminator_loss(
        self, real: Batch, fake: Batch, step: tf.Tensor, apart: bool = False
    ) -> tuple[tf.Tensor, Metrics]:
        """Return the loss of one batch and what is told of it."""
        sides = self.sides(real, fake)
        said, slopes = self._judged(sides, step, apart)
        loss = self._weighed([self.side(on, *side) for on, side in zip(self._paired(said), sides, strict=True)])
        told = self.signs(said, real, fake)
        if slopes:
            told["gradient_penalty"] = steepness(slopes)
        elif self.loss.penalised:
            told["gradient_penalty"] = self.loss.penalty(
                lambda images: self.look(images, real)[0],
                self.shown(real["image"], step),
                lambda: self.shown(fake["image"], step),
            )
        if self.loss.penalised:
            loss += self.penalty_weight(step) * told["gradient_penalty"]
        return loss, told

    def _judged(
        self, sides: list[tuple[Batch, bool]], step: tf.Tensor, apart: bool
    ) -> tuple[list[Outputs], list[tf.Tensor]]:
        """Return what the discriminator says of its sides, and its slopes at the images where the loss wants it flat.

        One pass serves both. Slopes are gradients of the score, float32 (N, H, W, C), before images are augmented.
        """
        parts = [part for part, _ in sides]
        if not self.loss.flat_at:
            return self.judge_each(parts, step, apart), []
        flat = [part["image"] for part, real in sides if ("real" if real else "fake") in self.loss.flat_at]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(flat)
            said = self.judge_each(parts, step, apart)
            scores = [tf.reduce_sum(outputs[0]) for outputs in said]
        return said, tape.gradient(scores, flat)

    def _paired(self, said: list[Outputs]) -> list[Outputs]:
        """Return what was said of real images and of fakes, the scores as the loss takes them."""
        if not self.loss.pairs:
            return said
        (on_real, *more), (on_fake, *others) = said
        first, second = self.loss.paired(on_real, on_fake)
        return [[first, *more], [second, *others]]

    def side(self, outputs: Outputs, batch: Batch, real: bool) -> tf.Tensor:
        """Return the discriminator's loss on real images, or on fakes, before the two are weighed and added."""
        return self.loss.side(outputs[0], practices.targets(self.settings, outputs[0], real), real)

    def generator_loss(self, real: Batch, fake: Batch, step: tf.Tensor) -> tuple[tf.Tensor, Metrics]:
        """Return the generator's loss on fakes that it made in training, and what is told of it."""
        return self.deceive(self.judge(fake, step), real, fake, step), {}

    def deceive(self, outputs: Outputs, real: Batch, fake: Batch, step: tf.Tensor) -> tf.Tensor:
        """Return the adversarial term of the generator's loss."""
        if not self.settings.feature_matching:
            said = self._paired([self.judge(real, step), outputs])[1] if self.loss.pairs else outputs
            return tf.reduce_mean(self.loss.generator(said[0]))
        # Salimans et al. 2016: match the mean features instead of deceiving the discriminator.
        on_real, on_fake = (
            tf.reduce_mean(tf.cast(self.features(seen, training=True), tf.float32), axis=0)
            for seen in (self.evidence(self.shown(part["image"], step), part) for part in (real, fake))
        )
        return tf.reduce_sum(tf.math.squared_difference(on_real, on_fake))

    # What is told of a step

    @property
    def metric_names(self) -> tuple[str, ...]:
        """See ganline.models.base.Model.metric_names."""
        return ("d_loss", "g_loss", *self.loss.metric_names, *self.augmentation.metric_names)

    def signs(self, said: list[Outputs], real: Batch, fake: Batch) -> Metrics:
        """Return what shows how sure the discriminator is, by what it said of each of its sides."""
        (on_real, *_), *_, (on_fake, *_) = said
        return self.loss.signs(on_real, on_fake)

    # The networks

    def build_generator(self) -> tf.keras.Model:
        """Return what makes images (N, H, W, C) in image_range."""
        raise NotImplementedError

    def build_discriminator(self) -> tf.keras.Model:
        """Images of `seen_shape` in image_range -> logits (N, 1)."""
        raise NotImplementedError

    def build_network(self, name: str) -> tf.keras.Model:
        """Return the generator, or the discriminator as the loss and the practices that change networks leave it."""
        if name == "generator":
            return self.build_generator()
        recipe, network = self.settings, self.build_discriminator()
        if recipe.discriminator_normalization != "as_printed":
            network = practices.replace_batch_norm(network, recipe.discriminator_normalization)
        if self.loss.autoencoder:
            network = practices.autoencoder(network, self.build_generator())
        if recipe.minibatch_stddev:
            network = practices.minibatch_stddev(network)
        if recipe.spectral_normalization:
            network = practices.spectral(network)
        return network

    @property
    def seen_shape(self) -> tuple[int, int, int]:
        """(H, W, C) of what the discriminator judges: one image, or a pack of them."""
        height, width, channels = self.image_shape
        return height, width, channels * self.settings.packing

    @property
    def generator(self) -> tf.keras.Model:
        """The network that makes images."""
        return self.networks[self.network_names[0]]

    @property
    def average_name(self) -> str:
        """The name of the network whose weights are averages of the generator's."""
        return f"{self.network_names[0]}_average"

    @property
    def drawing(self) -> tf.keras.Model:
        """See ganline.models.base.Model.drawing; the averaged generator where there is one."""
        return self.networks.get(self.average_name, self.generator)

    @property
    def judges_batches(self) -> bool:
        """Whether the discriminator judges an image by the others of its batch too."""
        return self.settings.minibatch_stddev

    @property
    def adversary(self) -> str:
        """The name of the network that judges them: discriminator or critic."""
        return self.network_names[1]

    @property
    def discriminator(self) -> tf.keras.Model:
        """The network that judges them, whatever its name."""
        return self.networks[self.adversary]

    # What the loop asks

    def extra_variables(self) -> dict[str, tf.Variable]:
        """See ganline.models.base.Model.extra_variables."""
        return self.loss.state() | self.augmentation.state()

    @property
    def batch_size(self) -> int:
        """Fresh real images for each update that sees any."""
        return self.settings.batch_size * self.batch_parts

    @property
    def batch_parts(self) -> int:
        """See ganline.models.base.Model.batch_parts; the generator has fresh ones where fakes are held against them."""
        return self.settings.discriminator_steps + self.settings.generator_steps * self.loss.pairs

    def updates(self, name: str) -> int:
        """See ganline.models.base.Model.updates."""
        if name == "generator":
            return self.settings.generator_steps
        return self.settings.discriminator_steps * (2 if self.settings.discriminator_batches == "sequential" else 1)
