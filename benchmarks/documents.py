"""The training step as the documents' own loops have it, in Keras: batches made of arrays, predictions, train_on_batch.

`keras` builds each; what it takes is said in benchmarks.contenders. Networks, losses, optimizers and updates are those
of the documents, which ours have, too; what differs are the layers of ours that compute the same in another way.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks import document_translators as translators
from benchmarks.contenders import CLASSES, Step, built, params_of, pictures
from benchmarks.document_parts import OBJECTIVES, cloned, optimizer, scaled
from ganline.settings.schema import Params

PREDICT = ("dcgan-fashion-mnist-workshop", "quickdraw-apples", "flags-emoji")
"""Not of the book, whose listings call predict_on_batch; these call predict, which sets up a dataset for each call."""


def keras(experiment: str, *overrides: str) -> Step:
    """The loop that the experiment's document prints."""
    params = params_of(experiment, *overrides)
    return loop_of(params, built(params))


def loop_of(params: Params, ours: Any) -> Step:
    """Return the same of parameters and our model of them."""
    return FAMILIES.get(params.train.model, latent_gan)(params, ours)


def latent_gan(params: Params, ours: Any) -> Step:
    """Images from latents: fakes are predicted, then train_on_batch for D and for what stacks both."""
    recipe: Any = params.train
    generator, judge, stacked = _stacked_players(ours, recipe)
    images = scaled(pictures(params)[0], ours)
    labels = np.arange(len(images)) % CLASSES
    draw = np.random.default_rng(0)
    predict = partial(generator.predict, verbose=0) if params.experiment in PREDICT else generator.predict_on_batch
    if ours.loss.says == "distances":
        aims = np.array([[1.0], [-1.0]])  # of fakes and of reals
    else:
        aims = np.array([[0.0], [1.0]]) if judge.outputs[0].shape[1] == 1 else np.eye(2)

    def request(count: int) -> tuple[list[np.ndarray], np.ndarray]:
        lowest = 0 if recipe.noise == "unit_uniform" else -1
        kind = draw.standard_normal if recipe.noise == "normal" else partial(draw.uniform, lowest, 1)
        noise = kind(size=(count, recipe.latent_dim))
        if not ours.conditions:
            return [noise], np.full(count, CLASSES)  # a class of their own
        asked = draw.integers(0, CLASSES, count)
        return [noise, np.eye(CLASSES)[asked]], asked

    def side(shown: np.ndarray, classes: np.ndarray, real: bool) -> tuple[list[np.ndarray], list[np.ndarray]]:
        told = [np.eye(CLASSES)[classes]] if len(judge.inputs) > 1 else []
        named = [np.eye(head.shape[1])[classes] for head in judge.outputs[1:]]
        return [shown, *told], [aims[np.full(len(shown), int(real))], *named]

    def discriminate() -> None:
        given, asked = request(recipe.batch_size)
        chosen = draw.integers(0, len(images), recipe.batch_size)
        sides = side(images[chosen], labels[chosen], True), side(predict(_alone(given)), asked, False)
        if recipe.discriminator_batches == "mixed":
            joined = ([np.concatenate(pair) for pair in zip(*two, strict=True)] for two in zip(*sides, strict=True))
            judge.train_on_batch(*map(_alone, joined))
        else:
            for shown, goals in sides:
                judge.train_on_batch(_alone(shown), _alone(goals))
        if recipe.weight_clip:
            for layer in judge.layers:
                layer.set_weights([w.clip(-recipe.weight_clip, recipe.weight_clip) for w in layer.get_weights()])

    def step(count: int) -> None:
        for _ in range(count):
            for _ in range(recipe.discriminator_steps):
                discriminate()
            given, _ = request(recipe.generator_batch_size)
            goals = [aims[np.ones(recipe.generator_batch_size, int)], *given[1:]]
            stacked.train_on_batch(_alone(given), _alone(goals[: len(stacked.outputs)]))

    return step


def _stacked_players(ours: Any, recipe: Any) -> tuple[Any, Any, Any]:
    """Return generator, discriminator with the heads it learns, and the GAN stacked of both, compiled."""
    import tensorflow as tf

    generator, whole = cloned(ours.generator), cloned(getattr(ours, "both", ours.discriminator))
    says, (first, *more) = ours.loss.says, whole.outputs
    ends = {"probabilities": "sigmoid" if first.shape[1] == 1 else "softmax"}
    score = tf.keras.layers.Activation(ends.get(says, "linear"))(first)
    named = [tf.keras.layers.Activation("softmax")(head) for head in more]
    if says == "distances":
        objective: Any = wasserstein
    elif first.shape[1] == 1:
        objective = OBJECTIVES[recipe.loss][0]
    else:
        objective = "categorical_crossentropy"
    taught = [] if "auxiliary" in ours.networks else named  # of InfoGAN's code only what stacks both learns
    judge = tf.keras.Model(whole.inputs, _alone([score, *taught]))
    losses = [objective, *["categorical_crossentropy"] * len(taught)]
    rule, halves = optimizer(recipe, ours.adversary), [0.5, 0.5] if taught else None
    judge.compile(rule, _alone(losses), loss_weights=halves, metrics=["accuracy"])
    judge.trainable = False
    heads = [score, *named] if ours.conditions else [score]
    told = generator.inputs[1:] if len(whole.inputs) > 1 else []
    stacked = tf.keras.Model(generator.inputs, tf.keras.Model(whole.inputs, _alone(heads))([generator.output, *told]))
    losses = [objective, *["categorical_crossentropy"] * (len(heads) - 1)]
    stacked.compile(optimizer(recipe, "generator"), _alone(losses))
    return generator, judge, stacked


def penalised(params: Params, ours: Any) -> Step:
    """WGAN-GP: the critic learns in a model of three outputs, real, made and between, that makes its own fakes.

    The document's Keras, 2.3, lets the batch norms of a frozen network go by the batch; here they go by their moving
    statistics.
    """
    import tensorflow as tf

    class Slope(tf.keras.layers.Layer):
        """How steep the critic is between real images and made ones."""

        def call(self, inputs: list[Any]) -> Any:
            real, made = inputs
            share = tf.random.uniform((tf.shape(real)[0], 1, 1, 1))
            between = share * real + (1 - share) * made
            with tf.GradientTape() as tape:
                tape.watch(between)
                scores = critic(between, training=True)
            return tf.sqrt(tf.reduce_sum(tape.gradient(scores, between) ** 2, [1, 2, 3]))[:, None]

    recipe: Any = params.train
    generator, critic = cloned(ours.generator), cloned(ours.discriminator)
    generator.trainable = False
    real, latents = tf.keras.Input(ours.image_shape), tf.keras.Input((recipe.latent_dim,))
    made = generator(latents)
    judge = tf.keras.Model([real, latents], [critic(real), critic(made), Slope()([real, made])])
    weights = [1, 1, recipe.penalty_weight]
    judge.compile(optimizer(recipe, "critic"), [wasserstein, wasserstein, "mse"], loss_weights=weights)
    generator.trainable, critic.trainable = True, False
    stacked = tf.keras.Model(latents, critic(generator(latents)))
    stacked.compile(optimizer(recipe, "generator"), wasserstein)
    images, draw = scaled(pictures(params)[0], ours), np.random.default_rng(0)
    ones = np.ones((recipe.batch_size, 1))

    def step(count: int) -> None:
        for _ in range(count):
            for _ in range(recipe.discriminator_steps):
                chosen = images[draw.integers(0, len(images), recipe.batch_size)]
                judge.train_on_batch([chosen, draw.normal(size=(len(chosen), recipe.latent_dim))], [-ones, ones, ones])
            stacked.train_on_batch(draw.normal(size=(recipe.generator_batch_size, recipe.latent_dim)), -ones)

    return step


def likelihood(params: Params, ours: Any) -> Step:
    """VAE and PixelCNN: model.fit. A step of a round of them bears its share of what beginning an epoch takes."""
    import tensorflow as tf

    from ganline.models.generation.vae import kl_per_latent

    recipe, images = params.train, scaled(pictures(params)[0], ours)
    rule = optimizer(recipe, ours.network_names[0])
    if "encoder" in ours.abilities:
        encoder, decoder = (cloned(ours.networks[name]) for name in ours.network_names)
        given = tf.keras.Input(ours.image_shape)
        mean, log_variance = encoder(given)
        made = decoder(mean + tf.exp(0.5 * log_variance) * tf.random.normal(tf.shape(mean)))
        model = tf.keras.Model(given, made)
        model.add_loss(np.prod(ours.image_shape) * tf.reduce_mean((given - made) ** 2))
        model.add_loss(kl_per_latent(mean, log_variance))
        model.compile(rule)
    else:
        images = (images >= 0.33).astype(np.float32)
        network = cloned(ours.networks["model"])
        model = tf.keras.Model(network.inputs, tf.keras.layers.Activation("sigmoid")(network.output))
        model.compile(rule, "binary_crossentropy")

    def step(count: int) -> None:
        shown = images[: count * recipe.batch_size]
        model.fit(shown, shown, recipe.batch_size, verbose=0)

    return step


def wasserstein(goals: Any, scores: Any) -> Any:
    """Return the mean of scores times goals, -1 or 1."""
    import tensorflow as tf

    return tf.reduce_mean(goals * scores)


def _alone(values: list[Any]) -> Any:
    """Return the one value that there is, or all of them: Keras takes no list of one."""
    return values if len(values) > 1 else values[0]


FAMILIES: dict[str, Callable[[Params, Any], Step]] = {
    "vae.VAE": likelihood,
    "pixelcnn.PixelCNN": likelihood,
    "wgan.WGANGP": penalised,
    "pix2pix.Pix2Pix": translators.pix2pix,
    "pix2pix.Maps": translators.pix2pix,
    "cyclegan.UNet": translators.two_domains,
    "cyclegan.ResNet": translators.two_domains,
    "discogan.DiscoGAN": translators.two_domains,
    "srgan.SRGAN": translators.super_resolution,
    "cartoongan.CartoonGAN": translators.cartoon,
    "context_encoder.ContextEncoder": translators.context_encoder,
}
"""By model; the others are GANs that draw latents."""
