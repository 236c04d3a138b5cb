"""The training step of translators as the book's own loops have it, in Keras; see benchmarks.documents."""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from benchmarks.contenders import Step, pictures
from benchmarks.document_parts import OBJECTIVES, cloned, optimizer, signed
from ganline.settings.schema import Params


def pix2pix(params: Params, ours: Any) -> Step:
    """The discriminator sees inputs and images, and the generator is held to the image by its absolute error."""
    recipe: Any = params.train
    generator, judge, stacked = _translating(ours, recipe, [lambda made: made], ["mae"], [1, recipe.l1_weight])
    images, partners = pictures(params)
    draw = np.random.default_rng(0)

    def load(count: int) -> tuple[list[np.ndarray], ...]:
        chosen = draw.choice(len(images), count)
        if partners is None:
            given = np.stack([cv2.cvtColor(images[i], cv2.COLOR_RGB2GRAY) for i in chosen])[..., None]
        else:
            given = partners[chosen]
        given, target = signed(given), signed(images[chosen])
        return [given], [target], [target]

    return _in_turn(recipe, generator, judge, stacked, load)


def super_resolution(params: Params, ours: Any) -> Step:
    """SRGAN: VGG19 is in the model that is stacked."""
    recipe: Any = params.train
    sees = _seeing(ours)
    weights = [recipe.adversarial_weight, recipe.content_weight]
    generator, judge, stacked = _translating(ours, recipe, [sees], ["mse"], weights)
    images, draw = pictures(params)[0], np.random.default_rng(0)

    def load(count: int) -> tuple[list[np.ndarray], ...]:
        large = images[draw.choice(len(images), count)]
        small = [cv2.resize(image, ours.input_shape[:2], interpolation=cv2.INTER_AREA) for image in large]
        target = signed(large)
        return [signed(np.stack(small))], [target], [sees.predict_on_batch(target)]

    return _in_turn(recipe, generator, judge, stacked, load)


def context_encoder(params: Params, ours: Any) -> Step:
    """The square that is hidden is what the discriminator sees; both networks learn of one batch."""
    recipe: Any = params.train
    weights, side = [recipe.adversarial_weight, recipe.reconstruction_weight], recipe.hole_size
    generator, judge, stacked = _translating(ours, recipe, [lambda made: made], ["mse"], weights)
    images, draw = signed(pictures(params)[0]), np.random.default_rng(0)

    def load(count: int) -> tuple[list[np.ndarray], ...]:
        shown = images[draw.choice(len(images), count)]  # a copy
        hidden = np.empty((count, side, side, shown.shape[3]))
        for image, square in zip(shown, hidden, strict=True):
            row, column = draw.integers(0, image.shape[0] - side, 2)
            square[:] = image[row : row + side, column : column + side]
            image[row : row + side, column : column + side] = 0
        return [shown], [hidden], [hidden]

    return _in_turn(recipe, generator, judge, stacked, load, fresh=False)


def cartoon(params: Params, ours: Any) -> Step:
    """CartoonGAN: a third batch for the discriminator, and VGG19 in two losses; both networks learn of one batch.

    Edges are smoothed as ours are, where the document walks through their pixels in Python.
    """
    import tensorflow as tf

    from ganline.datasets.edges import smoothed

    recipe: Any = params.train
    sees = _seeing(ours)

    def perceived(wanted: Any, made: Any) -> Any:
        return tf.reduce_mean(tf.abs(sees(wanted) - sees(made)))

    weights = [recipe.adversarial_weight, recipe.content_weight, recipe.style_weight]
    losses = [perceived, perceived]
    generator, judge, stacked = _translating(ours, recipe, [lambda made: made] * 2, losses, weights)
    cartoons, selfies = pictures(params)
    assert selfies is not None
    draw, amount = np.random.default_rng(0), recipe.sharpening

    def sharpened(image: np.ndarray) -> np.ndarray:
        made = (amount + 1) * image - amount * cv2.GaussianBlur(image, (5, 5), 1.0)
        return made.clip(0, 255).round().astype(np.uint8)

    def load(count: int) -> tuple[list[np.ndarray], ...]:
        selfie, cartoon = ([pool[i] for i in draw.choice(len(pool), count)] for pool in (selfies, cartoons))
        sharp, drawn = ([sharpened(image) for image in images] for images in (selfie, cartoon))
        blurred = [smoothed(image) for image in cartoon]
        given, sharp, drawn, blurred = (signed(np.stack(images)) for images in (selfie, sharp, drawn, blurred))
        return [given, sees.predict_on_batch(drawn)], [drawn, blurred], [sharp, drawn]

    return _in_turn(recipe, generator, judge, stacked, load, fresh=False)


def _translating(
    ours: Any, recipe: Any, views: list[Callable[[Any], Any]], losses: list[Any], weights: list[float]
) -> tuple[Any, Any, Any]:
    """Return generator, discriminator and what stacks both, compiled: its outputs are the score and the views of what
    is made, with their losses, and a weight each."""
    import tensorflow as tf

    generator, judge = cloned(ours.generator), cloned(ours.discriminator)
    on_judge, on_generator = OBJECTIVES[recipe.loss]
    if ours.loss.says == "probabilities":
        judge = tf.keras.Model(judge.inputs, tf.keras.layers.Activation("sigmoid")(judge.output))
    judge.compile(optimizer(recipe, "discriminator"), on_judge, metrics=["accuracy"])
    judge.trainable = False
    made = generator.output
    score = judge([*generator.inputs, made][-len(judge.inputs) :])
    stacked = tf.keras.Model(generator.inputs, [score, *(view(made) for view in views)])
    stacked.compile(optimizer(recipe, "generator"), [on_generator, *losses], loss_weights=weights)
    return generator, judge, stacked


def _in_turn(
    recipe: Any, generator: Any, judge: Any, stacked: Any, load: Callable[[int], tuple[Any, ...]], fresh: bool = True
) -> Step:
    """Return the step: the discriminator on real images, on false ones, on what is made, and then the generator.

    `load` gives what the generator takes, what is shown as real and as false, and what the generator aims at beside the
    score; the generator learns of a fresh batch or of the same.
    """

    def step(count: int) -> None:
        for _ in range(count):
            given, shown, goals = load(recipe.batch_size)
            made = generator.predict_on_batch(given)
            for i, images in enumerate([*shown, made]):
                aim = np.full((len(images), *judge.output_shape[1:]), float(i == 0))
                judge.train_on_batch([*given, images][-len(judge.inputs) :], aim)
            if fresh:
                given, _, goals = load(recipe.generator_batch_size)
            stacked.train_on_batch(given, [np.ones((len(given[0]), *judge.output_shape[1:])), *goals])

    return step


def two_domains(params: Params, ours: Any) -> Step:
    """CycleGAN and DiscoGAN: predictions, train_on_batch for each D twice and for both Gs."""
    import tensorflow as tf

    recipe: Any = params.train
    to_b, judge_b, to_a, judge_a = (cloned(ours.networks[name]) for name in ours.network_names)
    for judge in (judge_a, judge_b):
        judge.compile(optimizer(recipe, "discriminator"), "mse", metrics=["accuracy"])
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
    combined.compile(optimizer(recipe, "generator"), losses, loss_weights=weights)
    domain_b, domain_a = pictures(params)
    assert domain_a is not None
    draw = np.random.default_rng(0)
    ones = np.ones((recipe.batch_size, *judge_a.output_shape[1:]))

    def step(count: int) -> None:
        for _ in range(count):
            given = {
                name: signed(images[draw.choice(len(images), recipe.batch_size)])
                for name, images in (("a", domain_a), ("b", domain_b))
            }
            fakes = {"a": to_a.predict_on_batch(given["b"]), "b": to_b.predict_on_batch(given["a"])}
            for judge, domain in ((judge_a, "a"), (judge_b, "b")):
                judge.train_on_batch(given[domain], ones)
                judge.train_on_batch(fakes[domain], 0 * ones)
            combined.train_on_batch([given["a"], given["b"]], [({"ones": ones} | given)[goal] for goal in goals])

    return step


def _seeing(ours: Any) -> Any:
    import tensorflow as tf

    seen = tf.keras.Input(ours.image_shape)
    return tf.keras.Model(seen, tf.keras.layers.Lambda(ours.perception)(seen))
