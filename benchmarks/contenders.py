"""The same GAN training step, written as different users would write it. Each builder returns step(count) -> None."""

import os
from collections.abc import Callable
from functools import partial
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from ganline.catalogue.presets import compose_params
from ganline.settings.recipes import GAN, Train

Step = Callable[[int], None]
SHAPE = (28, 28, 1)
COUNT = 60_000
CLASSES = 10
NOT_BY_THE_BOOK = ("dcgan-fashion-mnist-workshop", "quickdraw-apples")


def data() -> np.ndarray:
    """Return uint8 images (60000, 28, 28, 1): the values do not change how long a step takes."""
    return np.random.default_rng(0).integers(0, 256, (COUNT, *SHAPE), np.uint8)


def labels() -> np.ndarray:
    """Return int32 class numbers (60000,)."""
    return np.random.default_rng(1).integers(0, CLASSES, COUNT).astype(np.int32)


def settings(experiment: str) -> GAN:
    """Return the experiment's recipe."""
    recipe = compose_params(experiment).train
    assert isinstance(recipe, GAN)
    return recipe


def ganline(experiment: str, precision: str) -> Step:
    """Ours: compiled steps, data on the device, determinism on."""
    import tensorflow as tf

    from ganline import models
    from ganline.core.determinism import configure
    from ganline.training.batches import Feed
    from ganline.training.loop import compile_steps

    params = compose_params(experiment, [f"compute.precision={precision}"])
    configure(params.compute.precision, params.compute.deterministic)
    model = models.build(params.train, SHAPE, seed=0, classes=CLASSES)
    model.make_optimizers()
    feed = Feed({"image": data(), "label": labels()}, model.batch_size, params.train.sampling, seed=0)
    run = compile_steps(model, feed, params.compute.xla)

    def step(count: int) -> None:
        # The indices are made inside the timed part, as in training.
        run(feed.chunk(0, count), tf.constant(0, tf.int64))["g_loss"].numpy()

    return step


def keras(experiment: str) -> Step:
    """The documents' own loop: predict fakes, train_on_batch for D (on them and on reals) and for the stacked GAN."""
    from ganline import models

    recipe = settings(experiment)
    ours = models.build(recipe, SHAPE, seed=0, classes=CLASSES)
    generator, discriminator, stacked = _players(ours, recipe)
    low, high = ours.image_range
    images, classes = (
        (data() / 255 * (high - low) + low).astype(np.float32),
        np.eye(CLASSES, dtype=np.float32)[labels()],
    )
    draw = np.random.default_rng(0)
    real_goal, fake_goal = (-1.0, 1.0) if ours.loss.says == "distances" else (1.0, 0.0)
    # The book's listings call predict_on_batch, the others' predict, which sets up a dataset for each call.
    predict = generator.predict_on_batch if experiment not in NOT_BY_THE_BOOK else partial(generator.predict, verbose=0)

    def latents(count: int) -> list[np.ndarray]:
        kind = draw.standard_normal if recipe.noise == "normal" else partial(draw.uniform, -1, 1)
        asked = [np.eye(CLASSES)[draw.integers(0, CLASSES, count)]] if ours.conditions else []
        return [kind(size=(count, recipe.latent_dim)), *asked]

    def discriminate() -> None:
        chosen = draw.integers(0, COUNT, recipe.batch_size)
        asked = latents(recipe.batch_size)
        real, fake = [images[chosen]], [predict(asked if ours.conditions else asked[0])]
        if ours.conditions:
            real, fake = [*real, classes[chosen]], [*fake, asked[1]]
        goals = [np.full((recipe.batch_size, 1), goal) for goal in (fake_goal, real_goal)]
        if recipe.discriminator_batches == "mixed":
            discriminator.train_on_batch(
                [np.concatenate(pair) for pair in zip(fake, real, strict=True)], np.concatenate(goals)
            )
        else:
            discriminator.train_on_batch(real, goals[1])
            discriminator.train_on_batch(fake, goals[0])
        if recipe.weight_clip:
            for layer in discriminator.layers:
                layer.set_weights(
                    [np.clip(weight, -recipe.weight_clip, recipe.weight_clip) for weight in layer.get_weights()]
                )

    def step(count: int) -> None:
        for _ in range(count):
            for _ in range(recipe.discriminator_steps):
                discriminate()
            stacked.train_on_batch(
                latents(recipe.generator_batch_size), np.full((recipe.generator_batch_size, 1), real_goal)
            )

    return step


def _players(ours: Any, recipe: Any) -> tuple[Any, Any, Any]:
    """Return generator, discriminator and the GAN stacked of both, compiled as the documents do."""
    import tensorflow as tf

    networks = (ours.generator, ours.discriminator)
    generator, discriminator = (tf.keras.models.clone_model(network, clone_function=_plain) for network in networks)
    says = ours.loss.says
    if says == "probabilities":
        discriminator = _then(discriminator, tf.keras.layers.Activation("sigmoid"))
    loss = {"probabilities": "binary_crossentropy", "scores": "mse", "distances": _wasserstein}[says]
    discriminator.compile(_optimizer(recipe, ours.network_names[1]), loss, metrics=["accuracy"])
    discriminator.trainable = False
    stacked = _stack(generator, discriminator)
    stacked.compile(_optimizer(recipe, "generator"), loss)
    return generator, discriminator, stacked


def _plain(layer):  # noqa: ANN001, ANN202 - Keras layers
    from tensorflow.keras import Sequential, layers

    config, kind = layer.get_config(), type(layer).__name__.removeprefix("Small")
    if kind == "UpSampling2D":
        config["size"] = (config["size"],) * 2
    if kind == "DoublingConv2D":
        convolution = layers.Conv2D.from_config(config | {"kernel_size": 3, "padding": "same"})
        return Sequential([layers.UpSampling2D(), convolution], name=layer.name)
    return getattr(layers, kind, type(layer)).from_config(config)


def _then(network, layer):  # noqa: ANN001, ANN202
    from tensorflow.keras import Model

    return Model(network.inputs, layer(network.output))


def _stack(generator, discriminator):  # noqa: ANN001, ANN202
    from tensorflow.keras import Model

    # A conditional discriminator is told the class that the generator was asked for.
    return Model(generator.inputs, discriminator([generator.output, *generator.inputs[1:]]))


def _wasserstein(goals, scores):  # noqa: ANN001, ANN202
    import tensorflow as tf

    return tf.reduce_mean(goals * scores)


def _optimizer(recipe: Train, network: str):  # noqa: ANN202
    import tensorflow as tf

    rule, limit = recipe.optimizers[network], {"clipvalue": recipe.gradient_clip_value}
    if rule.name == "rmsprop":
        return tf.keras.optimizers.RMSprop(rule.learning_rate, rho=rule.beta_2, **limit)
    return tf.keras.optimizers.Adam(rule.learning_rate, beta_1=rule.beta_1, **limit)


def pytorch(experiment: str) -> Step:
    """The same networks and step in PyTorch, eager, as its DCGAN tutorial writes them."""
    import torch

    recipe = settings(experiment)
    generator, discriminator = _torch_networks(experiment, recipe.latent_dim)
    images = torch.from_numpy(data().reshape(COUNT, 1, 28, 28)).float() / 127.5 - 1
    adam_g, adam_d = (
        torch.optim.Adam(net.parameters(), lr=recipe.optimizers[name].learning_rate, betas=(0.5, 0.999))
        for net, name in ((generator, "generator"), (discriminator, "discriminator"))
    )
    loss = torch.nn.BCEWithLogitsLoss()

    def step(count: int) -> None:
        size, double = recipe.batch_size, recipe.generator_batch_size
        for _ in range(count):
            real = images[torch.randint(0, COUNT, (size,))]
            generator.eval()
            with torch.no_grad():
                fake = generator(torch.rand(size, recipe.latent_dim) * 2 - 1)
            generator.train()
            labels = torch.cat([torch.ones(size, 1), torch.zeros(size, 1)])
            adam_d.zero_grad()
            loss(discriminator(torch.cat([real, fake])), labels).backward()
            adam_d.step()
            adam_g.zero_grad()
            discriminator.requires_grad_(False)
            loss(
                discriminator(generator(torch.rand(double, recipe.latent_dim) * 2 - 1)), torch.ones(double, 1)
            ).backward()
            discriminator.requires_grad_(True)
            adam_g.step()

    return step


def _torch_networks(experiment: str, latent_dim: int):  # noqa: ANN202 - torch types are optional here
    from torch import nn

    if experiment == "gan-mnist":
        generator = nn.Sequential(
            nn.Linear(latent_dim, 1200), nn.ReLU(), nn.BatchNorm1d(1200),
            nn.Linear(1200, 1000), nn.ReLU(), nn.BatchNorm1d(1000),
            nn.Linear(1000, 784), nn.Sigmoid(), nn.Unflatten(1, (1, 28, 28)),
        )  # fmt: skip
        discriminator = nn.Sequential(
            nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Dropout(0.3),
            nn.Linear(256, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 1),
        )  # fmt: skip
        return generator, discriminator
    generator = nn.Sequential(
        nn.Linear(latent_dim, 512), nn.ReLU(), nn.BatchNorm1d(512),
        nn.Linear(512, 3136), nn.ReLU(), nn.BatchNorm1d(3136), nn.Unflatten(1, (64, 7, 7)),
        nn.ConvTranspose2d(64, 32, 5, 2, 2, 1), nn.ReLU(), nn.BatchNorm2d(32),
        nn.ConvTranspose2d(32, 1, 5, 2, 2, 1), nn.Tanh(),
    )  # fmt: skip
    discriminator = nn.Sequential(
        nn.Conv2d(1, 32, 5, 2, 2), nn.LeakyReLU(0.2), nn.Conv2d(32, 64, 5, 2, 2), nn.LeakyReLU(0.2),
        nn.Flatten(), nn.Linear(3136, 512), nn.LeakyReLU(0.2), nn.Linear(512, 1),
    )  # fmt: skip
    return generator, discriminator


def matmul_peak() -> Step:
    """A float32 matrix product of TensorFlow's, 2 * 2048^3 operations a step: what the processor can do."""
    import tensorflow as tf

    product = tf.function(lambda a, b: tf.reduce_sum(tf.matmul(a, b)))
    a, b = (tf.random.stateless_normal((2048, 2048), [0, i]) for i in range(2))

    def step(count: int) -> None:
        for _ in range(count):
            product(a, b).numpy()

    return step


def flops(experiment: str) -> int:
    """Return the multiplications and additions of one training step's matrix products and convolutions."""
    from ganline import models

    recipe = settings(experiment)
    return flops_of(models.build(recipe, SHAPE, seed=0, classes=CLASSES), recipe)


def flops_of(model, recipe) -> int:  # noqa: ANN001
    """Return the same of a model that is built."""
    g_layers, d_layers = (
        [_layer_flops(layer) for layer in net.layers] for net in (model.generator, model.discriminator)
    )
    # A backward pass costs two forward ones, less the gradient that the first layer's input does not need.
    g_first, d_first = (next(filter(None, layers)) for layers in (g_layers, d_layers))
    real, made = recipe.batch_size * recipe.discriminator_steps, recipe.generator_batch_size
    d_step = real * sum(g_layers) + 2 * real * (3 * sum(d_layers) - d_first)
    g_step = made * (3 * sum(g_layers) - g_first + 2 * sum(d_layers))
    return d_step + g_step


def _layer_flops(layer) -> int:  # noqa: ANN001 - a Keras layer
    if not hasattr(layer, "kernel"):
        return 0
    weights = int(np.prod(layer.kernel.shape))
    if len(layer.kernel.shape) == 2:
        return 2 * weights
    # A transposed convolution applies its kernel at every position of its input, a convolution of its output.
    shape = layer.input_shape if "Transpose" in type(layer).__name__ else layer.output_shape
    return 2 * weights * shape[1] * shape[2]
