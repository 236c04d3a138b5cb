"""Adversarial losses: one small set for every noise-to-image model.

Each loss judges what the discriminator says of real and of generated images apart, an example at a time, so that a
training step may show them in one batch or in two. D(x) is the discriminator's output: a logit, a free score, or
(BEGAN) an image's reconstruction error. Expectations are means over the batch; everything is minimised.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import tensorflow as tf

from ganline.core.random import uniform

Scores: TypeAlias = tf.Tensor
"""float32 (N, 1)."""


class Loss(NamedTuple):
    """How the scores of a batch become losses, float32 (N, 1) each."""

    real: Callable[[Scores, Scores], Scores]
    """Of the scores of real images and their targets."""
    fake: Callable[[Scores, Scores], Scores]
    """Of the scores of generated images and their targets."""
    generator: Callable[[Scores], Scores]
    """Of the scores of generated images, for the generator."""
    share: float
    """Weight of each side in the discriminator's loss: 1/2 where documents print the mean over both, 1 for the sum."""
    boundary: float | None
    """The score above which an image counts as real; None where scores have no absolute meaning."""
    probability: bool = False
    """Whether the sigmoid of a score is the probability of being real."""


def cross_entropy(scores: Scores, targets: Scores) -> Scores:
    """Return -t log D - (1 - t) log(1 - D) of logits against targets in [0, 1]; exact for logits of any size."""
    return tf.nn.sigmoid_cross_entropy_with_logits(targets, scores)


def squared(scores: Scores, targets: Scores) -> Scores:
    """Return (D - t)^2."""
    return tf.math.squared_difference(scores, targets)


def deceive(scores: Scores) -> Scores:
    """Return -log D: the generator's non-saturating loss."""
    return cross_entropy(scores, tf.ones_like(scores))


def saturating(scores: Scores) -> Scores:
    """Return log(1 - D), flat where the discriminator is sure."""
    return -cross_entropy(scores, tf.zeros_like(scores))


def near_one(scores: Scores) -> Scores:
    """Return (D - 1)^2."""
    return squared(scores, tf.ones_like(scores))


def plus(scores: Scores, targets: Scores | None = None) -> Scores:
    """Return D."""
    return scores


def minus(scores: Scores, targets: Scores | None = None) -> Scores:
    """Return -D."""
    return -scores


def above_one(scores: Scores, targets: Scores) -> Scores:
    """Return max(0, 1 - D)."""
    return tf.nn.relu(1 - scores)


def below_minus_one(scores: Scores, targets: Scores) -> Scores:
    """Return max(0, 1 + D)."""
    return tf.nn.relu(1 + scores)


LOSSES = {
    # Goodfellow et al. 2014: max_D E log D(x) + E log(1 - D(G(z))); G minimises -E log D(G(z)).
    "non_saturating": Loss(cross_entropy, cross_entropy, deceive, 0.5, 0.0, probability=True),
    # Goodfellow et al. 2014, the game as first stated: G minimises E log(1 - D(G(z))).
    "minimax": Loss(cross_entropy, cross_entropy, saturating, 0.5, 0.0, probability=True),
    # Arjovsky et al. 2017: D minimises -E D(x) + E D(G(z)) under a Lipschitz bound (train.weight_clip); G -E D(G(z)).
    "wasserstein": Loss(minus, plus, minus, 0.5, None),
    # Gulrajani et al. 2017: the same, the bound kept by 10 E (|grad D(x^)| - 1)^2 at x^ between real and generated.
    "wasserstein_gp": Loss(minus, plus, minus, 1.0, None),
    # Mao et al. 2017: D minimises E (D(x) - 1)^2 + E D(G(z))^2, G E (D(G(z)) - 1)^2; linear output.
    "least_squares": Loss(squared, squared, near_one, 0.5, 0.5),
    # Kodali et al. 2017: minimax, plus 10 E (|grad D(x^)| - 1)^2 at x^ = x + noise: that of their code
    # (see `around`), where the table of Lucic et al. 2018 has normal noise.
    "dragan": Loss(cross_entropy, cross_entropy, saturating, 0.5, 0.0, probability=True),
    # Lim and Ye 2017, Miyato et al. 2018: D minimises E max(0, 1 - D(x)) + E max(0, 1 + D(G(z))), G -E D(G(z)).
    "hinge": Loss(above_one, below_minus_one, minus, 1.0, 0.0),
    # Berthelot et al. 2017: D is an autoencoder, its score the error |x - D(x)|; D minimises E s(x) - k E s(G(z)),
    # G E s(G(z)); the step that trains it multiplies the generated side by k and moves k (see `began_balance`).
    "began": Loss(plus, minus, plus, 1.0, None),
}
PENALISED = ("wasserstein_gp", "dragan")

DIVERSITY_RATIO = 0.5
"""BEGAN's gamma = E s(G(z)) / E s(x) at balance; the paper draws faces with 0.3 to 0.7, less gives less variety."""
BALANCE_RATE = 0.001
"""BEGAN's lambda_k, as in the paper."""


def began_balance(balance: tf.Tensor, on_real: tf.Tensor, on_fake: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return BEGAN's next k in [0, 1] and its measure of convergence M = s(x) + |gamma s(x) - s(G(z))|.

    Args:
        balance: k, float32 scalar.
        on_real: mean reconstruction error of real images, float32 scalar.
        on_fake: the same of generated images.
    """
    short = DIVERSITY_RATIO * on_real - on_fake
    return tf.clip_by_value(balance + BALANCE_RATE * short, 0.0, 1.0), on_real + tf.abs(short)


def gradient_penalty(score: Callable[[tf.Tensor], Scores], images: tf.Tensor) -> tf.Tensor:
    """Return E (|grad_x D(x)|_2 - 1)^2 over images float32 (N, H, W, C), the norm over all of an image's pixels."""
    with tf.GradientTape() as tape:
        tape.watch(images)
        total = tf.reduce_sum(score(images))
    squares = tf.reduce_sum(tape.gradient(total, images) ** 2, axis=[1, 2, 3])
    # The root's own gradient is infinite at 0, where a critic that ignores its input would turn weights into NaN.
    return tf.reduce_mean((tf.sqrt(squares + 1e-12) - 1) ** 2)


def between(real: tf.Tensor, fake: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
    """Return a point on the line from each real image to a generated one, drawn uniformly for each (WGAN-GP)."""
    share = uniform((real.shape[0], 1, 1, 1), key)
    return share * real + (1 - share) * fake


def around(real: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
    """Return real images moved by up to half their standard deviation, a uniform draw for each pixel (DRAGAN)."""
    return real + 0.5 * tf.math.reduce_std(real) * uniform(tf.shape(real), key)
