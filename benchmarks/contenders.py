"""What every contender of benchmarks.train_step starts from, and ours. Each builder returns step(count) -> None.

All take an experiment and values that differ from its preset, such as prepare.size=64; data are random pixels in
memory: the values do not change how long a step takes.
"""

import os
from collections.abc import Callable
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from ganline.catalogue.presets import compose_params
from ganline.settings.schema import Params

Step = Callable[[int], None]
ROOM = 60_000 * 28 * 28
"""Bytes of the images: as many as MNIST's."""
CLASSES = 10


def params_of(experiment: str, *overrides: str) -> Params:
    """Return the parameters of the experiment; where its data is does not matter."""
    return compose_params(experiment, ["download.source=.", *overrides])


def built(params: Params):  # noqa: ANN201 - TensorFlow is not loaded here
    """Return our model with new weights."""
    from ganline.training import stand_in

    return stand_in.model_of(params, CLASSES)


def rows(params: Params) -> int:
    """Return how many images there are."""
    return ROOM // (params.prepare.size**2 * params.prepare.channels)


def pictures(params: Params) -> tuple[np.ndarray, np.ndarray | None]:
    """Return uint8 images and what a translator is given for them; None where that is latents or made of the images."""
    from ganline.datasets.inputs import Derived
    from ganline.training.stand_in import data_of

    data = data_of(params, CLASSES, rows(params))
    given = data.get("input")
    return data["image"], None if isinstance(given, Derived) else getattr(given, "values", given)


def ganline(experiment: str, precision: str, *overrides: str) -> Step:
    """Ours: compiled steps, data on the device as uint8, determinism on."""
    import tensorflow as tf

    from ganline.core.determinism import configure
    from ganline.training.loop import compile_steps, make_graph
    from ganline.training.stand_in import feed_of

    params = params_of(experiment, f"compute.precision={precision}", *overrides)
    configure(params.compute.precision, params.compute.deterministic)
    model = built(params)
    model.make_optimizers()
    feed = feed_of(params, model, rows(params))
    run = compile_steps(model, feed, params.compute.xla)
    made = False

    def step(count: int) -> None:
        nonlocal made
        if not made:  # not before: what that takes counts
            make_graph(run, feed.chunk(0, 1))
            made = True
        # The indices are made inside the timed part, as in training.
        run(feed.chunk(0, count), tf.constant(0, tf.int64))[model.metric_names[0]].numpy()

    return step


def matmul_peak() -> Step:
    """A float32 matrix product of TensorFlow's, 2 * 2048^3 operations a step: what the processor can do."""
    import tensorflow as tf

    product = tf.function(lambda a, b: tf.reduce_sum(tf.matmul(a, b)))
    a, b = (tf.random.stateless_normal((2048, 2048), [0, i]) for i in range(2))

    def step(count: int) -> None:
        for _ in range(count):
            product(a, b).numpy()

    return step


def flops(experiment: str, *overrides: str) -> int:
    """Return the multiplications and additions of one training step's matrix products and convolutions."""
    params = params_of(experiment, *overrides)
    ours, recipe = built(params), params.train
    networks = [[_layer_flops(layer) for layer in network.layers] for network in ours.networks.values()]
    if recipe.loss == "likelihood":  # forwards, and backwards to the weights and the inputs
        return 3 * recipe.batch_size * sum(map(sum, networks))
    g_layers, d_layers, *_ = networks
    made, judged = sum(g_layers), sum(d_layers)
    if getattr(ours, "back", None) is not None:
        # Of each generator: passes over new pictures, over the other's translations, and all they cost backwards.
        passes = 2 + (recipe.identity_weight > 0)
        return 2 * recipe.batch_size * (3 * passes * made + (2 * 3 + 2) * judged)
    # A backward pass costs two forward ones, less the gradient that the first layer's input does not need.
    g_first, d_first = (next(filter(None, layers)) for layers in (g_layers, d_layers))
    real, fakes = recipe.batch_size * recipe.discriminator_steps, recipe.generator_batch_size
    sides = 3 if "style" in ours.abilities else 2
    total = real * made + sides * real * (3 * judged - d_first) + fakes * (3 * made - g_first + 2 * judged)
    if recipe.loss == "wasserstein_gp":  # forwards, backwards to the images, and backwards through both
        total += 6 * real * judged
    if ours.perception:
        # Looked through at what is made, forwards and back to the image, and at what it is held against.
        total += (4 if "style" in ours.abilities else 3) * recipe.batch_size * _perceived_flops(ours)
    return total


def _layer_flops(layer: Any) -> int:
    """Return those of a Keras layer for one image."""
    if not hasattr(layer, "kernel"):
        return 0
    weights = int(np.prod(layer.kernel.shape))
    if len(layer.kernel.shape) == 2:
        return 2 * weights
    # A transposed convolution applies its kernel at every position of its input, a convolution of its output.
    shape = layer.input_shape if "Transpose" in type(layer).__name__ else layer.output_shape
    return 2 * weights * shape[1] * shape[2]


def _perceived_flops(ours: Any) -> int:
    """Return those of the network that a model sees images through, for one image."""
    from ganline.training.stand_in import vgg_blocks

    side = ours.image_shape[0]
    return sum(
        2 * 9 * before * width * (side >> i) ** 2
        for i, block in enumerate(vgg_blocks(ours.perceives))
        for before, width in block
    )
