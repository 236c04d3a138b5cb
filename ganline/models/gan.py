"""The original GAN (Goodfellow et al. 2014) with the non-saturating generator loss, as fully connected networks."""

import tensorflow as tf
from tensorflow.keras import Sequential, layers

from ganline.models.base import Batch, Model, update
from ganline.models.layers import Dropout
from ganline.random import key, layer_keys


class GAN(Model):
    """Fully connected GAN (The GAN Book, Chaudhary 2024, Skill 2), and the training step that convolutional GANs share.

    A step updates the discriminator once on one stacked batch of fakes (label 0, generator in inference mode) and
    real images (label 1), then the generator once through the discriminator on fresh latents labelled 1.
    """

    network_names = ("generator", "discriminator")
    metric_names = ("d_loss", "g_loss", "d_real", "d_fake", "d_accuracy_real", "d_accuracy_fake")
    image_range = (0.0, 1.0)

    def build_network(self, name: str) -> tf.keras.Model:
        """Return the generator or the discriminator; the discriminator ends in a logit."""
        return self.build_generator() if name == "generator" else self.build_discriminator()

    def build_generator(self) -> tf.keras.Model:
        """Latents (N, latent_dim) -> images (N, H, W, C) in image_range."""
        height, width, channels = self.image_shape
        return Sequential(
            [
                layers.Input((self.settings.latent_dim,)),
                layers.Dense(1200, activation="relu"),
                layers.BatchNormalization(momentum=0.8),
                layers.Dense(1000, activation="relu"),
                layers.BatchNormalization(momentum=0.8),
                layers.Dense(height * width * channels),
                layers.Reshape(self.image_shape),
                layers.Activation("sigmoid", dtype="float32"),
            ],
            name="generator",
        )

    def build_discriminator(self) -> tf.keras.Model:
        """Images (N, H, W, C) in image_range -> logits (N, 1)."""
        return Sequential(
            [
                layers.Input(self.image_shape),
                layers.Flatten(),
                layers.Dense(256, activation="relu"),
                Dropout(0.3),
                layers.Dense(128, activation="relu"),
                Dropout(0.5),
                layers.Dense(1),
            ],
            name="discriminator",
        )

    def train_step(self, batch: Batch, step: tf.Tensor) -> dict[str, tf.Tensor]:
        """Update the discriminator, then the generator; see ganline.models.base.Model.train_step."""
        return self.discriminator_step(batch["image"], step) | self.generator_step(step)

    def discriminator_step(self, real: tf.Tensor, step: tf.Tensor) -> dict[str, tf.Tensor]:
        """Update the discriminator on as many fakes as there are real images."""
        discriminator = self.networks["discriminator"]
        fake = self.generate(self.noise(self.settings.batch_size, "noise/discriminator", step))
        labels = tf.repeat([0.0, 1.0], self.settings.batch_size)[:, None]
        with tf.GradientTape() as tape, layer_keys(key(self.seed, "dropout/discriminator", step)):
            logits = tf.cast(discriminator(tf.concat([fake, real], 0), training=True), tf.float32)
            loss = cross_entropy(labels, logits)
        update(self.optimizers["discriminator"], discriminator, tape, loss)
        on_fake, on_real = tf.split(logits, 2)
        return {
            "d_loss": loss,
            "d_real": tf.reduce_mean(tf.sigmoid(on_real)),
            "d_fake": tf.reduce_mean(tf.sigmoid(on_fake)),
            "d_accuracy_real": tf.reduce_mean(tf.cast(on_real > 0, tf.float32)),
            "d_accuracy_fake": tf.reduce_mean(tf.cast(on_fake <= 0, tf.float32)),
        }

    def generator_step(self, step: tf.Tensor) -> dict[str, tf.Tensor]:
        """Update the generator so that the discriminator takes its images for real."""
        generator, discriminator = self.networks["generator"], self.networks["discriminator"]
        latents = self.noise(self.settings.generator_batch_size, "noise/generator", step)
        with (
            tf.GradientTape(watch_accessed_variables=False) as tape,
            layer_keys(key(self.seed, "dropout/generator", step)),
        ):
            tape.watch(generator.trainable_variables)
            logits = tf.cast(discriminator(generator(latents, training=True), training=True), tf.float32)
            loss = cross_entropy(tf.ones_like(logits), logits)
        update(self.optimizers["generator"], generator, tape, loss)
        return {"g_loss": loss}

    def noise(self, count: int, purpose: str, step: tf.Tensor) -> tf.Tensor:
        """Return latents float32 (count, latent_dim) from the prior."""
        shape, seed = (count, self.settings.latent_dim), key(self.seed, purpose, step)
        if self.settings.noise == "uniform":
            return tf.random.stateless_uniform(shape, seed, -1.0, 1.0)
        return tf.random.stateless_normal(shape, seed)

    def generate(self, latents: tf.Tensor) -> tf.Tensor:
        """Return images float32 (N, H, W, C) in image_range, in inference mode."""
        return self.networks["generator"](latents, training=False)


def cross_entropy(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Return the mean binary cross-entropy of logits (N, 1) against labels (N, 1) in [0, 1]."""
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels, logits))
