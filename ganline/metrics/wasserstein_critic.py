"""Wasserstein distance by an independent critic: how far apart a new critic can tell two sets.

Danihelka et al. 2017, "Comparison of Maximum Likelihood and GAN-based Training of Real NVPs"; the critic is WGAN-GP's
(Gulrajani et al. 2017, "Improved Training of Wasserstein GANs"), a small network of the features. Half of both sets
trains it,

    loss = mean D(fake) - mean D(real) + 10 mean (|grad D(x)| - 1)^2    x on straight lines from real to fake,

and the other half, which it never saw, is judged:

    distance = (mean D(real) - mean D(fake)) / mean |grad D|.

The division is not in the papers: the penalty lets the critic be the steeper the further apart the sets are (by 40 % at
a distance of 8), and without it the distance would be too large by as much.

How to read it: about 0 for equal distributions (and then negative as often as positive), more is worse, in units of
feature distance. It sees more than the mean and covariance that the Frechet distance knows. A critic that learned on
its own half by heart gains nothing on the other. It is a lower bound, as good as its training: small differences in
many dimensions go unseen where images are few, so it is blunter than that distance.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ganline.core.random import generator, key
from ganline.metrics import checks
from ganline.metrics.record import Case, Measure, Number, error_of

UNITS = 128
STEPS = 800
BATCH = 256
LEARNING_RATE = 1e-3
PENALTY = 10.0


class Critic(NamedTuple):
    """The distance on the held-out halves, and its standard error as far as those images go."""

    distance: float
    standard_error: float


def wasserstein_critic(real: np.ndarray, fake: np.ndarray, seed: int) -> Critic:
    """Return a trained critic's estimate of the Wasserstein-1 distance of features (N, d) and (M, d).

    A pure function of its arguments on one kind of machine. It switches TensorFlow's determinism on for the process.

    Raises:
        ValueError: not two finite matrices of as many dimensions, fewer than 20 images in one, or real features that
            are all equal.
    """
    measure = "Wasserstein critic"
    real, fake = checks.pair(real, fake, measure, rows=20)
    random = generator(seed, "wasserstein_critic")
    (real_train, real_test), (fake_train, fake_test) = (
        np.array_split(features[random.permutation(len(features))], 2) for features in (real, fake)
    )
    # One scale for all dimensions: a distance scales with it.
    centre, scale = real_train.mean(axis=0), float(np.sqrt(real_train.var(axis=0).mean()))
    if not scale > 0:
        raise ValueError(f"{measure}: the real features are all equal")
    critic = _trained((real_train - centre) / scale, (fake_train - centre) / scale, seed)
    real_test, fake_test = ((part - centre) / scale for part in (real_test, fake_test))
    count = min(len(real_test), len(fake_test))
    share = random.random((count, 1))
    _, slopes = critic(share * real_test[:count] + (1.0 - share) * fake_test[:count])
    on_real, on_fake = (critic(part)[0] * (scale / slopes.mean()) for part in (real_test, fake_test))
    error = np.sqrt(on_real.var(ddof=1) / len(on_real) + on_fake.var(ddof=1) / len(on_fake))
    return Critic(float(on_real.mean() - on_fake.mean()), float(error))


def _trained(real: np.ndarray, fake: np.ndarray, seed: int) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return a critic trained to be high on `real` and low on `fake`: features (n, d) -> values (n,), slopes (n,)."""
    import tensorflow as tf  # here, not above: nothing else in this file needs it

    from ganline.core.determinism import be_deterministic

    be_deterministic()
    sizes = (real.shape[1], UNITS, UNITS, 1)
    purposes = ("wasserstein_critic/real", "wasserstein_critic/fake", "wasserstein_critic/between")
    sets = [tf.constant(features, tf.float32) for features in (real, fake)]

    def critic(points: tf.Tensor, weights: list[tf.Tensor]) -> tf.Tensor:
        for kernel, bias in zip(weights[:4:2], weights[1:4:2], strict=True):
            points = tf.nn.leaky_relu(points @ kernel + bias)
        return (points @ weights[4])[:, 0]

    def judged(points: tf.Tensor, weights: list[tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(points)
            values = critic(points, weights)
        return values, tf.norm(tape.gradient(values, points), axis=1)

    def step(i: tf.Tensor, weights: list[tf.Tensor], squares: list[tf.Tensor]) -> tuple:
        keys = [key(seed, purpose, i) for purpose in purposes]
        some_real, some_fake = (
            tf.gather(points, tf.random.stateless_uniform([BATCH], rows, 0, len(points), tf.int32))
            for points, rows in zip(sets, keys[:2], strict=True)
        )
        share = tf.random.stateless_uniform([BATCH, 1], keys[2])
        with tf.GradientTape() as tape:
            tape.watch(weights)
            _, slopes = judged(share * some_real + (1.0 - share) * some_fake, weights)
            penalty = PENALTY * tf.reduce_mean(tf.square(slopes - 1.0))
            loss = tf.reduce_mean(critic(some_fake, weights)) - tf.reduce_mean(critic(some_real, weights)) + penalty
        gradients = tape.gradient(loss, weights)
        # Adam (Kingma & Ba 2015) without momentum, as WGAN-GP has it, its rate falling to 0. Weights are passed on, not
        # assigned to variables: an update of a variable can overtake what still reads it, and equal runs would differ.
        done = tf.cast(i, tf.float32)
        squares = [0.9 * square + 0.1 * tf.square(g) for square, g in zip(squares, gradients, strict=True)]
        rate = LEARNING_RATE * (1.0 - done / STEPS) * tf.sqrt(1.0 - 0.9 ** (done + 1.0))
        weights = [w - rate * g / (tf.sqrt(s) + 1e-8) for w, g, s in zip(weights, gradients, squares, strict=True)]
        return i + 1, weights, squares

    @tf.function(autograph=False)
    def train() -> list[tf.Tensor]:
        weights = []
        for i, shape in enumerate(pairwise(sizes)):
            draw = tf.random.stateless_normal(shape, key(seed, "wasserstein_critic/weights", i))
            weights += [draw * (2.0 / shape[0]) ** 0.5, tf.zeros(shape[1])]
        weights.pop()  # a bias at the end would move all values alike
        first = (tf.constant(0), weights, [tf.zeros_like(weight) for weight in weights])
        return tf.while_loop(lambda i, *_: i < STEPS, step, first)[1]

    trained = train()

    def judge(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values, slopes = judged(tf.constant(points, tf.float32), trained)
        return values.numpy().astype(np.float64), slopes.numpy().astype(np.float64)

    return judge


def _wasserstein_critic(case: Case) -> dict[str, float]:
    found = wasserstein_critic(case.real.features, case.sample.features, case.seed)
    return {"wasserstein_critic": found.distance, "wasserstein_critic_stderr": found.standard_error}


MEASURE = Measure(
    name="wasserstein_critic",
    numbers={
        "wasserstein_critic": Number(
            "Wasserstein critic",
            "quality",
            "lower",
            "About 0 for equal distributions, and then negative as often as positive; more is worse, in feature "
            "distance: how far apart a new critic can tell fakes and real images it never saw.",
        ),
        "wasserstein_critic_stderr": error_of(
            "Wasserstein critic", "wasserstein_critic", "over the judged images, not over critics"
        ),
    },
    compute=_wasserstein_critic,
    answers="How far apart can an independent critic tell fakes and real images?",
    misleads="A lower bound, as good as the critic's training: small differences go unseen where images are few.",
    source="Danihelka et al. 2017, Comparison of Maximum Likelihood and GAN-based Training of Real NVPs; Gulrajani "
    "et al. 2017, Improved Training of Wasserstein GANs",
    cost="4 s",
    protocol=lambda case: {"critic_steps": STEPS, "halves": "one trains the critic, the other is judged"},
)
