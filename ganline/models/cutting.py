"""A network cut in two, so that what passes from one half to the other can be looked at and changed.

As GAN dissection does it (Bau et al. 2019, "GAN Dissection: Visualizing and Understanding Generative Adversarial
Networks"). A place to cut is what a layer with weights reads, activation and normalisation behind it. Networks whose
layers are joined by more than one path there, such as around a residual block, can be cut only where the paths meet.
"""

from typing import NamedTuple

import tensorflow as tf


class Cut(NamedTuple):
    """The two halves of a network; they share its weights."""

    before: tf.keras.Model
    """What the network takes -> float (N, h, w, units) or (N, units)."""
    after: tf.keras.Model
    """Such values -> what the network gives."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of what passes between them, without N: (h, w, units), or (units,)."""
        return tuple(self.before.output_shape[1:])


def cuts(network: tf.keras.Model) -> list[Cut]:
    """Return where a network of one output can be cut, from its inputs to its output; none where it cannot be.

    A network that is no graph of Keras layers (a subclass with code of its own) cannot be cut.
    """
    if not getattr(network, "_is_graph_network", False):
        return []
    found, seen = [], {id(tensor) for tensor in network.inputs}
    for layer in network.layers:
        place = _read_by(layer)
        if place is not None and id(place) not in seen:
            seen.add(id(place))
            found += _halves(network, place)
    return found


def _read_by(layer: tf.keras.layers.Layer) -> "tf.Tensor | None":
    """Return what a layer with weights of its own reads; None where it is no such layer, or reads in many places."""
    if not hasattr(layer, "kernel"):
        return None
    try:
        place = layer.input
    except AttributeError:  # called several times, or never
        return None
    return place if tf.keras.backend.is_keras_tensor(place) and len(place.shape) in (2, 4) else None


def _halves(network: tf.keras.Model, place: "tf.Tensor") -> list[Cut]:
    try:
        return [Cut(tf.keras.Model(network.inputs, place), tf.keras.Model(place, network.outputs[0]))]
    except ValueError:  # Keras: the output takes something beside what passes here
        return []
