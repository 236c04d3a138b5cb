"""GANs that make images of latents, and of a class or a code where they can be asked for one."""

import math

import tensorflow as tf
from tensorflow.keras import Sequential, layers

from ganline.core import replicas
from ganline.core.random import key, normal, uniform
from ganline.models.adversarial import Adversarial
from ganline.models.base import Batch
from ganline.settings.recipes import GAN


class LatentGAN(Adversarial):
    """An adversarial model whose generator draws from a prior.

    `build_generator` maps latents (N, latent_dim), or with `conditions` a list of these and one-hot labels, to images.
    """

    recipe = "GAN"
    abilities: tuple[str, ...] = ("latents", "discriminator", "fast to draw")
    settings: GAN

    def noise(self, count: int, purpose: str, count_of: tf.Tensor) -> tf.Tensor:
        """Return latents float32 (count, latent_dim) from the prior, for the draw number `count_of` of a purpose."""
        shape, seed = (count, self.settings.latent_dim), key(self.seed, purpose, count_of)
        if self.settings.noise == "normal":
            return normal(shape, seed)
        return uniform(shape, seed, -1.0 if self.settings.noise == "uniform" else 0.0, 1.0)

    def make(self, real: Batch, count: int, who: str, draw: tf.Tensor, training: bool) -> dict[str, tf.Tensor]:
        """See Adversarial.make; for conditional models with their "label" (count,), drawn uniformly."""
        latents = self.noise(count, f"noise/{who}", draw)
        if not self.conditions:
            return {"image": self.generator(latents, training=training)}
        labels = uniform((count,), key(self.seed, f"labels/{who}", draw), 0, self.conditions, tf.int32)
        return {"image": self.generator(self.request(latents, labels), training=training), "label": labels}

    def generator_count(self, real: Batch) -> int:
        """See Adversarial.generator_count."""
        return replicas.share(self.settings.generator_batch_size)

    def request(self, latents: tf.Tensor, labels: tf.Tensor) -> tf.Tensor | list[tf.Tensor]:
        """See ganline.models.base.Model.request."""
        return [latents, tf.one_hot(labels, self.conditions)] if self.conditions else latents

    def generate(self, latents: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """See ganline.models.base.Model.generate."""
        return self.drawing(self.request(latents, labels), training=False)


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
