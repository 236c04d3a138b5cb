"""What the documents' loops are made of, in Keras: layers, networks, optimizers and batches."""

from typing import Any

import numpy as np

from ganline.settings.recipes import Train

OBJECTIVES = {
    "non_saturating": ("binary_crossentropy", "binary_crossentropy"),
    "brier": ("mse", "binary_crossentropy"),
    "least_squares": ("mse", "mse"),
}
"""What discriminator and generator minimise."""


def cloned(network: Any) -> Any:
    """Return a network of the document's layers with new weights."""
    import tensorflow as tf

    return tf.keras.models.clone_model(network, clone_function=plain)


def plain(layer: Any) -> Any:
    """Return the layer of the documents that one of ours computes in another way."""
    from tensorflow.keras import Sequential, layers

    config, kind = layer.get_config(), type(layer).__name__.removeprefix("Small")
    if kind == "UpSampling2D":
        config["size"] = (config["size"],) * 2
    if kind == "MaskedConv2D":
        return _masked(config)
    if kind == "DoublingConv2DTranspose":
        return Sequential([layers.UpSampling2D(), layers.Conv2DTranspose.from_config(config)], name=layer.name)
    if kind == "DoublingConv2D":
        convolution = layers.Conv2D.from_config(config | {"kernel_size": 3, "padding": "same"})
        return Sequential([layers.UpSampling2D(), convolution], name=layer.name)
    return getattr(layers, kind, type(layer)).from_config(config)


def _masked(config: dict[str, Any]) -> Any:
    """Return PixelCNN's layer: a convolution whose kernel is masked anew on every call; 1 x 1 there is nothing to."""
    import tensorflow as tf

    size, mask = config["kernel_size"], config.pop("mask")
    seen = np.zeros((size * size, 1, 1), np.float32)
    seen[: size * size // 2 + (mask == "B")] = 1

    class Masked(tf.keras.layers.Conv2D):
        def call(self, inputs: Any) -> Any:
            self.kernel.assign(self.kernel * seen.reshape(size, size, 1, 1))
            return super().call(inputs)

    return (Masked if size > 1 else tf.keras.layers.Conv2D).from_config(config | {"padding": "same"})


def scaled(images: np.ndarray, ours: Any) -> np.ndarray:
    """Return uint8 images as float32 in the range of our model's."""
    low, high = ours.image_range
    return (images / np.float32(255) * (high - low) + low).astype(np.float32)


def signed(images: np.ndarray) -> np.ndarray:
    """Return uint8 images as float64 in [-1, 1]."""
    return (images - 127.5) / 127.5


def optimizer(recipe: Train, network: str) -> Any:
    """Return the document's optimizer of a network."""
    import tensorflow as tf

    rule, limit = recipe.optimizers[network], {"clipvalue": recipe.gradient_clip_value}
    if rule.name == "rmsprop":
        return tf.keras.optimizers.RMSprop(rule.learning_rate, rho=rule.beta_2, **limit)
    return tf.keras.optimizers.Adam(rule.learning_rate, beta_1=rule.beta_1, **limit)
