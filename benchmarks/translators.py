"""The same training step of a translator, as different users would write it. Each builder returns step(count) -> None.

All take an experiment and values that differ from its preset, such as prepare.size=64; data are random pixels in
memory: the values do not change how long a step takes.
"""

from collections.abc import Callable

import cv2
import numpy as np

from benchmarks.contenders import _layer_flops, _optimizer, _plain, flops_of
from ganline.catalogue.presets import compose_params
from ganline.settings.schema import Params

Step = Callable[[int], None]
COUNT = 200


def params_of(experiment: str, *overrides: str) -> Params:
    """Return the parameters of the experiment; where its data is does not matter."""
    return compose_params(experiment, ["download.source=.", *overrides])


def pairs(params: Params) -> tuple[np.ndarray, np.ndarray | None]:
    """Return uint8 images and their partners; None where inputs are made of the images."""
    draw, size = np.random.default_rng(0), params.prepare.size
    images = draw.integers(0, 256, (COUNT, size, size, params.prepare.channels), np.uint8)
    if params.train.input != "partner":
        return images, None
    return images, draw.integers(0, 256, (COUNT, size, size, params.prepare.pairs.channels), np.uint8)


def built(params: Params):  # noqa: ANN201 - TensorFlow is not loaded here
    """Return our model with new weights."""
    from ganline.training import stand_in

    return stand_in.model_of(params)


def translator_ganline(experiment: str, precision: str, *overrides: str) -> Step:
    """Ours: compiled steps, pairs on the device as uint8, determinism on."""
    import tensorflow as tf

    from ganline.core.determinism import configure
    from ganline.datasets.inputs import derived
    from ganline.training.batches import Feed
    from ganline.training.loop import compile_steps, make_graph

    params = params_of(experiment, f"compute.precision={precision}", *overrides)
    configure(params.compute.precision, params.compute.deterministic)
    model = built(params)
    model.make_optimizers()
    images, partners = pairs(params)
    data = {"image": images, "input": derived(params) if partners is None else partners}
    feed = Feed(data, model.batch_size, params.train.sampling, seed=0)
    run = compile_steps(model, feed, params.compute.xla)
    made = False

    def step(count: int) -> None:
        nonlocal made
        if not made:  # not before: what that takes counts
            make_graph(run, feed.chunk(0, 1))
            made = True
        run(feed.chunk(0, count), tf.constant(0, tf.int64))["g_loss"].numpy()

    return step


def translator_keras(experiment: str, *overrides: str) -> Step:
    """The book's own loop: a batch loader, predict_on_batch, and train_on_batch for D twice and for the stacked GAN."""
    import tensorflow as tf

    params = params_of(experiment, *overrides)
    recipe, ours = params.train, built(params)
    generator, judge = (
        tf.keras.models.clone_model(network, clone_function=_plain) for network in (ours.generator, ours.discriminator)
    )
    judge.compile(_optimizer(recipe, "discriminator"), "mse", metrics=["accuracy"])
    judge.trainable = False
    given = tf.keras.Input(generator.input_shape[1:])
    made = generator(given)
    stacked = tf.keras.Model(given, [judge([given, made]), made])
    stacked.compile(_optimizer(recipe, "generator"), ["mse", "mae"], loss_weights=[1, recipe.l1_weight])
    images, partners = pairs(params)
    draw = np.random.default_rng(0)

    def load(count: int) -> tuple[np.ndarray, np.ndarray]:
        chosen = draw.choice(COUNT, count)
        sources = (
            np.stack([cv2.cvtColor(images[i], cv2.COLOR_RGB2GRAY) for i in chosen])[..., None]
            if partners is None
            else partners[chosen]
        )
        return (sources - 127.5) / 127.5, (images[chosen] - 127.5) / 127.5

    def patches(count: int, value: float) -> np.ndarray:
        return np.full((count, *judge.output_shape[1:]), value)

    def step(count: int) -> None:
        for _ in range(count):
            sources, targets = load(recipe.batch_size)
            fakes = generator.predict_on_batch(sources)
            judge.train_on_batch([sources, targets], patches(len(sources), 1.0))
            judge.train_on_batch([sources, fakes], patches(len(sources), 0.0))
            sources, targets = load(recipe.generator_batch_size)
            stacked.train_on_batch(sources, [patches(len(sources), 1.0), targets])

    return step


def two_domains_keras(experiment: str, *overrides: str) -> Step:
    """The book's own loop for CycleGAN and DiscoGAN: predictions, train_on_batch for each D twice and for both Gs."""
    import tensorflow as tf

    params = params_of(experiment, *overrides)
    recipe, ours = params.train, built(params)
    to_b, judge_b, to_a, judge_a = (
        tf.keras.models.clone_model(ours.networks[name], clone_function=_plain) for name in ours.network_names
    )
    for judge in (judge_a, judge_b):
        judge.compile(_optimizer(recipe, "discriminator"), "mse", metrics=["accuracy"])
        judge.trainable = False
    a, b = (tf.keras.Input(to_b.input_shape[1:]) for _ in range(2))
    fake_a, fake_b = to_a(b), to_b(a)
    # Output, its loss, its weight, and what it is held against: ones, a or b.
    rows = [(judge_a(fake_a), "mse", 1.0, "ones"), (judge_b(fake_b), "mse", 1.0, "ones")]
    if recipe.target_weight:
        rows += [(fake_b, "mae", recipe.target_weight, "b"), (fake_a, "mae", recipe.target_weight, "a")]
    rows += [(to_a(fake_b), "mae", recipe.cycle_weight, "a"), (to_b(fake_a), "mae", recipe.cycle_weight, "b")]
    if recipe.identity_weight:
        rows += [(to_a(a), "mae", recipe.identity_weight, "a"), (to_b(b), "mae", recipe.identity_weight, "b")]
    outputs, losses, weights, goals = (list(column) for column in zip(*rows, strict=True))
    combined = tf.keras.Model([a, b], outputs)
    combined.compile(_optimizer(recipe, "generator"), losses, loss_weights=weights)
    domain_b, domain_a = pairs(params)
    assert domain_a is not None
    draw = np.random.default_rng(0)
    ones = np.ones((recipe.batch_size, *judge_a.output_shape[1:]))

    def step(count: int) -> None:
        for _ in range(count):
            given = {
                name: (pictures[draw.choice(COUNT, recipe.batch_size)] - 127.5) / 127.5
                for name, pictures in (("a", domain_a), ("b", domain_b))
            }
            fakes = {"a": to_a.predict_on_batch(given["b"]), "b": to_b.predict_on_batch(given["a"])}
            for judge, domain in ((judge_a, "a"), (judge_b, "b")):
                judge.train_on_batch(given[domain], ones)
                judge.train_on_batch(fakes[domain], 0 * ones)
            combined.train_on_batch([given["a"], given["b"]], [({"ones": ones} | given)[goal] for goal in goals])

    return step


def super_resolution_keras(experiment: str, *overrides: str) -> Step:
    """The book's own loop for SRGAN: VGG19 in the model that is stacked, and a fresh pair for each network."""
    import tensorflow as tf

    params = params_of(experiment, *overrides)
    recipe, ours = params.train, built(params)
    generator, judge = (
        tf.keras.models.clone_model(network, clone_function=_plain) for network in (ours.generator, ours.discriminator)
    )
    judge = tf.keras.Model(judge.inputs, tf.keras.layers.Activation("sigmoid")(judge.output))
    judge.compile(_optimizer(recipe, "discriminator"), "mse", metrics=["accuracy"])
    judge.trainable = False
    seen = tf.keras.Input(judge.input_shape[1:])
    sees = tf.keras.Model(seen, tf.keras.layers.Lambda(ours.perception)(seen))
    given = tf.keras.Input(generator.input_shape[1:])
    made = generator(given)
    stacked = tf.keras.Model(given, [judge(made), sees(made)])
    weights = [recipe.adversarial_weight, recipe.content_weight]
    stacked.compile(_optimizer(recipe, "generator"), ["binary_crossentropy", "mse"], loss_weights=weights)
    images, _ = pairs(params)
    draw = np.random.default_rng(0)

    def load() -> tuple[np.ndarray, np.ndarray]:
        large = [images[i] for i in draw.choice(COUNT, recipe.batch_size)]
        small = [cv2.resize(image, generator.input_shape[1:3], interpolation=cv2.INTER_AREA) for image in large]
        return (np.stack(small) - 127.5) / 127.5, (np.stack(large) - 127.5) / 127.5

    ones = np.ones((recipe.batch_size, *judge.output_shape[1:]))

    def step(count: int) -> None:
        for _ in range(count):
            small, large = load()
            fakes = generator.predict_on_batch(small)
            judge.train_on_batch(large, ones)
            judge.train_on_batch(fakes, 0 * ones)
            small, large = load()
            stacked.train_on_batch(small, [ones, sees.predict_on_batch(large)])

    return step


def flops(experiment: str, *overrides: str) -> int:
    """Return the multiplications and additions of one training step's convolutions."""
    params = params_of(experiment, *overrides)
    ours, recipe = built(params), params.train
    if ours.perception:
        # VGG is looked through twice, and once backwards to the generator's image.
        return flops_of(ours, recipe) + 3 * recipe.batch_size * perceived_flops(ours)
    if ours.back is None:
        return flops_of(ours, recipe)
    # Of each generator: passes over new pictures, over the other's translations, and all they cost backwards.
    passes = 2 + (recipe.identity_weight > 0)
    generators, judges = (
        sum(_layer_flops(layer) for layer in network.layers) for network in (ours.generator, ours.discriminator)
    )
    return 2 * recipe.batch_size * (3 * passes * generators + (2 * 3 + 2) * judges)


def perceived_flops(ours) -> int:  # noqa: ANN001 - a model
    """Return the multiplications and additions of its perception's convolutions for one image."""
    from ganline.training.stand_in import vgg_blocks

    side = ours.image_shape[0]
    return sum(
        2 * 9 * before * width * (side >> i) ** 2
        for i, block in enumerate(vgg_blocks(ours.perceives))
        for before, width in block
    )
