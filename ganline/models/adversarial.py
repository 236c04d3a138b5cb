"""The training step that all GANs share (Goodfellow et al. 2014)."""

import math

import tensorflow as tf
from tensorflow.keras import Sequential, layers

from ganline.core import replicas
from ganline.core.random import key, layer_keys, next_layer_key, normal, uniform
from ganline.models import stabilisers as practices
from ganline.models.base import Batch, Metrics, Model
from ganline.models.losses import LOSSES, PENALISED, around, began_balance, between, gradient_penalty
from ganline.settings.schema import Train

Outputs = list[tf.Tensor]
"""What a discriminator says of a batch: first the scores float32 (N, 1), then what further heads it has."""


class Adversarial(Model):
    """A generator and its adversary.

    A step updates the discriminator on real images and on fakes of a frozen generator, then the generator, through the
    frozen discriminator, on fresh latents. Subclasses build the networks; those with labels also replace what the
    networks are given (`request`, `evidence`) or the terms of the losses (`side`, `generator_loss`).
    """

    network_names: tuple[str, ...] = ("generator", "discriminator")
    image_range = (0.0, 1.0)
    losses: tuple[str, ...] = (
        "non_saturating", "minimax", "wasserstein", "wasserstein_gp", "least_squares", "dragan", "hinge", "began",
    )  # fmt: skip
    practices: tuple[str, ...] = (
        "learning_rate_schedule", "gradient_clip_value", "gradient_clip_norm", "discriminator_steps", "generator_steps",
        "discriminator_batches", "label_smoothing", "label_flipping", "instance_noise", "initializer",
        "spectral_normalization", "minibatch_stddev", "packing", "feature_matching",
        "unrolled_steps", "weight_clip", "generator_average",
    )  # fmt: skip

    # The networks

    def build_generator(self) -> tf.keras.Model:
        """Latents (N, latent_dim) -> images (N, H, W, C) in image_range."""
        raise NotImplementedError

    def build_discriminator(self) -> tf.keras.Model:
        """Images of `seen_shape` in image_range -> logits (N, 1)."""
        raise NotImplementedError

    def build_network(self, name: str) -> tf.keras.Model:
        """Return the generator, or the discriminator as the practices that change networks leave it."""
        if name == "generator":
            return self.build_generator()
        recipe, network = self.settings, self.build_discriminator()
        if recipe.discriminator_normalization != "as_printed":
            network = practices.replace_batch_norm(network, recipe.discriminator_normalization)
        if recipe.loss == "began":
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
        return self.networks["generator"]

    @property
    def discriminator(self) -> tf.keras.Model:
        """The network that judges them, whatever its name."""
        return self.networks[self.network_names[1]]

    def __init__(self, settings: Train, image_shape: tuple[int, int, int], seed: int, classes: int = 0) -> None:
        """See ganline.models.base.Model."""
        super().__init__(settings, image_shape, seed, classes)
        self.loss = LOSSES[settings.loss]
        self.balance = tf.Variable(0.0, trainable=False)  # BEGAN's k
        self.features = practices.features_of(self.discriminator)
        if settings.generator_average:
            self.networks["generator_average"] = self.build_generator()
            self.networks["generator_average"].set_weights(self.generator.get_weights())

    def extra_variables(self) -> dict[str, tf.Variable]:
        """See ganline.models.base.Model.extra_variables."""
        return {"balance": self.balance}

    # Images and what the discriminator says of them

    def noise(self, count: int, purpose: str, count_of: tf.Tensor) -> tf.Tensor:
        """Return latents float32 (count, latent_dim) from the prior, for the draw number `count_of` of a purpose."""
        shape, seed = (count, self.settings.latent_dim), key(self.seed, purpose, count_of)
        if self.settings.noise == "normal":
            return normal(shape, seed)
        return uniform(shape, seed, -1.0 if self.settings.noise == "uniform" else 0.0, 1.0)

    def make(self, count: int, who: str, draw: tf.Tensor, training: bool) -> dict[str, tf.Tensor]:
        """Return generated images, "image" (count, H, W, C), and for conditional models their "label" (count,).

        Labels are drawn uniformly.
        """
        latents = self.noise(count, f"noise/{who}", draw)
        if not self.conditions:
            return {"image": self.generator(latents, training=training)}
        labels = uniform((count,), key(self.seed, f"labels/{who}", draw), 0, self.conditions, tf.int32)
        return {"image": self.generator(self.request(latents, labels), training=training), "label": labels}

    def request(self, latents: tf.Tensor, labels: tf.Tensor) -> tf.Tensor | list[tf.Tensor]:
        """Return what the generator's network takes."""
        return [latents, tf.one_hot(labels, self.conditions)] if self.conditions else latents

    def generate(self, latents: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """See ganline.models.base.Model.generate; by the averaged generator where there is one."""
        network = self.networks.get("generator_average", self.generator)
        return network(self.request(latents, labels), training=False)

    def shown(self, images: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        """Return images (N, H, W, C) as the discriminator gets to see them: with noise, and in packs."""
        if self.settings.instance_noise:
            images = practices.instance_noise(images, self.settings, step)
        return practices.pack(images, self.settings.packing) if self.settings.packing > 1 else images

    def evidence(self, shown: tf.Tensor, batch: Batch) -> tf.Tensor | list[tf.Tensor]:
        """Return what the discriminator's network takes: images as shown, and in conditional models their class."""
        return shown

    def look(self, shown: tf.Tensor, batch: Batch) -> Outputs:
        """Return what the discriminator says of images as shown, of which `batch` has what else is known of them."""
        outputs = self.discriminator(self.evidence(shown, batch), training=True)
        if self.settings.loss == "began":
            return [tf.reduce_mean(tf.abs(shown - outputs), axis=[1, 2, 3])[:, None]]
        return [tf.cast(output, tf.float32) for output in tf.nest.flatten(outputs)]

    def judge(self, batch: Batch, step: tf.Tensor) -> Outputs:
        """Return what the discriminator says of a batch."""
        return self.look(self.shown(batch["image"], step), batch)

    def judge_both(self, real: Batch, fake: Batch, step: tf.Tensor, apart: bool = False) -> tuple[Outputs, Outputs]:
        """Return what the discriminator says of real images and of fakes, in one batch or two: two with `apart`."""
        if apart or self.settings.discriminator_batches != "mixed":
            return self.judge(real, step), self.judge(fake, step)
        with replicas.parts(2):
            outputs = self.judge({name: tf.concat([fake[name], real[name]], 0) for name in fake if name in real}, step)
        sizes = [part["image"].shape[0] // self.settings.packing for part in (fake, real)]
        on_fake, on_real = zip(*(tf.split(output, sizes) for output in outputs), strict=True)
        return list(on_real), list(on_fake)

    # The losses

    def side(self, outputs: Outputs, batch: Batch, real: bool) -> tf.Tensor:
        """Return the discriminator's loss on real images, or on fakes, before the two are weighed and added."""
        if not real and self.settings.loss == "began":
            return self.balance * tf.reduce_mean(self.loss.fake(outputs[0], outputs[0]))
        goals = practices.targets(self.settings, outputs[0], real)
        return tf.reduce_mean((self.loss.real if real else self.loss.fake)(outputs[0], goals))

    def penalty(self, real: Batch, fake: Batch, step: tf.Tensor) -> tf.Tensor:
        """Return the gradient penalty, not yet weighed."""
        seen, first = self.shown(real["image"], step), next_layer_key()
        if self.settings.loss == "dragan":
            return gradient_penalty(lambda images: self.look(images, real)[0], around(seen, first))
        points = between(seen, self.shown(fake["image"], step), first)
        return gradient_penalty(lambda images: self.look(images, real)[0], points)

    def discriminator_loss(
        self, real: Batch, fake: Batch, step: tf.Tensor, apart: bool = False
    ) -> tuple[tf.Tensor, Metrics]:
        """Return the loss of one batch and what is told of it."""
        on_real, on_fake = self.judge_both(real, fake, step, apart)
        loss = self.loss.share * (self.side(on_real, real, True) + self.side(on_fake, fake, False))
        told = self.signs(on_real, on_fake, real, fake)
        if self.settings.loss in PENALISED:
            told["gradient_penalty"] = self.penalty(real, fake, step)
            loss += self.settings.penalty_weight * told["gradient_penalty"]
        return loss, told

    def generator_loss(self, real: Batch, fake: Batch, step: tf.Tensor) -> tuple[tf.Tensor, Metrics]:
        """Return the generator's loss on fakes that it made in training, and what is told of it."""
        return self.deceive(self.judge(fake, step), real, fake, step), {}

    def deceive(self, outputs: Outputs, real: Batch, fake: Batch, step: tf.Tensor) -> tf.Tensor:
        """Return the adversarial term of the generator's loss."""
        if not self.settings.feature_matching:
            return tf.reduce_mean(self.loss.generator(outputs[0]))
        # Salimans et al. 2016: match the mean features instead of deceiving the discriminator.
        on_real, on_fake = (
            tf.reduce_mean(tf.cast(self.features(seen, training=True), tf.float32), axis=0)
            for seen in (self.evidence(self.shown(part["image"], step), part) for part in (real, fake))
        )
        return tf.reduce_sum((on_real - on_fake) ** 2)

    @property
    def metric_names(self) -> tuple[str, ...]:
        """See ganline.models.base.Model.metric_names."""
        names = ["d_loss", "g_loss", "d_real", "d_fake"]
        names += ["d_accuracy_real", "d_accuracy_fake"] if self.loss.boundary is not None else []
        names += ["wasserstein_estimate"] if self.settings.loss.startswith("wasserstein") else []
        names += ["gradient_penalty"] if self.settings.loss in PENALISED else []
        return (*names, *(["balance", "convergence"] if self.settings.loss == "began" else []))

    def signs(self, on_real: Outputs, on_fake: Outputs, real: Batch, fake: Batch) -> Metrics:
        """Return what shows how sure the discriminator is: mean probabilities or scores, and accuracies."""
        mean = (lambda s: tf.reduce_mean(tf.sigmoid(s))) if self.loss.probability else tf.reduce_mean
        told = {"d_real": mean(on_real[0]), "d_fake": mean(on_fake[0])}
        if (boundary := self.loss.boundary) is not None:
            told["d_accuracy_real"] = share(on_real[0] > boundary)
            told["d_accuracy_fake"] = share(on_fake[0] <= boundary)
        if self.settings.loss.startswith("wasserstein"):
            told["wasserstein_estimate"] = told["d_real"] - told["d_fake"]
        return told

    # The training step

    @property
    def batch_size(self) -> int:
        """Fresh real images for each update of the discriminator."""
        return self.settings.batch_size * self.batch_parts

    @property
    def batch_parts(self) -> int:
        """See ganline.models.base.Model.batch_parts."""
        return self.settings.discriminator_steps

    def updates(self, name: str) -> int:
        """See ganline.models.base.Model.updates."""
        if name == "generator":
            return self.settings.generator_steps
        return self.settings.discriminator_steps * (2 if self.settings.discriminator_batches == "sequential" else 1)

    def train_step(self, batch: Batch, step: tf.Tensor) -> Metrics:
        """Update the discriminator, then the generator; see ganline.models.base.Model.train_step.

        Of several updates of one network the last is what is told.
        """
        size = batch["image"].shape[0] // self.batch_parts
        metrics: Metrics = {}
        for i in range(self.settings.discriminator_steps):
            real = {name: values[i * size : (i + 1) * size] for name, values in batch.items()}
            metrics |= self.discriminator_step(real, step, step * self.settings.discriminator_steps + i)
        for i in range(self.settings.generator_steps):
            metrics |= self.generator_step(real, step, step * self.settings.generator_steps + i)
        return metrics

    def discriminator_step(self, real: Batch, step: tf.Tensor, draw: tf.Tensor) -> Metrics:
        """Update the discriminator on as many fakes as there are real images; `draw` numbers its updates."""
        name, network = self.network_names[1], self.discriminator
        fake = self.fakes(real["image"].shape[0], draw)
        with layer_keys(key(self.seed, "dropout/discriminator", draw)):
            if self.settings.discriminator_batches == "sequential":
                loss, told = self._one_side_then_the_other(real, fake, step)
            else:
                with tf.GradientTape() as tape:
                    loss, told = self.discriminator_loss(real, fake, step)
                self.update(tape, loss, name)
        if self.settings.weight_clip:
            practices.clip(network, self.settings.weight_clip, self.settings.weight_clip_batch_norm)
        if self.settings.loss == "began":
            errors = (replicas.mean(told[name]) for name in ("d_real", "d_fake"))
            balance, told["convergence"] = began_balance(self.balance, *errors)
            told["balance"] = self.balance.assign(balance)
        return {"d_loss": loss} | told

    def fakes(self, count: int, draw: tf.Tensor) -> Batch:
        """Return what a frozen generator makes for the discriminator's update; see `make`."""
        if self.settings.frozen_batch_norm == "moving":
            return self.make(count, "discriminator", draw, training=False)
        with layer_keys(key(self.seed, "dropout/fakes", draw)), practices.frozen(self.generator, "batch"):
            return self.make(count, "discriminator", draw, training=True)

    def _one_side_then_the_other(self, real: Batch, fake: Batch, step: tf.Tensor) -> tuple[tf.Tensor, Metrics]:
        """Update on real images, then on fakes, as documents do that train on the two in turn."""
        name = self.network_names[1]
        losses: list[tf.Tensor] = []
        said: list[Outputs] = []
        for part, is_real in ((real, True), (fake, False)):
            with tf.GradientTape() as tape:
                outputs = self.judge(part, step)
                loss = self.side(outputs, part, is_real)
            self.update(tape, loss, name)
            losses.append(loss)
            said.append(outputs)
        return self.loss.share * (losses[0] + losses[1]), self.signs(said[0], said[1], real, fake)

    def generator_step(self, real: Batch, step: tf.Tensor, draw: tf.Tensor) -> Metrics:
        """Update the generator on fresh latents, the discriminator frozen; `draw` numbers its updates."""
        rule = self.settings.optimizers[self.network_names[1]]
        weights, trained = self.discriminator.trainable_weights, self.trained("generator")
        with (
            tf.GradientTape(watch_accessed_variables=False) as tape,
            layer_keys(key(self.seed, "dropout/generator", draw)),
            practices.frozen(self.discriminator, self.settings.frozen_batch_norm),
        ):
            tape.watch(trained)
            count = replicas.share(self.settings.generator_batch_size)
            fake = self.make(count, "generator", draw, training=True)
            pairs = min(real["image"].shape[0], fake["image"].shape[0])
            seen, made = ({name: values[:pairs] for name, values in part.items()} for part in (real, fake))
            # In two batches where that is the same: the second derivative of joining two pads in front of convolutions,
            # and TensorFlow 2.15 with oneDNN then makes a graph that it cannot run ("nodes in a cycle").
            apart = self.settings.frozen_batch_norm == "moving"
            future = practices.unrolled(
                weights, rule, self.settings.unrolled_steps, self.discriminator,
                lambda: self.discriminator_loss(seen, made, step, apart)[0],
            )  # fmt: skip
            with practices.substituted(self.discriminator, weights, future):
                loss, told = self.generator_loss(real, fake, step)
        self.update(tape, loss, "generator")
        if self.settings.generator_average:
            practices.average(self.networks["generator_average"], self.generator, self.settings.generator_average)
        return {"g_loss": loss} | told


def dense_generator(
    latent_dim: int, hidden: list[layers.Layer], image_shape: tuple[int, int, int], activation: str
) -> tf.keras.Model:
    """Return a fully connected generator: latents, the hidden layers, a pixel a unit, and the activation in float32."""
    return Sequential(
        [
            layers.Input((latent_dim,)),
            *hidden,
            layers.Dense(math.prod(image_shape)),
            layers.Reshape(image_shape),
            layers.Activation(activation, dtype="float32"),
        ],
        name="generator",
    )


def discriminator(seen_shape: tuple[int, int, int], hidden: list[layers.Layer]) -> tf.keras.Model:
    """Return a discriminator: images of `seen_shape`, the hidden layers, one logit."""
    return Sequential([layers.Input(seen_shape), *hidden, layers.Dense(1)], name="discriminator")


def share(true: tf.Tensor) -> tf.Tensor:
    """Return the share of true values, float32 scalar."""
    return tf.reduce_mean(tf.cast(true, tf.float32))
