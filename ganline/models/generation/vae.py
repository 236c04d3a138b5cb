"""The variational autoencoder (Kingma and Welling 2014): images to distributions of latents, and back."""

import math

import numpy as np
import tensorflow as tf
from tensorflow.keras import Sequential, layers

from ganline.core.random import key, normal
from ganline.models.base import Batch, Metrics, Model, from_uint8
from ganline.models.layers import DoublingConv2DTranspose
from ganline.settings.recipes import Latents

BATCH = 500  # images measured at once


class VAE(Model):
    """VAE of The GAN Book (Chaudhary 2024, Skill 1).

    The loss is the squared error of an image's reconstruction from one draw of its latents, plus the KL divergence of
    their distribution from N(0, I), as printed: its mean over the latents, not its sum. Encoder and decoder have an
    Adam each with equal settings, which is the document's single one: Adam treats every weight by itself.
    """

    recipe = "Latents"
    settings: Latents
    network_names = ("encoder", "decoder")
    image_range = (0.0, 1.0)
    abilities = ("latents", "encoder", "fast to draw")
    sizes = (28,)
    noise = "normal"
    losses = ("likelihood",)
    metric_names = ("loss", "reconstruction", "kl")
    readings = {
        "elbo": "Evidence lower bound of a held-out image in nats, for pixels in [0, 1] with a Gaussian likelihood of "
        "variance 1 / (2 latent_dim): the one under which the training loss is this bound's negative, up to scale and "
        "a constant. Higher is better; compare it only between models with one latent_dim.",
        "test_loss": "The training loss on held-out images, one draw of the latents each; lower is better.",
        "reconstruction_mse": "Mean squared error of a pixel, in [0, 1], of held-out images redrawn from one draw of "
        "their latents; lower is better.",
    }

    def build_network(self, name: str) -> tf.keras.Model:
        """Return the encoder or the decoder."""
        return self.build_encoder() if name == "encoder" else self.build_decoder()

    def build_encoder(self) -> tf.keras.Model:
        """Images (N, 28, 28, C) in [0, 1] -> mean and log-variance, float32 (N, latent_dim) each."""
        images = layers.Input(self.image_shape)
        x = layers.MaxPooling2D()(layers.Conv2D(64, 5, activation="relu")(images))
        x = layers.MaxPooling2D()(layers.Conv2D(64, 3, activation="relu")(x))
        x = layers.MaxPooling2D()(layers.Conv2D(32, 3, activation="relu")(x))
        x = layers.Dense(16)(layers.Flatten()(x))
        heads = [layers.Dense(self.settings.latent_dim, name=n, dtype="float32")(x) for n in ("mean", "log_variance")]
        return tf.keras.Model(images, heads, name="encoder")

    def build_decoder(self) -> tf.keras.Model:
        """Latents (N, latent_dim) -> images (N, 28, 28, C), 0 or more; nothing keeps them below 1."""
        return Sequential(
            [
                layers.Input((self.settings.latent_dim,)),
                layers.Dense(64),
                layers.Reshape((1, 1, 64)),
                layers.Conv2DTranspose(64, 3, activation="relu"),
                layers.Conv2DTranspose(64, 3, activation="relu"),
                DoublingConv2DTranspose(64, 3, activation="relu"),  # upsampling first, as printed
                DoublingConv2DTranspose(self.image_shape[2], 5),
                layers.Activation("relu", dtype="float32"),
            ],
            name="decoder",
        )

    def terms(self, images: tf.Tensor, seed: tf.Tensor) -> Metrics:
        """Return the loss and its two terms, float32 scalars.

        Args:
            images: float32 (N, H, W, C) in [0, 1].
            seed: key of the draw of their latents.
        """
        mean, log_variance = self.networks["encoder"](images, training=True)
        noise = normal(tf.shape(mean), seed)
        redrawn = self.networks["decoder"](mean + tf.exp(0.5 * log_variance) * noise, training=True)
        reconstruction = math.prod(self.image_shape) * tf.reduce_mean(tf.math.squared_difference(images, redrawn))
        kl = kl_per_latent(mean, log_variance)
        return {"loss": reconstruction + kl, "reconstruction": reconstruction, "kl": kl}

    def train_step(self, batch: Batch, step: tf.Tensor) -> Metrics:
        """See ganline.models.base.Model.train_step."""
        with tf.GradientTape() as tape:
            terms = self.terms(batch["image"], key(self.seed, "latents", step))
        self.update(tape, terms["loss"], *self.network_names)
        return terms

    def counted(self) -> int:
        """See ganline.models.base.Model.counted: the two networks are updated at once."""
        return 1

    def generate(self, latents: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """See ganline.models.base.Model.generate; values above 1 occur, and are cut off where images are saved."""
        return self.drawing(latents, training=False)

    @property
    def drawing(self) -> tf.keras.Model:
        """See ganline.models.base.Model.drawing."""
        return self.networks["decoder"]

    def encode(self, images: tf.Tensor) -> tf.Tensor:
        """See ganline.models.base.Model.encode: the mean of the latents' distribution."""
        return self.networks["encoder"](images, training=False)[0]

    def measure(self, images: np.ndarray, labels: np.ndarray | None) -> dict[str, float]:
        """See ganline.models.base.Model.measure."""
        starts = range(0, len(images), BATCH)
        parts = [from_uint8(images[i : i + BATCH], self.image_range) for i in starts]
        terms = [self.terms(part, key(self.seed, "measure", i)) for i, part in zip(starts, parts, strict=True)]
        weights = [len(part) for part in parts]
        loss, squares = (float(np.average([t[n] for t in terms], weights=weights)) for n in ("loss", "reconstruction"))
        pixels, latents = math.prod(self.image_shape), self.settings.latent_dim
        return {
            "elbo": evidence_lower_bound(loss, pixels, latents),
            "test_loss": loss,
            "reconstruction_mse": squares / pixels,
        }


def kl_per_latent(mean: tf.Tensor, log_variance: tf.Tensor) -> tf.Tensor:
    """Return the KL divergence of N(mean, variance) from N(0, 1) in nats, averaged over images and latents (N, D)."""
    return -0.5 * tf.reduce_mean(1.0 + log_variance - tf.square(mean) - tf.exp(log_variance))


def evidence_lower_bound(loss: float, pixels: int, latents: int) -> float:
    """Return the evidence lower bound of an image, in nats, that minimising the printed loss maximises.

    With S the squared error of an image and K the KL divergence summed over the latents, the loss is S + K / latents. A
    Gaussian likelihood of variance v has the log-density -S / (2 v) - pixels / 2 * log(2 pi v). For v = 1 / (2 latents)
    the bound, which is that less K, is -latents * loss - pixels / 2 * log(pi / latents).
    """
    return -latents * loss - pixels / 2 * math.log(math.pi / latents)
