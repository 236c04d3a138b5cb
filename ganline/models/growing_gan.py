"""GANs whose networks grow while they train: small images first, then ever larger ones (Karras et al. 2018)."""

from functools import partial

import tensorflow as tf

from ganline.core import replicas
from ganline.models import stabilisers as practices
from ganline.models.adversarial import Outputs
from ganline.models.base import Batch, Metrics
from ganline.models.growing.layers import Blend, Enlarge, blend, enlarge, shrink
from ganline.models.latent_gan import LatentGAN
from ganline.settings.recipes import Growing


class GrowingGAN(LatentGAN):
    """A GAN of several phases, in each of which images have twice the size of those before.

    All networks exist from the start. `build_generator` maps latents to an image of each phase's size;
    `build_discriminator` maps an image of each size and the share of the newest layers, float (N, 1, 1, 1), to a score
    by each. A phase computes and trains the parts of them that its size takes.

    As a phase begins images fade from enlarged ones of the size before into those of its size, the generated and the
    real ones. The optimizers begin anew then, and again once images have faded in, as in the paper's code. What is
    drawn at any step has the final size, enlarged from that of the step; which one that is `grown` says, which is kept
    with the weights.
    """

    recipe = "Growing"
    settings: Growing
    image_range = (-1.0, 1.0)
    sizes = (8, 16, 32, 64, 128, 256, 512, 1024)
    refuses: tuple[str, ...] = (
        "spectral_normalization", "minibatch_stddev", "packing", "feature_matching", "unrolled_steps", "weight_clip",
        "autoencoder",
    )  # fmt: skip
    adam_epsilon = 1e-8
    phase: int | None = None  # before any: all weights count as trained

    def begin(self) -> None:
        """Add the averaged generator, the parts that each phase takes, and the state."""
        if self.settings.generator_average:
            self.networks[self.average_name] = self.build_generator()
            self.networks[self.average_name].set_weights(self.generator.get_weights())
        self.grown = tf.Variable(0.0, trainable=False)
        """Steps that were trained."""
        self._parts = {
            name: [self.part(network, name == self.adversary, level) for level in range(len(self.settings.phases))]
            for name, network in self.networks.items()
        }

    def part(self, network: tf.keras.Model, judges: bool, level: int) -> tf.keras.Model:
        """Return what a phase takes of a network, with the weights in common.

        Of a generator that is latents -> its image, or that of the size before and its own where they fade; of who
        `judges`, image and share -> score.
        """
        if judges:
            return tf.keras.Model([network.inputs[level], network.inputs[-1]], network.outputs[level])
        images = network.outputs[level - 1 : level + 1] if self.fades(level) else network.outputs[level]
        return tf.keras.Model(network.inputs, images)

    def fades(self, level: int) -> bool:
        """Return whether images of a phase fade in."""
        return self.settings.phases[level].fade_steps > 0

    # What the loop asks

    @property
    def phases(self) -> tuple[int, ...]:
        """See ganline.models.base.Model.phases."""
        return tuple(phase.first_step for phase in self.settings.phases)

    @property
    def restarts(self) -> tuple[int, ...]:
        """See ganline.models.base.Model.restarts."""
        later = self.settings.phases[1:]
        return tuple(sorted({phase.first_step + faded for phase in later for faded in (0, phase.fade_steps)}))

    def make_optimizers(self) -> None:
        """See ganline.models.base.Model.make_optimizers; they know the weights of all phases."""
        self.phase = None
        super().make_optimizers()
        self.enter(0)

    def trained(self, name: str) -> list[tf.Variable]:
        """See ganline.models.base.Model.trained."""
        network = self.networks[name] if self.phase is None else self._parts[name][self.phase]
        return network.trainable_variables

    @property
    def batch_size(self) -> int:
        """See ganline.models.base.Model.batch_size."""
        return self._batch_size(self.phase or 0)

    def _batch_size(self, level: int) -> int:
        return (self.settings.phases[level].batch_size or self.settings.batch_size) * self.batch_parts

    def seen(self, step: int) -> int:
        """See ganline.models.base.Model.seen."""
        ends = [*self.phases[1:], step]
        lengths = [min(step, end) - min(step, first) for first, end in zip(self.phases, ends, strict=True)]
        return sum(length * self._batch_size(level) for level, length in enumerate(lengths))

    def generator_count(self, real: Batch) -> int:
        """See ganline.models.adversarial.Adversarial.generator_count."""
        own = self.settings.phases[self.phase or 0].batch_size
        return replicas.share(own) if own else super().generator_count(real)

    def weights(self) -> dict[str, tf.Variable]:
        """See ganline.models.base.Model.weights; with them goes how far they are trained."""
        return super().weights() | {"grown": self.grown}

    # A training step

    def train_step(self, batch: Batch, step: tf.Tensor) -> Metrics:
        """See ganline.models.base.Model.train_step, of the phase that was entered."""
        self.grown.assign(tf.cast(step + 1, tf.float32))
        return super().train_step(batch, step)

    @property
    def last(self) -> tf.Tensor:
        """The last step that was trained, or is being trained, float32 scalar."""
        return tf.maximum(self.grown - 1, 0.0)

    def share(self, level: int) -> tf.Tensor:
        """Return how far images of a phase are faded in at the last step, float32 scalar from 0 to 1."""
        phase = self.settings.phases[level]
        return tf.clip_by_value((self.last - phase.first_step) / max(1, phase.fade_steps), 0.0, 1.0)

    def make(self, real: Batch, count: int, who: str, draw: tf.Tensor, training: bool) -> dict[str, tf.Tensor]:
        """See ganline.models.adversarial.Adversarial.make; the images have the phase's size."""
        assert self.phase is not None
        latents = self.noise(count, f"noise/{who}", draw)
        return {"image": self.image(self.network_names[0], latents, self.phase, training)}

    def image(self, name: str, latents: tf.Tensor, level: int, training: bool) -> tf.Tensor:
        """Return what the generator called `name` makes of latents in a phase, float32 (N, size, size, C)."""
        made = self._parts[name][level](latents, training=training)
        return blend(enlarge(made[0]), made[1], self.share(level)) if self.fades(level) else made

    def discriminate(self, real: Batch, fake: Batch, step: tf.Tensor, draw: tf.Tensor) -> Metrics:
        """See ganline.models.adversarial.Adversarial.discriminate; real images become those of the phase."""
        return super().discriminate(self.of_phase(real), fake, step, draw)

    def generator_step(self, real: Batch, step: tf.Tensor, draw: tf.Tensor) -> Metrics:
        """See ganline.models.adversarial.Adversarial.generator_step; real images become those of the phase."""
        return super().generator_step(self.of_phase(real), step, draw)

    def of_phase(self, real: Batch) -> Batch:
        """Return real images, "image" (N, H, W, C) of the final size, shrunk to the phase's, and faded as its own."""
        assert self.phase is not None
        image = real["image"]
        while image.shape[1] > self.settings.phases[self.phase].size:
            image = shrink(image)
        if self.fades(self.phase):
            image = blend(enlarge(shrink(image)), image, self.share(self.phase))
        return {**real, "image": image}

    def look(self, shown: tf.Tensor, batch: Batch) -> Outputs:
        """See ganline.models.adversarial.Adversarial.look."""
        assert self.phase is not None
        share = tf.reshape(self.share(self.phase), (1, 1, 1, 1))
        return self.said(shown, self._parts[self.adversary][self.phase]([shown, share], training=True))

    def average(self, step: tf.Tensor) -> None:
        """See ganline.models.adversarial.Adversarial.average; weights of later phases are not trained yet."""
        if self.settings.generator_average:
            phase = self.phase or 0
            mean, network = (self._parts[name][phase] for name in (self.average_name, self.network_names[0]))
            practices.average(mean, network, self.average_decay(step))

    @property
    def judges_batches(self) -> bool:
        """See ganline.models.adversarial.Adversarial.judges_batches."""
        return True

    # What is drawn

    def generate(self, latents: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """See ganline.models.base.Model.generate: as the last step made images, enlarged to the final size."""
        drawing = self.average_name if self.settings.generator_average else self.network_names[0]
        phases = range(len(self.phases))
        ways = [partial(self._whole, self.request(latents, labels), drawing, level) for level in phases]
        return tf.switch_case(tf.reduce_sum(tf.cast(self.phases <= self.last, tf.int32)) - 1, ways)

    def _whole(self, latents: tf.Tensor, drawing: str, level: int) -> tf.Tensor:
        image = self.image(drawing, latents, level, training=False)
        while image.shape[1] < self.image_shape[0]:
            image = enlarge(image)
        return image

    @property
    def drawing(self) -> tf.keras.Model:
        """See ganline.models.base.Model.drawing: the layers that make images of the size that the last step had."""
        network, last = super().drawing, float(self.last)
        level = sum(first <= last for first in self.phases) - 1
        image = network.outputs[level]
        if self.fades(level) and (share := float(self.share(level))) < 1:
            image = Blend(share, name="drawn")([Enlarge(name="before")(network.outputs[level - 1]), image])
        while (size := image.shape[1]) < self.image_shape[0]:
            image = Enlarge(name=f"drawn_from_{size}")(image)
        return tf.keras.Model(network.inputs, image, name=network.name)
