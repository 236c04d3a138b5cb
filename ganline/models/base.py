"""What every model is to the training loop: named networks, named optimizers and one train step."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from ganline.core import replicas
from ganline.core.determinism import name_anew
from ganline.core.random import key, purpose_number
from ganline.models.optimizers import KERAS_EPSILON, is_scaled, make_optimizer
from ganline.settings.recipes import Optimizer, Train

Batch = Mapping[str, tf.Tensor]
Metrics = dict[str, tf.Tensor]
Gradients = dict[str, list[tf.Tensor]]
"""For each optimizer that is named those of the weights that it trains."""


class Model:
    """A trainable model. A new one subclasses this, or an existing model, in a file of its own.

    Class literals (read without importing TensorFlow, to check params.yaml):
        recipe: the class of ganline.settings.recipes that says what the section `train` holds for it.
        network_names: the keys of `networks`, each trained by an optimizer of its own.
        adversaries: the networks that judge what others make, where there are any.
        optimizer_names: the networks that have one, where that is not all of them.
        copies: the names of networks that are built as others are, and are not counted a second time.
        image_range: lowest and highest pixel value the networks work with.
        abilities: what it has, in the words of ganline.core.abilities.
        needs: what its training takes of the data, in the same words: "classes" where train_step needs batch["label"].
        losses: the values of train.loss it takes, where that is not those of ganline.models.losses.
        bfloat16_with: the values of train.loss with which its trainings in bfloat16 were held against float32 and
            came out no farther apart than seeds do (benchmarks.precision).
        practices: of those parameters of adversaries that not every model takes (see
            ganline.catalogue.combinations.OFF) the ones that it takes.
        refuses: those of its base class's practices that it does not take, and literals of losses that it cannot give
            what they ask for, such as "autoencoder".
        semi_supervised: whether it takes train.labelled_fraction.
        batch_norm: whether its discriminator has batch norm, and it takes what concerns that.
        size_multiple, least_size, sizes, channels: which images fit (any, where not said).
        latent_dim, noise: its latents, where they are no choice of its recipe.
        readings: the names of what `measure` returns -> how to read the number.
        perceives: the layer of VGG19, such as "block3_conv4", through which its loss compares images.
        adam_epsilon: what Adam adds to the divisor, where its published code has another than Keras.
        redraws: whether its latents are truncated by drawing anew what lies outside, as BigGAN's are.
    """

    recipe = "Train"
    network_names: tuple[str, ...]
    image_range: tuple[float, float]
    practices: tuple[str, ...] = ()
    abilities: tuple[str, ...]
    needs: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()
    bfloat16_with: tuple[str, ...] = ()
    readings: dict[str, str] = {}
    input_shape: tuple[int, int, int] | None = None
    """(H, W, C) of what a translator is given; None of models that are given latents."""
    back: "Model | None" = None
    """A translator of two domains the other way round: it shares all networks, and makes inputs of images."""
    perceives = ""
    redraws = False
    adam_epsilon = KERAS_EPSILON
    perception: Callable[[tf.Tensor], tf.Tensor] | None = None
    """The network that `perceives` names, a ganline.extractors.vgg.Vgg: whoever trains such a model gives it."""
    phase: int | None = 0
    """Number of the phase of the training that was entered; see `phases`."""
    trained_with: dict[str, Any] = {}
    """What protocols say of its training beside its settings, such as what stood in for that network."""

    def __init__(self, settings: Train, image_shape: tuple[int, int, int], seed: int, classes: int = 0) -> None:
        """Build the networks; equal arguments give equal weights.

        Args:
            settings: the recipe.
            image_shape: (H, W, C).
            seed: of all that is random.
            classes: number of classes of the data, 0 where it is unlabelled.
        """
        self.settings, self.image_shape, self.seed, self.classes = settings, image_shape, seed, classes
        self.networks: dict[str, tf.keras.Model] = {}
        name_anew()
        for name in self.network_names:
            # Initializers draw from global state: set for each network, its weights are a function of (seed, name).
            tf.keras.utils.set_random_seed((seed + purpose_number(f"weights/{name}")) % 2**31)
            self.networks[name] = self.build_network(name)
            if settings.initializer != "glorot_uniform":
                redraw(self.networks[name], seed, settings.initializer)
        self.optimizers: dict[str, tf.keras.optimizers.Optimizer] = {}

    @property
    def metric_names(self) -> tuple[str, ...]:
        """What `train_step` returns, in the order of history.csv."""
        raise NotImplementedError

    @property
    def conditions(self) -> int:
        """How many classes or codes the generator can be asked for; 0 where it takes latents alone."""
        return 0

    def trained(self, name: str) -> list[tf.Variable]:
        """Return the weights that the optimizer called `name` changes."""
        return self.networks[name].trainable_variables

    def make_optimizers(self) -> None:
        """Make the optimizers, with all their variables, so that checkpoints and compiled steps find them."""
        rules, shared = self.settings.optimizers, self.settings.shared_optimizer_counter
        counter = tf.Variable(0, trainable=False, dtype=tf.int64)
        for name, rule in rules.items():
            updates = self.counted() if shared else self.updates(name)
            optimizer = self.make_optimizer(rule, updates)
            if shared:
                optimizer.iterations = counter
            optimizer._create_all_weights(self.trained(name))
            half = tf.keras.mixed_precision.global_policy().compute_dtype == "float16"
            self.optimizers[name] = tf.keras.mixed_precision.LossScaleOptimizer(optimizer) if half else optimizer

    def make_optimizer(self, rule: Optimizer, updates: int) -> tf.keras.optimizers.Optimizer:
        """Return the optimizer that `rule` describes, which counts `updates` updates a step."""
        return make_optimizer(rule, self.settings, updates, self.adam_epsilon)

    def update(self, tape: tf.GradientTape, loss: tf.Tensor, *names: str) -> None:
        """Apply one step of each of the named optimizers to the weights that it trains."""
        self.apply(self.gradients(tape, loss, *names))

    def gradients(self, tape: tf.GradientTape, loss: tf.Tensor, *names: str) -> Gradients:
        """Return the gradients of a loss for each of the named optimizers, as `apply` takes them.

        The optimizers add up the gradients of all replicas, so each replica gives its share of the mean over the whole
        batch. In float16 gradients are computed scaled up, lest small ones vanish (Micikevicius et al. 2018).
        """
        weights, optimizers = {n: self.trained(n) for n in names}, [self.optimizers[n] for n in names]
        share = 1.0 / replicas.count()
        scaled = [optimizer.get_scaled_loss(tf.constant(share)) for optimizer in optimizers if is_scaled(optimizer)]
        start = tf.reduce_min(scaled) if scaled else None if share == 1 else tf.constant(share)
        gradients = tape.gradient(loss, weights, start, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        for optimizer, name, scale in zip(optimizers, names, scaled, strict=False):
            # Of several scales the least was used; each optimizer takes back its own.
            gradients[name] = optimizer.get_unscaled_gradients([g * (scale / start) for g in gradients[name]])
        return gradients

    def apply(self, gradients: Gradients) -> None:
        """Apply one step of each optimizer that is named to the weights that it trains.

        In float16 a gradient that overflowed makes its optimizer skip the step and halve its scale.
        """
        optimizers = [self.optimizers[name] for name in gradients]
        counter = optimizers[0].iterations if self.settings.shared_optimizer_counter and len(gradients) > 1 else None
        before = None if counter is None else counter.read_value()
        for i, (optimizer, (name, given)) in enumerate(zip(optimizers, gradients.items(), strict=True)):
            if i and counter is not None:
                counter.assign(before)  # what is updated at once counts once
            optimizer.apply_gradients(zip(given, self.trained(name), strict=True))

    def updates(self, name: str) -> int:
        """Return how often a training step updates the network called `name`."""
        return 1

    def counted(self) -> int:
        """Return how far a training step moves the counter that all optimizers share, where they share one."""
        return sum(map(self.updates, self.settings.optimizers))

    def build_network(self, name: str) -> tf.keras.Model:
        """Return the network called `name`, with new weights; those before it are in `networks` already."""
        raise NotImplementedError

    def fed(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what a training draws batches from: its data, and what is made of it once, as it begins.

        See ganline.training.loop.train for the data. What can be made of a batch belongs into `train_step`.
        """
        return data

    def train_step(self, batch: Batch, step: tf.Tensor) -> Metrics:
        """Update every network.

        Args:
            batch: named tensors of `batch_size` examples; "image" is float32 (N, H, W, C) in image_range, "label" int32
                (N,) numbers classes, -1 where the label may not be used; a translator's "input" is float32 (N, H,
                W, Ci) in image_range.
            step: int64 scalar, counted from 0. All randomness is a function of (seed, purpose, step).

        Returns:
            A float32 scalar for each of metric_names.
        """
        raise NotImplementedError

    @property
    def hole_size(self) -> int:
        """Side of the hole that a translator fills, pixels; 0 of those that fill none."""
        return 0

    @property
    def phases(self) -> tuple[int, ...]:
        """First steps of the phases of a training, the first 0: in each another step is compiled."""
        return (0,)

    @property
    def restarts(self) -> tuple[int, ...]:
        """Steps before which the optimizers begin anew."""
        return ()

    def enter(self, phase: int) -> None:
        """Make ready for the steps of a phase, numbered from 0."""
        self.phase = phase

    def seen(self, step: int) -> int:
        """Return how many real examples the steps before `step` take."""
        return step * self.batch_size

    @property
    def batch_size(self) -> int:
        """Real examples a training step takes, of the phase that was entered."""
        return self.settings.batch_size

    @property
    def batch_parts(self) -> int:
        """Parts of such a batch that are used one after the other."""
        return 1

    def perceived(self, images: tf.Tensor) -> tf.Tensor:
        """Return what `perception` sees in images float32 (N, H, W, C) in image_range of -1 to 1: float32 maps.

        Raises:
            RuntimeError: it was not given the network.
        """
        if self.perception is None:
            raise RuntimeError(f"{self.settings.model} trains through {self.perceives} of VGG19, which was not given")
        return self.perception(images)

    def settle(self) -> None:
        """Make what drawing takes beside trained weights fit these; called before anything is drawn or kept.

        It must not change what later steps make of the networks that learn, and be a function of weights and seed.
        """

    def save_beside(self, folder: Path) -> None:
        """Write into `folder` what using the model takes beside its weights; for most there is nothing."""

    def load_beside(self, folder: Path) -> None:
        """Take back what `save_beside` wrote into `folder`."""

    def generate(self, latents: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """Return images float32 (N, H, W, C) in image_range, in inference mode.

        Args:
            latents: float32 (N, latent_dim).
            labels: int32 (N,), 0 to conditions - 1; to be ignored where there are no conditions.
        """
        raise NotImplementedError

    def measure(self, images: np.ndarray, labels: np.ndarray | None) -> dict[str, float]:
        """Return this model's own figures, the names of `readings`, on held-out uint8 images (N, H, W, C)."""
        return {}

    def request(self, latents: tf.Tensor, labels: tf.Tensor) -> tf.Tensor | list[tf.Tensor]:
        """Return what the network that draws takes; see `generate`."""
        return latents

    @property
    def drawing(self) -> tf.keras.Model:
        """The network that makes an image of what `request` returns, in one pass: of models that are fast to draw."""
        raise NotImplementedError

    def translate(self, images: tf.Tensor) -> tf.Tensor:
        """Return what images float32 (N, H, W, C) in image_range become: float32 (N, H', W', C') in image_range.

        Of models without latents, in inference mode.
        """
        raise NotImplementedError

    def translate_in_style(self, images: tf.Tensor, styles: tf.Tensor) -> tf.Tensor:
        """Return what images become in the style of others, float32 (N, H', W', C') in image_range.

        Of models with the ability "style", in place of `translate`.
        """
        raise NotImplementedError

    def encode(self, images: tf.Tensor) -> tf.Tensor:
        """Return the likeliest latents, float32 (N, latent_dim), of images float32 (N, H, W, C) in image_range.

        Of models with an encoder. Nothing is drawn.
        """
        raise NotImplementedError

    def reconstruct(self, images: tf.Tensor) -> tf.Tensor:
        """Return images float32 (N, H, W, C) in image_range as a model with an encoder redraws them."""
        latents = self.encode(images)
        return self.generate(latents, tf.zeros(tf.shape(latents)[:1], tf.int32))

    def extra_variables(self) -> dict[str, tf.Variable]:
        """Return the state beside networks and optimizers that a checkpoint must hold."""
        return {}

    def weights(self) -> dict[str, tf.Variable]:
        """Return the networks' variables, each once, under names that do not depend on Keras's own numbering."""
        named = {f"{n}/{i}": v for n, network in self.networks.items() for i, v in enumerate(network.weights)}
        once = {variable.ref(): name for name, variable in reversed(named.items())}
        return {name: variable for name, variable in named.items() if once[variable.ref()] == name}

    def state(self) -> list[tf.Variable]:
        """Return what a step changes by itself, not through an optimizer: what batch norms keep, and the like."""
        kept = {v.ref() for network in self.networks.values() for v in network.non_trainable_weights}
        return [v for v in self.weights().values() if v.ref() in kept] + list(self.extra_variables().values())

    def variables(self) -> dict[str, tf.Variable]:
        """Return all that a checkpoint must hold: the weights, the optimizers' variables and what else there is."""
        slots = {f"{n}/optimizer/{i}": v for n, o in self.optimizers.items() for i, v in enumerate(o.variables())}
        for name, optimizer in self.optimizers.items():
            if is_scaled(optimizer):
                slots[f"{name}/loss_scale"] = optimizer._loss_scale.current_loss_scale
                slots[f"{name}/loss_scale/steps"] = optimizer.dynamic_counter
        return self.weights() | slots | self.extra_variables()


def redraw(network: tf.keras.Model, seed: int, kind: str, deviation: float = 0.02) -> None:
    """Draw all kernels anew; the rest stays.

    kind "normal": from N(0, deviation^2), as DCGAN does (Radford et al. 2016). "orthogonal": a random orthonormal
    matrix (..., filters), or as much of it as there is room for (Saxe et al. 2014).
    """
    kernels = {layer.kernel.ref(): layer.kernel for layer in network.submodules if hasattr(layer, "kernel")}
    for i, kernel in enumerate(kernels.values()):
        if kind == "orthogonal":
            own = purpose_number(f"initializer/{network.name}/{i}")
            kernel.assign(tf.keras.initializers.Orthogonal(seed=(seed + own) % 2**31)(kernel.shape))
            continue
        draw = tf.random.stateless_normal(kernel.shape, key(seed, f"initializer/{network.name}", i))
        kernel.assign(deviation * draw)


def assign(variables: Mapping[str, tf.Variable], values: Mapping[str, np.ndarray], prefix: str = "") -> None:
    """Set every variable to the value of its name with `prefix` before it; values without that prefix are ignored.

    Raises:
        ValueError: the names or shapes are not the same on both sides.
    """
    found = {name.removeprefix(prefix) for name in values if name.startswith(prefix)}
    if set(variables) != found:
        raise ValueError(f"names differ: {sorted(set(variables) ^ found)[:5]}")
    for name, variable in variables.items():
        variable.assign(values[prefix + name])


def to_uint8(images: tf.Tensor, image_range: tuple[float, float]) -> tf.Tensor:
    """Quantise images in image_range to uint8 with rounding, as a saved picture would be."""
    low, high = image_range
    scaled = (tf.cast(images, tf.float32) - low) * (255.0 / (high - low))
    return tf.cast(tf.round(tf.clip_by_value(scaled, 0.0, 255.0)), tf.uint8)


def from_uint8(images: tf.Tensor, image_range: tuple[float, float]) -> tf.Tensor:
    """Scale uint8 images to float32 in image_range."""
    low, high = image_range
    return tf.cast(images, tf.float32) * ((high - low) / 255.0) + low
