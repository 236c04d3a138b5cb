"""What every model is to the training loop: named networks, named optimizers and one train step."""

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from ganline.params import Optimizer, Train
from ganline.random import purpose_number

Batch = Mapping[str, tf.Tensor]


class Model:
    """A trainable model. A new one subclasses this, or an existing model, in a file of its own.

    Class literals (read without importing TensorFlow, to check params.yaml):
        network_names: the keys of `networks`, each trained by an optimizer of its own.
        metric_names: what `train_step` returns, in the order of history.csv.
        image_range: lowest and highest pixel value the networks work with.
        size_multiple: what height and width of the images must be a multiple of (1 when not said).
    """

    network_names: tuple[str, ...]
    metric_names: tuple[str, ...]
    image_range: tuple[float, float]

    def __init__(self, settings: Train, image_shape: tuple[int, int, int], seed: int) -> None:
        """Build the networks for images of `image_shape` (H, W, C); equal arguments give equal weights."""
        self.settings, self.image_shape, self.seed = settings, image_shape, seed
        self.networks = {name: self._build(name) for name in self.network_names}
        self.optimizers: dict[str, tf.keras.optimizers.Optimizer] = {}

    def _build(self, name: str) -> tf.keras.Model:
        # Initializers draw from global state: setting it for each network makes its weights a function of (seed, name).
        tf.keras.utils.set_random_seed((self.seed + purpose_number(f"weights/{name}")) % 2**31)
        return self.build_network(name)

    def make_optimizers(self) -> None:
        """Make one optimizer a network, with all its variables, so that checkpoints and compiled steps find them."""
        for name, network in self.networks.items():
            self.optimizers[name] = make_optimizer(self.settings.optimizers[name])
            self.optimizers[name]._create_all_weights(network.trainable_variables)

    def build_network(self, name: str) -> tf.keras.Model:
        """Return the network called `name`, with new weights."""
        raise NotImplementedError

    def train_step(self, batch: Batch, step: tf.Tensor) -> dict[str, tf.Tensor]:
        """Update every network once.

        Args:
            batch: named tensors; "image" is float32 (batch_size, H, W, C) in image_range.
            step: int64 scalar, counted from 0. All randomness is a function of (seed, purpose, step).

        Returns:
            A float32 scalar for each of metric_names.
        """
        raise NotImplementedError

    def generate(self, latents: tf.Tensor) -> tf.Tensor:
        """Return images float32 (N, H, W, C) in image_range for latents (N, latent_dim), in inference mode."""
        raise NotImplementedError

    def weights(self) -> dict[str, tf.Variable]:
        """Return the networks' variables under names that do not depend on Keras's own numbering."""
        return {f"{n}/{i}": v for n, network in self.networks.items() for i, v in enumerate(network.weights)}

    def variables(self) -> dict[str, tf.Variable]:
        """Return all that a checkpoint must hold: the weights and the optimizers' variables."""
        slots = {f"{n}/optimizer/{i}": v for n, o in self.optimizers.items() for i, v in enumerate(o.variables())}
        return self.weights() | slots


def update(
    optimizer: tf.keras.optimizers.Optimizer, network: tf.keras.Model, tape: tf.GradientTape, loss: tf.Tensor
) -> None:
    """Apply one step of `optimizer` to the trainable variables of `network`."""
    variables = network.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))


def make_optimizer(settings: Optimizer) -> tf.keras.optimizers.Optimizer:
    """Return the optimizer that `settings` describe."""
    # The legacy class runs TensorFlow's fused kernel: one pass over memory for each variable. The new one is composed
    # of a dozen elementwise operations, which for large dense layers cost more than the gradients. Same update rule.
    return tf.keras.optimizers.legacy.Adam(settings.learning_rate, beta_1=settings.beta_1)


def assign(variables: Mapping[str, tf.Variable], values: Mapping[str, np.ndarray]) -> None:
    """Set every variable to the value of its name.

    Raises:
        ValueError: the names or shapes are not the same on both sides.
    """
    if set(variables) != set(values):
        raise ValueError(f"names differ: {sorted(set(variables) ^ set(values))[:5]}")
    for name, variable in variables.items():
        variable.assign(values[name])


def to_uint8(images: tf.Tensor, image_range: tuple[float, float]) -> tf.Tensor:
    """Quantise images in image_range to uint8 with rounding, as a saved picture would be."""
    low, high = image_range
    scaled = (tf.cast(images, tf.float32) - low) * (255.0 / (high - low))
    return tf.cast(tf.round(tf.clip_by_value(scaled, 0.0, 255.0)), tf.uint8)


def from_uint8(images: tf.Tensor, image_range: tuple[float, float]) -> tf.Tensor:
    """Scale uint8 images to float32 in image_range."""
    low, high = image_range
    return tf.cast(images, tf.float32) * ((high - low) / 255.0) + low
