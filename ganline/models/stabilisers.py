"""What helps unstable GANs, each a small piece that transforms one thing: labels, images, networks or weights.

A training step calls those that its parameters switch on; none of them knows the others.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import tensorflow as tf
from tensorflow.keras import layers

from ganline.core import replicas
from ganline.core.random import next_layer_key, normal, uniform
from ganline.models.layers import InstanceNormalization, MinibatchStdDev, SpectralNormalization
from ganline.settings.recipes import Adversaries, Optimizer

# Labels


def targets(settings: Adversaries, scores: tf.Tensor, real: bool) -> tf.Tensor:
    """Return the discriminator's targets for scores (N, 1): 1 for real images, 0 for generated ones, softened.

    Label smoothing (Salimans et al. 2016) moves them inwards, on the real side only or on both. Label flipping (The GAN
    Book, Chaudhary 2024, Skill 3: random false labels) exchanges a random share of them.
    """
    smooth = settings.label_smoothing if real or settings.label_smoothing_sides == "both" else 0.0
    goals = tf.fill(tf.shape(scores), 1.0 - smooth if real else smooth)
    if not settings.label_flipping:
        return goals
    flipped = uniform(tf.shape(scores), next_layer_key()) < settings.label_flipping
    return tf.where(flipped, 1.0 - goals, goals)


# Images


def instance_noise(images: tf.Tensor, settings: Adversaries, step: tf.Tensor) -> tf.Tensor:
    """Add normal noise whose deviation falls linearly from train.instance_noise to 0 at the last step.

    Sonderby et al. 2017: it gives real and generated images overlapping support. Units are those of image_range.
    """
    deviation = settings.instance_noise * (1 - tf.cast(step, tf.float32) / settings.steps)
    return images + tf.maximum(deviation, 0.0) * normal(tf.shape(images), next_layer_key())


def pack(images: tf.Tensor, count: int) -> tf.Tensor:
    """Lay `count` images at a time on top of each other: (N, H, W, C) -> (N / count, H, W, count * C).

    PacGAN (Lin et al. 2018): a discriminator that sees several samples at once sees that they are all alike.
    """
    _, height, width, channels = images.shape
    packs = tf.reshape(images, (-1, count, height, width, channels))
    return tf.reshape(tf.transpose(packs, (0, 2, 3, 1, 4)), (-1, height, width, count * channels))


# Networks


def replace_batch_norm(network: tf.keras.Model, kind: str) -> tf.keras.Model:
    """Return the network with new weights and its batch norms replaced: kind "none", "layer" or "instance".

    A gradient penalty bounds the gradient of each example, which batch norm mixes (Gulrajani et al. 2017).
    """
    made: dict[str, Callable[[], layers.Layer]] = {
        "none": lambda: layers.Activation("linear"),
        "instance": InstanceNormalization,
    }

    def clone(layer: layers.Layer) -> layers.Layer:
        if not isinstance(layer, layers.BatchNormalization):
            return type(layer).from_config(layer.get_config())
        one_pixel = math.prod(layer.input_shape[1:-1]) == 1  # of which instance norm would leave nothing
        if kind == "layer" or (kind == "instance" and one_pixel):
            return layers.LayerNormalization(axis=list(range(1, len(layer.input_shape))))
        return made[kind]()

    return tf.keras.models.clone_model(network, clone_function=clone)


def spectral(network: tf.keras.Model) -> tf.keras.Model:
    """Return the network with new weights, every kernel divided by its largest singular value (Miyato et al. 2018)."""

    def clone(layer: layers.Layer) -> layers.Layer:
        copy = type(layer).from_config(layer.get_config())
        return SpectralNormalization(copy) if hasattr(layer, "kernel") else copy

    return tf.keras.models.clone_model(network, clone_function=clone)


def before_heads(network: tf.keras.Model, insert: Callable[[tf.Tensor], tf.Tensor]) -> tf.keras.Model:
    """Return the network with `insert` applied to the features that its last layers (one an output) work on."""
    heads = [output.node.layer for output in network.outputs]
    features = insert(heads[0].input)
    outputs = [type(head).from_config(head.get_config())(features) for head in heads]
    return tf.keras.Model(network.inputs, outputs if len(outputs) > 1 else outputs[0], name=network.name)


def minibatch_stddev(network: tf.keras.Model) -> tf.keras.Model:
    """Return the network with the batch's mean standard deviation as one more feature (Karras et al. 2018)."""
    return before_heads(network, MinibatchStdDev())


def features_of(network: tf.keras.Model) -> tf.keras.Model:
    """Return the part of a discriminator before its last layer, whose output is its richest view of an image."""
    head = network.outputs[0].node.layer
    return tf.keras.Model(network.inputs, head.input)


def autoencoder(network: tf.keras.Model, decoder: tf.keras.Model) -> tf.keras.Model:
    """Return BEGAN's discriminator: the network up to its head, a code, and a decoder built like the generator."""
    code = layers.Dense(decoder.input_shape[1], name="code")(network.outputs[0].node.layer.input)
    return tf.keras.Model(network.inputs, decoder(code), name=network.name)


@contextmanager
def frozen(network: tf.keras.Model, batch_norm: str) -> Iterator[None]:
    """Let nothing change the network while another one learns from it, though it is called in training mode.

    Its batch norms keep their moving statistics. `batch_norm` says what they normalise by: these statistics ("moving",
    as tf.keras does since TensorFlow 2) or the batch ("batch", as standalone Keras does under train_on_batch).
    """
    norms = [layer for layer in network.submodules if isinstance(layer, layers.BatchNormalization)]
    by_batch = norms if batch_norm == "batch" else []
    network.trainable = False
    for layer in by_batch:
        object.__setattr__(layer, "call", partial(normalised_by_batch, layer))  # past Keras, which tracks what is set
    try:
        with replicas.apart():
            yield
    finally:
        for layer in by_batch:
            object.__delattr__(layer, "call")
        network.trainable = True


def normalised_by_batch(norm: layers.BatchNormalization, inputs: tf.Tensor, **_: object) -> tf.Tensor:
    """Return inputs (N, ..., C) as the batch norm leaves them in training, its moving statistics untouched."""
    channels = inputs.shape[-1]
    pixels = tf.reshape(inputs, (-1, 1, 1, channels))  # the fused kernel takes four axes
    gamma, beta = norm.gamma if norm.scale else tf.ones(channels), norm.beta if norm.center else tf.zeros(channels)
    normed, _, _ = tf.compat.v1.nn.fused_batch_norm(pixels, gamma, beta, epsilon=norm.epsilon)
    return tf.ensure_shape(tf.reshape(normed, tf.shape(inputs)), inputs.shape)


# Weights


def clip(network: tf.keras.Model, limit: float, batch_norm: bool) -> None:
    """Clip weights to [-limit, limit] (Arjovsky et al. 2017).

    With `batch_norm` that includes what batch norms learn and keep, as The GAN Book (Chaudhary 2024, Skill 7) prints:
    variances are then at most `limit`, and everything after them is scaled accordingly.
    """
    for layer in network.layers:
        if batch_norm or not isinstance(layer, layers.BatchNormalization):
            for weight in layer.weights:
                weight.assign(tf.clip_by_value(weight, -limit, limit))


def average(mean: tf.keras.Model, network: tf.keras.Model, decay: float) -> None:
    """Move the averaged network's weights a step towards the trained one's: m <- decay m + (1 - decay) w.

    Yazici et al. 2019. What batch norms keep is an average already and is copied.
    """
    trained = {weight.ref() for weight in network.trainable_weights}
    for mine, theirs in zip(mean.weights, network.weights, strict=True):
        share = 1 - decay if theirs.ref() in trained else 1.0
        mine.assign_add(share * (theirs - mine))


@contextmanager
def substituted(
    network: tf.keras.Model, weights: Sequence[tf.Variable], values: Sequence[tf.Tensor] | None
) -> Iterator[None]:
    """Let the network compute with `values` in place of `weights`; with None, let it be."""
    by_weight = {} if values is None else dict(zip((weight.ref() for weight in weights), values, strict=True))
    changed = []
    for layer in network.submodules if by_weight else ():
        for name, value in list(vars(layer).items()):
            if isinstance(value, tf.Variable) and value.ref() in by_weight:
                # In mixed precision Keras casts such variables as they are read. Set past Keras's own __setattr__,
                # which would forget the variable.
                casts = isinstance(layer, layers.Layer) and hasattr(value, "_cast_dtype")
                stand_in = by_weight[value.ref()]
                object.__setattr__(layer, name, tf.cast(stand_in, layer.compute_dtype) if casts else stand_in)
                changed.append((layer, name, value))
    try:
        yield
    finally:
        for layer, name, value in changed:
            object.__setattr__(layer, name, value)


def unrolled(
    weights: Sequence[tf.Variable], rule: Optimizer, steps: int, network: tf.keras.Model, loss: Callable[[], tf.Tensor]
) -> list[tf.Tensor] | None:
    """Return the discriminator's weights after `steps` imagined updates, differentiable in all they depend on.

    Metz et al. 2017: the generator then learns against where the discriminator is going. The imagined updates are
    Adam's with its averages started anew, batch norms in inference mode. None for 0 steps.
    """
    if not steps:
        return None
    values = [tf.convert_to_tensor(weight) for weight in weights]
    first, second = [tf.zeros_like(v) for v in values], [tf.zeros_like(v) for v in values]
    for i in range(1, steps + 1):
        with tf.GradientTape() as tape:
            tape.watch(values)
            with substituted(network, weights, values):
                value = loss()
        gradients = tape.gradient(value, values, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        first = [rule.beta_1 * m + (1 - rule.beta_1) * g for m, g in zip(first, gradients, strict=True)]
        second = [rule.beta_2 * s + (1 - rule.beta_2) * g * g for s, g in zip(second, gradients, strict=True)]
        rate = rule.learning_rate * (1 - rule.beta_2**i) ** 0.5 / (1 - rule.beta_1**i)
        # 1e-14 inside the root: its gradient must stay finite where a weight has none; the update does not change.
        values = [v - rate * m / (tf.sqrt(s + 1e-14) + 1e-7) for v, m, s in zip(values, first, second, strict=True)]
    return values
