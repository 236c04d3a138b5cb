"""What the network that draws does with latents on their way to an image."""

from typing import TYPE_CHECKING

import numpy as np

from ganline.core.abilities import lacking
from ganline.studies.finding import LeftOut

if TYPE_CHECKING:
    import tensorflow as tf

    from ganline.models.base import Model
    from ganline.models.cutting import Cut

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
        kernel = _kernel(layer)
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
    weighted = [layer for layer in network.layers if _kernel(layer) is not None]
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


class Opened:
    """The network that draws, cut in two: what passes there, and the images of what passes there when it is changed."""

    def __init__(self, model: "Model", cut: "Cut") -> None:
        """Take one of the places where the drawing network of a model can be cut."""
        import tensorflow as tf

        from ganline.models.base import to_uint8

        def draw(passing: "tf.Tensor", changed: "tf.Tensor", levels: "tf.Tensor") -> "tf.Tensor":
            return to_uint8(cut.after(tf.where(changed, levels, passing), training=False), model.image_range)

        self.shape, self._model = cut.shape, model
        self._before = tf.function(lambda given: cut.before(given, training=False), reduce_retracing=True)
        self._draw = tf.function(draw, reduce_retracing=True)

    @property
    def units(self) -> int:
        """Channels of what passes, or its numbers where it is no map."""
        return self.shape[-1]

    def passing(self, latents: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Return what passes for latents (N, latent_dim) and labels (N,): float32 (N, h, w, units) or (N, units)."""
        import tensorflow as tf

        given = self._model.request(tf.constant(latents, tf.float32), tf.constant(labels, tf.int32))
        return np.asarray(self._before(given), np.float32)

    def images(self, passing: np.ndarray, units: np.ndarray, levels: np.ndarray) -> np.ndarray:
        """Return images uint8 (N, H, W, C) of what passes, some of its units set to something else.

        Args:
            passing: as `passing` returns it.
            units: numbers of the units that are changed; none for the images as they are.
            levels: float (h, w, units) or (units,): what each is set to.
        """
        changed = np.zeros(self.units, bool)
        changed[units] = True
        parts = [passing[i : i + BATCH] for i in range(0, len(passing), BATCH)]
        return np.concatenate([self._draw(part, changed, levels.astype(np.float32)).numpy() for part in parts])


def opened(model: "Model") -> list[Opened]:
    """Return the places where the network that draws can be cut, those with maps if there are any, in its order.

    Raises:
        LeftOut: there are none.
    """
    from ganline.models.cutting import cuts

    found = [Opened(model, cut) for cut in cuts(drawing_network(model)) if cut.shape[-1] > 1]
    if not found:
        raise LeftOut(
            f"the network of {model.settings.model} that draws cannot be cut in two: nowhere does all that becomes the "
            "image pass through one layer"
        )
    maps = [place for place in found if len(place.shape) == 3 and min(place.shape[:2]) > 1]
    return maps or found


def _kernel(layer: "tf.keras.layers.Layer") -> "tf.Variable | None":
    """Return the kernel of a layer, or of the one that it wraps, as spectral normalisation does."""
    return getattr(layer, "kernel", getattr(getattr(layer, "layer", None), "kernel", None))


def _reads(layer: "tf.keras.layers.Layer", network: "tf.keras.Model") -> bool:
    """Return whether a layer's input is the network's first, the latents."""
    return layer.input is network.inputs[0] or layer.input.name == network.inputs[0].name
