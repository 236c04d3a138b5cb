"""AdvGAN: a generator makes the change for any image in one pass, trained against the victim and a discriminator.

    x' = clip(x + epsilon tanh G(x))
    G minimises  L_GAN + deceit_weight E max(0, lack) + distance_weight E max(0, ||x' - x|| - free_distance)

with `lack` by how much the victim's right logit exceeds the others (towards a target: the others the target's), and
L_GAN the least-squares loss of a discriminator that tells originals from x', as in the paper. Where there are targets
G is given the target as a plane for each class, so that one generator serves all; the paper trains one for each.

G learns from images of the attacker's, whose classes it takes from the victim; then it attacks images that it need not
have seen, and asks nobody. The queries of the training count, shared out among the images attacked.
"""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np
import tensorflow as tf

from ganline.core.determinism import be_deterministic, begin_network
from ganline.core.progress import Bar
from ganline.core.random import generator, purpose_number
from ganline.models.layers import InstanceNormalization, UpSampling2D
from ganline.models.losses import LeastSquares
from ganline.robustness.attacks.base import Adversarial, Aim, Attack
from ganline.robustness.attacks.carlini_wagner import SURE, margin
from ganline.robustness.victims import CHUNK, Victim
from ganline.settings.attacks import Advgan

CHANNELS, BLOCKS = 8, 2
SURELY = 1.0
"""By how much a wrong logit is to exceed the right one in training: what has just deceived is pushed on."""


def attack(victim: Victim, aim: Aim, settings: Advgan) -> Adversarial:
    """Return the images with the changes that the trained generator makes."""
    be_deterministic()
    make = _trained(victim, aim, settings)
    classes = aim.classes if aim.targets is not None else np.zeros(len(aim.images), np.int64)
    parts = [
        make(tf.constant(aim.images[at : at + CHUNK]), tf.constant(classes[at : at + CHUNK]))
        for at in range(0, len(classes), CHUNK)
    ]
    asked = len(aim.own) + settings.steps * min(settings.batch_size, len(aim.own))
    return Adversarial(np.concatenate(parts), np.full(len(classes), -(-asked // len(classes)), np.int64))


def _trained(victim: Victim, aim: Aim, settings: Advgan) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """Return what makes adversarial images of images, float32 (N, H, W, C), and targets, int64 (N,)."""
    targeted = aim.targets is not None
    begin_network(aim.seed + purpose_number("attack/advgan/weights"))
    changer, judge = _changer(victim.image_shape, victim.classes if targeted else 0), _judge(victim.image_shape)

    @tf.function(input_signature=[tf.TensorSpec((None, *victim.image_shape)), tf.TensorSpec((None,), tf.int64)])
    def make(images: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        planes = tf.one_hot(targets, victim.classes)[:, None, None] * tf.ones_like(images[..., :1])
        change = changer(tf.concat([images, planes], 3) if targeted else images)
        return tf.clip_by_value(images + settings.epsilon * tf.tanh(change), 0, 1)

    step = _step(victim, targeted, settings, make, changer, judge)
    known, size = victim.predict(aim.own), min(settings.batch_size, len(aim.own))
    with Bar(f"{aim.show}: its training", settings.steps, unit="steps") if aim.show else nullcontext() as bar:
        for number in range(settings.steps):
            random = generator(aim.seed, "attack/advgan/batch", number)
            chosen = random.choice(len(known), size, replace=False)
            others = (known[chosen] + random.integers(1, victim.classes, size)) % victim.classes
            loss = step(aim.own[chosen], others if targeted else known[chosen])
            if bar:
                bar.advance(text=f"loss {float(loss):.3f}")
    return make


def _step(
    victim: Victim,
    targeted: bool,
    settings: Advgan,
    make: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    changer: tf.keras.Model,
    judge: tf.keras.Model,
) -> Callable[[Any, Any], tf.Tensor]:
    """Return a function of images and classes, true ones or targets, that trains both networks and returns G's loss."""
    rule = LeastSquares()
    optimizers = {each: tf.keras.optimizers.Adam(settings.learning_rate, 0.5) for each in (changer.name, judge.name)}
    for network in (changer, judge):
        optimizers[network.name].build(network.trainable_variables)

    def update(network: tf.keras.Model, tape: tf.GradientTape, loss: tf.Tensor) -> None:
        variables = network.trainable_variables
        optimizers[network.name].apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))

    @tf.function
    def step(images: tf.Tensor, classes: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as changes:
            made = make(images, classes)
            lack = margin(victim.logits(made), classes, targeted) + SURELY
            far = tf.sqrt(tf.reduce_sum((made - images) ** 2, (1, 2, 3)) + SURE)
            loss = tf.reduce_mean(rule.generator(judge(made)))
            loss += settings.deceit_weight * tf.reduce_mean(tf.maximum(lack, 0))
            loss += settings.distance_weight * tf.reduce_mean(tf.maximum(far - settings.free_distance, 0))
        with tf.GradientTape() as judges:
            on_real, on_made = judge(images), judge(tf.stop_gradient(made))
            sides = rule.side(on_real, tf.ones_like(on_real), True) + rule.side(on_made, tf.zeros_like(on_made), False)
            told = rule.share * sides
        update(changer, changes, loss)
        update(judge, judges, told)
        return loss

    return step


def _changer(image_shape: tuple[int, int, int], planes: int) -> tf.keras.Model:
    """Return G: shrinks twice, residual blocks, enlarges twice; images and planes (N, H, W, C + planes) -> (..., C)."""
    layers = tf.keras.layers
    height, width, channels = image_shape
    inputs = tf.keras.Input((height, width, channels + planes))
    x = _block(inputs, CHANNELS)
    x = _block(_block(x, 2 * CHANNELS, 2), 4 * CHANNELS, 2)
    for _ in range(BLOCKS):
        x = x + _block(_block(x, 4 * CHANNELS), 4 * CHANNELS)
    x = _block(UpSampling2D()(_block(UpSampling2D()(x), 2 * CHANNELS)), CHANNELS)
    return tf.keras.Model(inputs, layers.Conv2D(channels, 3, padding="same")(x)[:, :height, :width], name="changer")


def _block(x: tf.Tensor, channels: int, stride: int = 1) -> tf.Tensor:
    layers = tf.keras.layers
    x = layers.Conv2D(channels, 3, stride, padding="same", use_bias=False)(x)
    return layers.ReLU()(InstanceNormalization()(x))


def _judge(image_shape: tuple[int, int, int]) -> tf.keras.Model:
    """Return the discriminator, images (N, H, W, C) -> scores (N, 1)."""
    layers = tf.keras.layers
    x = inputs = tf.keras.Input(image_shape)
    for channels in (CHANNELS, 2 * CHANNELS, 4 * CHANNELS):
        x = layers.LeakyReLU(0.2)(layers.Conv2D(channels, 4, 2, padding="same")(x))
    return tf.keras.Model(inputs, layers.Dense(1)(layers.Flatten()(x)), name="judge")


ATTACK = Attack(
    name="advgan",
    label="AdvGAN",
    source="Xiao et al. 2018, Generating Adversarial Examples with Adversarial Networks",
    norm="linf",
    run=attack,
    settings=Advgan,
    at_once=10**9,
)
