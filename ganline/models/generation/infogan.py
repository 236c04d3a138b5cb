"""InfoGAN (Chen et al. 2016): a code that the generator must make visible, found without labels."""

import math

import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

from ganline.models import BATCH
from ganline.models.adversarial import Outputs
from ganline.models.base import Batch, Metrics, from_uint8
from ganline.models.generation import blocks
from ganline.models.latent_gan import LatentGAN
from ganline.settings.recipes import GAN

CODES = 10


class InfoGAN(LatentGAN):
    """InfoGAN of The GAN Book (Chaudhary 2024, Skill 6) with one code of ten values, drawn uniformly.

    The auxiliary network shares all but its last layer with the discriminator and guesses the code of a generated
    image. Its last layer learns in the generator's half of the step, which minimises the adversarial loss and the
    cross-entropy of the code. ln 10 less that cross-entropy is a lower bound of the code's mutual information with the
    image.
    """

    network_names = ("generator", "discriminator", "auxiliary")
    optimizer_names = ("generator", "discriminator")
    image_range = (-1.0, 1.0)
    sizes = (28,)
    batch_norm = True
    refuses = ("packing", "autoencoder")
    readings = {
        "code_agreement": "Share of held-out images whose guessed code is the one matched to their true class, each "
        "code matched to one class so that the share is largest; with ten classes chance is 0.1, 1 is perfect.",
        "code_information": "Nats of the code that can be read from generated images, a lower bound of their mutual "
        "information; ln 10 = 2.303 is all of it, 0 or less means that the code is ignored.",
    }

    def __init__(self, settings: GAN, image_shape: tuple[int, int, int], seed: int, classes: int = 0) -> None:
        """See ganline.models.base.Model."""
        super().__init__(settings, image_shape, seed, classes)
        heads = [*self.discriminator.outputs, *self.networks["auxiliary"].outputs]
        self.both = tf.keras.Model(self.discriminator.inputs, heads)  # so that the shared layers run once

    @property
    def conditions(self) -> int:
        """See ganline.models.base.Model.conditions."""
        return CODES

    def build_network(self, name: str) -> tf.keras.Model:
        """See Adversarial.build_network; the auxiliary network gives code logits (N, 10)."""
        if name != "auxiliary":
            return super().build_network(name)
        features = self.discriminator.outputs[0].node.layer.input
        return tf.keras.Model(self.discriminator.inputs, layers.Dense(CODES, name="code")(features), name=name)

    def build_generator(self) -> tf.keras.Model:
        """Latents (N, latent_dim) and codes one-hot (N, 10) -> images (N, 28, 28, C) in [-1, 1]."""
        latents, codes = layers.Input((self.settings.latent_dim,)), layers.Input((CODES,))
        both = layers.Concatenate()([layers.Dense(64)(latents), layers.Dense(32)(codes)])
        images = blocks.pictures(both, self.image_shape[2], norm_first=False, norm_last=True)
        return tf.keras.Model([latents, codes], images, name="generator")

    def build_discriminator(self) -> tf.keras.Model:
        """Images (N, 28, 28, C) in [-1, 1] -> logits (N, 1)."""
        images = layers.Input(self.image_shape)
        return tf.keras.Model(images, layers.Dense(1)(blocks.trunk(images, 64, norm_first=False)), name="discriminator")

    def trained(self, name: str) -> list[tf.Variable]:
        """See ganline.models.base.Model.trained; the generator's optimizer also trains the head for codes."""
        last = self.networks["auxiliary"].get_layer("code").trainable_variables if name == "generator" else []
        return super().trained(name) + last

    def look(self, shown: tf.Tensor, batch: Batch) -> Outputs:
        """Return scores float32 (N, 1) and code logits float32 (N, 10) of images as shown."""
        return [tf.cast(output, tf.float32) for output in self.both(shown, training=True)]

    def generator_loss(self, real: Batch, fake: Batch, step: tf.Tensor) -> tuple[tf.Tensor, Metrics]:
        """See Adversarial.generator_loss."""
        outputs = self.judge(fake, step)
        adversarial, information = self.deceive(outputs, real, fake, step), information_bound(outputs[1], fake["label"])
        told = {"g_adversarial_loss": adversarial, "mutual_information": information}
        return adversarial + math.log(CODES) - information, told

    @property
    def metric_names(self) -> tuple[str, ...]:
        """See ganline.models.base.Model.metric_names.

        g_loss = g_adversarial_loss + ln 10 - mutual_information. (The document's log calls the adversarial term
        "Info-Loss".)
        """
        return (*super().metric_names, "g_adversarial_loss", "mutual_information")

    def measure(self, images: np.ndarray, labels: np.ndarray | None) -> dict[str, float]:
        """See ganline.models.base.Model.measure; as many images are generated as are given."""
        parts = [images[i : i + BATCH] for i in range(0, len(images), BATCH)]
        bounds = [self._generated_bound(i, len(part)) for i, part in enumerate(parts)]
        found = {"code_information": float(np.average(bounds, weights=[len(part) for part in parts]))}
        if labels is not None:
            logits = [self.networks["auxiliary"](from_uint8(p, self.image_range), training=False) for p in parts]
            found["code_agreement"] = agreement(np.concatenate(logits).argmax(1), labels)
        return found

    def _generated_bound(self, draw: int, count: int) -> float:
        """Return the bound on `count` images generated in inference mode; `draw` numbers their latents."""
        codes = tf.range(count) % CODES
        images = self.generate(self.noise(count, "noise/measure", tf.constant(draw)), codes)
        return float(information_bound(self.networks["auxiliary"](images, training=False), codes))


def information_bound(logits: tf.Tensor, codes: tf.Tensor) -> tf.Tensor:
    """Return ln 10 - mean cross-entropy, float32 scalar in nats, of code logits (N, 10) and codes int32 (N,)."""
    losses = tf.nn.softmax_cross_entropy_with_logits(tf.one_hot(codes, CODES), tf.cast(logits, tf.float32))
    return math.log(CODES) - tf.reduce_mean(losses)


def agreement(codes: np.ndarray, classes: np.ndarray) -> float:
    """Return the share of examples where code and class agree, after the one-to-one matching that agrees most.

    Args:
        codes: int (N,), 0 or more.
        classes: int (N,), 0 or more.
    """
    counts = np.zeros((codes.max() + 1, classes.max() + 1), np.int64)
    np.add.at(counts, (codes, classes), 1)
    from scipy.optimize import linear_sum_assignment  # here: a logged model draws without SciPy

    return float(counts[linear_sum_assignment(counts, maximize=True)].sum() / len(codes))
