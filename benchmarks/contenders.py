"""The same GAN training step, written as different users would write it. Each builder returns step(count) -> None."""

import os
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from ganline.catalogue import compose_params
from ganline.params import Train

Step = Callable[[int], None]
SHAPE = (28, 28, 1)
COUNT = 60_000


def data() -> np.ndarray:
    """Return uint8 images (60000, 28, 28, 1): the values do not change how long a step takes."""
    return np.random.default_rng(0).integers(0, 256, (COUNT, *SHAPE), np.uint8)


def settings(experiment: str) -> Train:
    """Return the experiment's recipe."""
    return compose_params(experiment).train


def ganline(experiment: str, precision: str) -> Step:
    """Ours: compiled steps, data on the device, determinism on."""
    import tensorflow as tf

    from ganline import models
    from ganline.compute import configure
    from ganline.training.feed import Feed
    from ganline.training.loop import compile_steps

    params = compose_params(experiment, [f"compute.precision={precision}"])
    configure(params.compute)
    model = models.build(params.train, SHAPE, seed=0)
    model.make_optimizers()
    feed = Feed({"image": data()}, params.train.batch_size, params.train.sampling, seed=0)
    run = compile_steps(model, feed, params.compute.xla)

    def step(count: int) -> None:
        # The indices are made inside the timed part, as in training.
        run(feed.chunk(0, count), tf.constant(0, tf.int64))["g_loss"].numpy()

    return step


def keras(experiment: str) -> Step:
    """The documents' own loop: predict fakes, stack them on reals, train_on_batch for D and for the stacked GAN."""
    import tensorflow as tf
    from tensorflow.keras import Sequential, layers

    from ganline import models

    recipe = settings(experiment)
    ours = models.build(recipe, SHAPE, seed=0)
    low, high = ours.image_range
    images = (data() / 255 * (high - low) + low).astype(np.float32)

    def plain(layer: tf.keras.layers.Layer) -> tf.keras.layers.Layer:
        return getattr(layers, type(layer).__name__).from_config(layer.get_config())

    def adam(network: str) -> tf.keras.optimizers.Optimizer:
        chosen = recipe.optimizers[network]
        return tf.keras.optimizers.Adam(chosen.learning_rate, beta_1=chosen.beta_1)

    generator = Sequential([layers.Input((recipe.latent_dim,)), *map(plain, ours.networks["generator"].layers)])
    hidden = map(plain, ours.networks["discriminator"].layers)
    discriminator = Sequential([layers.Input(SHAPE), *hidden, layers.Activation("sigmoid")])
    discriminator.compile(adam("discriminator"), "binary_crossentropy", metrics=["accuracy"])
    discriminator.trainable = False
    stacked = Sequential([generator, discriminator])
    stacked.compile(adam("generator"), "binary_crossentropy")
    draw = np.random.default_rng(0)

    def step(count: int) -> None:
        size, double = recipe.batch_size, recipe.generator_batch_size
        for _ in range(count):
            real = images[draw.integers(0, COUNT, size)]
            fake = generator.predict(draw.uniform(-1, 1, (size, recipe.latent_dim)), verbose=0)
            labels = np.concatenate([np.ones((size, 1)), np.zeros((size, 1))])
            discriminator.train_on_batch(np.concatenate([real, fake]), labels)
            stacked.train_on_batch(draw.uniform(-1, 1, (double, recipe.latent_dim)), np.ones((double, 1)))

    return step


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
    networks = models.build(recipe, SHAPE, seed=0).networks
    forward = {name: [_layer_flops(layer) for layer in network.layers] for name, network in networks.items()}
    total = {name: sum(layers) for name, layers in forward.items()}
    first = {name: next(f for f in layers if f) for name, layers in forward.items()}
    real, made = recipe.batch_size, recipe.generator_batch_size
    # A backward pass costs two forward ones, less the gradient that the first layer's input does not need.
    d_step = real * total["generator"] + 2 * real * (3 * total["discriminator"] - first["discriminator"])
    g_step = made * (3 * total["generator"] - first["generator"] + 2 * total["discriminator"])
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
