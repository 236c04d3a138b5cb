"""The generator's gradient through an unrolled discriminator with batch norm, held against one in float64."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.keras import Sequential, layers

from ganline.catalogue.presets import compose_params
from ganline.models.latent_gan import LatentGAN

COUNT, SIDE = 6, 6
RULE = {"learning_rate": 0.05, "beta_1": 0.5, "beta_2": 0.999}
"""A step large enough for its derivative to be a good part of the gradient."""


class Tiny(LatentGAN):
    """One convolution with batch norm, as dcgan-fashion-mnist's judge has several; what it made is kept."""

    image_range = (-1.0, 1.0)
    batch_norm = True

    def build_generator(self):
        parts = [layers.Dense(SIDE * SIDE, activation="tanh"), layers.Reshape((SIDE, SIDE, 1))]
        return Sequential([layers.Input((self.settings.latent_dim,)), *parts], name="generator")

    def build_discriminator(self):
        parts = [layers.Conv2D(3, 3, 2, use_bias=False), layers.BatchNormalization(), layers.LeakyReLU(0.2)]
        return Sequential([layers.Input(self.image_shape), *parts, layers.Flatten(), layers.Dense(1)], name="d")

    def update(self, tape, loss, *names):
        """Keep the gradient that a step would take."""
        self.gradient = tape.gradient(loss, self.generator.trainable_weights)


def judged(weights, images, norm, statistics):
    """What the judge says of float64 images, by the formulas."""
    kernel, gamma, beta, dense, bias = weights
    x = tf.nn.conv2d(images, kernel, 2, "VALID")
    mean, variance = statistics if norm == "moving" else tf.nn.moments(x, [0, 1, 2])
    x = tf.nn.leaky_relu((x - mean) / tf.sqrt(variance + 1e-3) * gamma + beta, 0.2)
    return tf.reshape(x, (x.shape[0], -1)) @ dense + bias


def deceived(generator, weights, latents, real, norm, statistics, batches):
    """The generator's loss against the judge as one step of Adam would leave it, and its gradient, in float64."""
    with tf.GradientTape() as tape:
        tape.watch(generator)
        fake = tf.reshape(tf.tanh(latents @ generator[0] + generator[1]), (COUNT, SIDE, SIDE, 1))
        with tf.GradientTape() as inner:
            inner.watch(weights)
            if batches == "mixed":
                on_fake, on_real = tf.split(judged(weights, tf.concat([fake, real], 0), norm, statistics), 2)
            else:
                on_fake, on_real = (judged(weights, images, norm, statistics) for images in (fake, real))
            loss = (tf.reduce_mean(tf.nn.softplus(-on_real)) + tf.reduce_mean(tf.nn.softplus(on_fake))) / 2
        beta_1, beta_2 = RULE["beta_1"], RULE["beta_2"]
        rate = RULE["learning_rate"] * (1 - beta_2) ** 0.5 / (1 - beta_1)
        after = [
            w - rate * (1 - beta_1) * g / (tf.sqrt((1 - beta_2) * g**2 + 1e-14) + 1e-7)
            for w, g in zip(weights, inner.gradient(loss, weights), strict=True)
        ]
        value = tf.reduce_mean(tf.nn.softplus(-judged(after, fake, norm, statistics)))
    return value, tape.gradient(value, generator)


def exact(values):
    return [tf.constant(np.asarray(value), tf.float64) for value in values]


@pytest.mark.parametrize("batches", ["mixed", "separate"])
@pytest.mark.parametrize("norm", ["moving", "batch"])
def test_the_gradient_through_an_unrolled_batch_norm_is_finite_and_right(norm, batches):
    told = [f"train.optimizers.discriminator.{name}={value}" for name, value in RULE.items()]
    sizes = [f"train.{name}=6" for name in ("batch_size", "generator_batch_size", "latent_dim")]
    more = [f"train.frozen_batch_norm={norm}", f"train.discriminator_batches={batches}", "train.unrolled_steps=1"]
    settings = compose_params("dcgan-fashion-mnist", [*told, *sizes, *more]).train
    for seed in range(3):
        model, draw = Tiny(settings, (SIDE, SIDE, 1), seed), np.random.default_rng(seed)
        statistics = draw.normal(0, 0.3, 3), draw.uniform(0.2, 2, 3)
        values = [draw.uniform(0.5, 2, 3), draw.normal(0, 0.5, 3), *statistics]
        model.discriminator.layers[1].set_weights(values)
        real = draw.uniform(-1, 1, (COUNT, SIDE, SIDE, 1))
        step = tf.function(lambda images, model=model: model.generator_step({"image": images}, 0, 0) and model.gradient)
        got = step(tf.constant(real, tf.float32))
        assert all(np.isfinite(gradient).all() for gradient in got)

        generator, weights = exact(model.generator.trainable_weights), exact(model.discriminator.trainable_weights)
        latents = tf.cast(model.noise(COUNT, "noise/generator", tf.constant(0)), tf.float64)
        given = latents, *exact([real]), norm, exact(statistics), batches
        value, want = deceived(generator, weights, *given)
        for mine, right in zip(got, want, strict=True):
            np.testing.assert_allclose(mine, right, atol=1e-3 * float(tf.reduce_max(tf.abs(right))))
        # The reference itself, along its own gradient, by differences.
        ahead, behind = (
            deceived([w + move * g for w, g in zip(generator, want, strict=True)], weights, *given)[0]
            for move in (1e-6, -1e-6)
        )
        slope = sum(float(tf.reduce_sum(g**2)) for g in want)
        assert float(ahead - behind) / 2e-6 == pytest.approx(slope, rel=1e-3)
