"""What the network that draws does with latents on their way to an image."""

from typing import TYPE_CHECKING

import numpy as np

from ganline.core.abilities import lacking
from ganline.studies.finding import LeftOut

if TYPE_CHECKING:
    import tensorflow as tf

    from ganline.models.base import Model

BATCH = 500


def drawing_network(model: "Model") -> "tf.keras.Model":
    """Return the network that makes images of latents.

    Raises:
        LeftOut: the model draws in another way.
    """
    if lacking(("latents", "fast to draw"), model.abilities):
        raise LeftOut(f"{model.settings.model} has no network that makes an image of a latent in one pass")
    return model.drawing


def first_kernel(model: "Model") -> np.ndarray:
    """Return the weights of the dense layer that reads the latents, float32 (latent_dim, units).

    Raises:
        LeftOut: there is none.
    """
    network = drawing_network(model)
    for layer in network.layers:
        kernel = getattr(layer, "kernel", None)
        if kernel is not None and len(kernel.shape) == 2 and _reads(layer, network):
            return kernel.numpy()
    raise LeftOut(f"no dense layer of {model.settings.model} reads the latents")


def activations(model: "Model", latents: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return what enters the first convolution, or the last dense layer where there is none, float32 (N, units).

    Raises:
        LeftOut: the model has no such layer.
    """
    import tensorflow as tf

    network = drawing_network(model)
    weighted = [layer for layer in network.layers if hasattr(layer, "kernel")]
    chosen = next((layer for layer in weighted if len(layer.output_shape) == 4), weighted[-1] if weighted else None)
    if chosen is None or chosen is weighted[0]:
        raise LeftOut(f"{model.settings.model} has no layer between the latents and the first convolution")
    inner = tf.keras.Model(network.inputs, chosen.input)
    run = tf.function(lambda given: inner(given, training=False), reduce_retracing=True)
    parts = []
    for i in range(0, len(latents), BATCH):
        here = tf.constant(latents[i : i + BATCH]), tf.constant(labels[i : i + BATCH])
        made = run(model.request(*here)).numpy()
        parts.append(made.reshape(len(made), -1).astype(np.float32))
    return np.concatenate(parts)


def _reads(layer: "tf.keras.layers.Layer", network: "tf.keras.Model") -> bool:
    """Return whether a layer's input is the network's first, the latents."""
    return layer.input is network.inputs[0] or layer.input.name == network.inputs[0].name
