"""AdvGAN: a generator makes the change for any image in one pass, trained against the victim and a discriminator.

The model is that of the catalogue (ganline/models/translation/advgan.py), with the victim of the attack in place of its
own. Where there are targets the generator is given the target as a plane for each class, so that one serves all; the
paper trains one for each.

It learns from images of the attacker's, whose classes it takes from the victim; then it attacks images that it need not
have seen, and asks nobody. The queries of the training count, shared out among the images attacked.
"""

from contextlib import nullcontext

import numpy as np
import tensorflow as tf

from ganline.core.determinism import be_deterministic
from ganline.core.progress import Bar
from ganline.core.random import generator
from ganline.models.translation.advgan import AdvGAN
from ganline.models.victims import CHUNK, Victim, one_hot
from ganline.robustness.attacks.base import Adversarial, Aim, Attack
from ganline.settings.attacks import Advgan
from ganline.settings.recipes import Deception, Optimizer


def attack(victim: Victim, aim: Aim, settings: Advgan) -> Adversarial:
    """Return the images with the changes that the trained generator makes."""
    be_deterministic()
    model, size = _trained(victim, aim, settings), min(settings.batch_size, len(aim.own))
    make = tf.function(model.translate, autograph=False, reduce_retracing=True)
    given = _given(aim.images, aim.targets, victim.classes)
    parts = [make(tf.constant(given[at : at + CHUNK])).numpy() for at in range(0, len(given), CHUNK)]
    asked = len(aim.own) + settings.steps * size
    return Adversarial(np.concatenate(parts), np.full(len(given), -(-asked // len(given)), np.int64))


def _given(images: np.ndarray, targets: np.ndarray | None, classes: int) -> np.ndarray:
    """Return what the generator is given, float32 (N, H, W, C), with targets (N, H, W, C + classes)."""
    if targets is None:
        return images
    planes = one_hot(targets, classes)[:, None, None] * np.ones_like(images[..., :1])
    return np.concatenate([images, planes], 3)


def _trained(victim: Victim, aim: Aim, settings: Advgan) -> AdvGAN:
    """Return the model, trained; both networks learn of the same images in each step."""
    known, size = victim.predict(aim.own), min(settings.batch_size, len(aim.own))
    shape, targeted = victim.image_shape, aim.targets is not None
    input_shape = (*shape[:2], shape[2] + victim.classes * targeted)
    model = AdvGAN(_recipe(settings, size), shape, aim.seed, victim.classes, input_shape)
    model.victim = victim
    model.make_optimizers()
    step = tf.function(model.train_step, autograph=False)
    with Bar(f"{aim.show}: its training", settings.steps, unit="steps") if aim.show else nullcontext() as bar:
        for number in range(settings.steps):
            random = generator(aim.seed, "attack/advgan/batch", number)
            chosen = random.choice(len(known), size, replace=False)
            others = (known[chosen] + random.integers(1, victim.classes, size)) % victim.classes
            batch = _batch(aim.own[chosen], others if targeted else None, known[chosen], victim.classes)
            told = step(batch, tf.constant(number, tf.int64))
            if bar:
                bar.advance(text=f"loss {float(told['g_loss']):.3f}")
    return model


def _batch(images: np.ndarray, targets: np.ndarray | None, labels: np.ndarray, classes: int) -> dict[str, tf.Tensor]:
    """Return what a step takes: these images for the discriminator, and again for the generator."""
    batch = {"image": images, "input": _given(images, targets, classes), "label": labels}
    batch |= {} if targets is None else {"target": targets}
    return {name: tf.constant(np.concatenate([values, values])) for name, values in batch.items()}


def _recipe(settings: Advgan, size: int) -> Deception:
    """Return the recipe of the model: the attack's numbers, and the rest as conf/recipe/deception.yaml has it."""
    rule = Optimizer(name="adam", learning_rate=settings.learning_rate, beta_1=0.5, beta_2=0.999, decay=0.0)
    return Deception(
        model="advgan.AdvGAN", input="image", epsilon=settings.epsilon, target=None,
        deceit_weight=settings.deceit_weight, distance_weight=settings.distance_weight,
        free_distance=settings.free_distance, victim_steps=1, victim_seed=0, steps=settings.steps,
        batch_size=size, generator_batch_size=size, sampling="replacement", loss="least_squares", penalty_weight=0.0,
        optimizers={"generator": rule, "discriminator": rule}, shared_optimizer_counter=False,
        learning_rate_schedule="constant", gradient_clip_value=None, gradient_clip_norm=None,
        initializer="glorot_uniform", steps_per_call=1, log_every=1, sample_every=1, sample_count=1,
        checkpoint_every=1, select="last", discriminator_steps=1, generator_steps=1, discriminator_batches="separate",
        label_smoothing=0.0, label_smoothing_sides="one", label_flipping=0.0, instance_noise=0.0,
        discriminator_normalization="as_printed", frozen_batch_norm="moving", spectral_normalization=False,
        minibatch_stddev=False, packing=1, feature_matching=False, unrolled_steps=0, weight_clip=None,
        weight_clip_batch_norm=False, generator_average=0.0, labelled_fraction=1.0,
    )  # fmt: skip


ATTACK = Attack(
    name="advgan",
    label="AdvGAN",
    source="Xiao et al. 2018, Generating Adversarial Examples with Adversarial Networks",
    norm="linf",
    run=attack,
    settings=Advgan,
    at_once=10**9,
)
