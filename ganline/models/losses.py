"""Adversarial losses: one class each, for every model whose networks play against each other.

Each loss judges what the discriminator says of real and of generated images apart, an example at a time, so that a
training step may show them in one batch or in two. D(x) is the discriminator's output: a logit, a free score, or
(BEGAN) an image's reconstruction error. Expectations are means over the batch; everything is minimised.

A new loss is one class here, whose literals ganline/models/facts.py reads without importing TensorFlow.
"""

from collections.abc import Callable
from typing import TypeAlias

import tensorflow as tf

from ganline.core import replicas
from ganline.core.random import next_layer_key
from ganline.models.terms import DRIFT, around, began_balance, between, gradient_penalty, share_of

Scores: TypeAlias = tf.Tensor
"""float32 (N, 1)."""
Metrics = dict[str, tf.Tensor]


class Loss:
    """How the scores of a batch become losses, with what else the loss needs and tells.

    Class literals:
        name: the value of train.loss.
        says: what scores mean, "probabilities" (their sigmoid is the probability of being real), "scores" (higher for
            real images), "distances" (those of a critic, without a scale) or "errors" (lower for real images).
        share: weight of each side in the discriminator's loss, 1/2 where documents print the mean over both, 1 for the
            sum.
        boundary: the score above which an image counts as real; None where scores have no absolute meaning.
        labels: whether the discriminator aims at labels, which can be smoothed and flipped.
        saturates: whether the generator's gradient vanishes where the discriminator is sure.
        unbounded: whether it needs a limit on the slope of the discriminator that it does not set itself.
        penalised: whether it has a gradient penalty.
        at_once: why reals and fakes must be in one update, "" where they need not.
        pairs: whether each real image is held against a generated one, so that as many of both are needed.
        flat_at: at which images the discriminator is to be flat, of "real" and "fake"; these pass apart.
        autoencoder: whether the discriminator is to redraw images; its score is then the error.
    """

    name: str
    says = "scores"
    share = 1.0
    boundary: float | None = None
    labels = False
    saturates = False
    unbounded = False
    penalised = False
    at_once = ""
    autoencoder = False
    pairs = False
    flat_at: tuple[str, ...] = ()

    def real(self, scores: Scores, targets: Scores) -> Scores:
        """Return the losses, float32 (N, 1), of the scores of real images and their targets."""
        raise NotImplementedError

    def fake(self, scores: Scores, targets: Scores) -> Scores:
        """Return the losses, float32 (N, 1), of the scores of generated images and their targets."""
        raise NotImplementedError

    def generator(self, scores: Scores) -> Scores:
        """Return the generator's losses, float32 (N, 1), of the scores of generated images."""
        raise NotImplementedError

    def side(self, scores: Scores, targets: Scores, real: bool) -> tf.Tensor:
        """Return the discriminator's loss on real images, or on generated ones, float32 scalar."""
        return tf.reduce_mean((self.real if real else self.fake)(scores, targets))

    def score(self, images: tf.Tensor, redrawn: tf.Tensor) -> Scores:
        """Return the scores of images (N, H, W, C), of which an autoencoder made `redrawn`."""
        raise NotImplementedError

    def realness(self, scores: Scores) -> Scores:
        """Return the scores with the higher one for the image that looks more real."""
        return scores

    def paired(self, on_real: Scores, on_fake: Scores) -> tuple[Scores, Scores]:
        """Return the scores of real and of generated images as `real`, `fake` and `generator` take them."""
        return on_real, on_fake

    def penalty(
        self, score: Callable[[tf.Tensor], Scores], real: tf.Tensor, fake: Callable[[], tf.Tensor]
    ) -> tf.Tensor:
        """Return the gradient penalty, float32 scalar, not yet weighed.

        Args:
            score: what the discriminator says of images as shown (N, H, W, C).
            real: real images as shown.
            fake: makes the generated images as shown.
        """
        raise NotImplementedError

    def after_update(self, told: Metrics) -> Metrics:
        """Change what the loss keeps after an update of the discriminator; return what to tell of it.

        `told` is what was told of the update so far; of several replicas each calls it.
        """
        return {}

    def state(self) -> dict[str, tf.Variable]:
        """Return what the loss keeps from step to step, by name; a checkpoint holds it."""
        return {}

    @property
    def metric_names(self) -> tuple[str, ...]:
        """Return the names of what `signs`, `penalty` and `after_update` tell, in the order of history.csv."""
        accuracies = () if self.boundary is None else ("d_accuracy_real", "d_accuracy_fake")
        return ("d_real", "d_fake", *accuracies, *(("gradient_penalty",) if self.penalised else ()))

    def signs(self, on_real: Scores, on_fake: Scores) -> Metrics:
        """Return what shows how sure the discriminator is: mean probabilities or scores, and accuracies."""
        mean = tf.reduce_mean if self.says != "probabilities" else lambda scores: tf.reduce_mean(tf.sigmoid(scores))
        told = {"d_real": mean(on_real), "d_fake": mean(on_fake)}
        if self.boundary is not None:
            told["d_accuracy_real"] = share_of(on_real > self.boundary)
            told["d_accuracy_fake"] = share_of(on_fake <= self.boundary)
        return told


class NonSaturating(Loss):
    """Goodfellow et al. 2014: max_D E log D(x) + E log(1 - D(G(z))); G minimises -E log D(G(z))."""

    name = "non_saturating"
    says = "probabilities"
    share = 0.5
    boundary = 0.0
    labels = True

    def real(self, scores: Scores, targets: Scores) -> Scores:
        """Return -t log D - (1 - t) log(1 - D) of logits; exact for logits of any size."""
        return tf.nn.sigmoid_cross_entropy_with_logits(targets, scores)

    fake = real

    def generator(self, scores: Scores) -> Scores:
        """Return -log D."""
        return self.fake(scores, tf.ones_like(scores))


class Minimax(NonSaturating):
    """Goodfellow et al. 2014, the game as first stated: G minimises E log(1 - D(G(z)))."""

    name = "minimax"
    saturates = True

    def generator(self, scores: Scores) -> Scores:
        """Return log(1 - D), flat where the discriminator is sure."""
        return -self.fake(scores, tf.zeros_like(scores))


class Brier(NonSaturating):
    """D minimises the mean squared error of its probability, the score of Brier 1950; G minimises -E log D(G(z)).

    So is trained who compiles a discriminator that ends in a sigmoid with "mse" and what stacks both networks with
    "binary_crossentropy", as The GAN Book (Chaudhary 2024, Skill 9) does.
    """

    name = "brier"

    def real(self, scores: Scores, targets: Scores) -> Scores:
        """Return (D - t)^2 of probabilities D."""
        return tf.math.squared_difference(tf.sigmoid(scores), targets)

    fake = real

    def generator(self, scores: Scores) -> Scores:
        """Return -log D."""
        return tf.nn.softplus(-scores)


class Wasserstein(Loss):
    """Arjovsky et al. 2017: D minimises -E D(x) + E D(G(z)) under a Lipschitz bound, G -E D(G(z))."""

    name = "wasserstein"
    says = "distances"
    share = 0.5
    unbounded = True

    def real(self, scores: Scores, targets: Scores) -> Scores:
        """Return -D."""
        return -scores

    def fake(self, scores: Scores, targets: Scores) -> Scores:
        """Return D."""
        return scores

    def generator(self, scores: Scores) -> Scores:
        """Return -D."""
        return -scores

    @property
    def metric_names(self) -> tuple[str, ...]:
        """See Loss.metric_names."""
        first, second, *more = super().metric_names
        return (first, second, "wasserstein_estimate", *more)

    def signs(self, on_real: Scores, on_fake: Scores) -> Metrics:
        """See Loss.signs."""
        told = super().signs(on_real, on_fake)
        return told | {"wasserstein_estimate": told["d_real"] - told["d_fake"]}


class WassersteinGP(Wasserstein):
    """Gulrajani et al. 2017: the bound kept by 10 E (|grad D(x^)| - 1)^2 at x^ between real and generated images."""

    name = "wasserstein_gp"
    share = 1.0
    unbounded = False
    penalised = True
    at_once = "the penalty of wasserstein_gp needs reals and fakes at once"

    def penalty(
        self, score: Callable[[tf.Tensor], Scores], real: tf.Tensor, fake: Callable[[], tf.Tensor]
    ) -> tf.Tensor:
        """See Loss.penalty."""
        key = next_layer_key()  # before the fakes are shown, which may draw numbers too
        return gradient_penalty(score, between(real, fake(), key))


class WassersteinGPDrift(WassersteinGP):
    """Karras et al. 2018: D also minimises 0.001 E D(x)^2 of real images, which keeps scores from drifting away."""

    name = "wasserstein_gp_drift"
    at_once = "the penalty of wasserstein_gp_drift needs reals and fakes at once"

    def real(self, scores: Scores, targets: Scores) -> Scores:
        """Return -D + 0.001 D^2."""
        return super().real(scores, targets) + DRIFT * tf.square(scores)


class LeastSquares(Loss):
    """Mao et al. 2017: D minimises E (D(x) - 1)^2 + E D(G(z))^2, G E (D(G(z)) - 1)^2; linear output."""

    name = "least_squares"
    share = 0.5
    boundary = 0.5
    labels = True

    def real(self, scores: Scores, targets: Scores) -> Scores:
        """Return (D - t)^2."""
        return tf.math.squared_difference(scores, targets)

    fake = real

    def generator(self, scores: Scores) -> Scores:
        """Return (D - 1)^2."""
        return self.fake(scores, tf.ones_like(scores))


class Dragan(Minimax):
    """Kodali et al. 2017: minimax, plus 10 E (|grad D(x^)| - 1)^2 at x^ = x + noise.

    That noise is of their code (see `around`), where the table of Lucic et al. 2018 has normal noise.
    """

    name = "dragan"
    saturates = False  # the penalty keeps the discriminator from being sure
    penalised = True
    at_once = "the penalty of dragan needs reals and fakes at once"

    def penalty(
        self, score: Callable[[tf.Tensor], Scores], real: tf.Tensor, fake: Callable[[], tf.Tensor]
    ) -> tf.Tensor:
        """See Loss.penalty."""
        return gradient_penalty(score, around(real, next_layer_key()))


class Hinge(Loss):
    """Lim and Ye 2017, Miyato et al. 2018: D minimises E max(0, 1 - D(x)) + E max(0, 1 + D(G(z))), G -E D(G(z))."""

    name = "hinge"
    boundary = 0.0

    def real(self, scores: Scores, targets: Scores) -> Scores:
        """Return max(0, 1 - D)."""
        return tf.nn.relu(1 - scores)

    def fake(self, scores: Scores, targets: Scores) -> Scores:
        """Return max(0, 1 + D)."""
        return tf.nn.relu(1 + scores)

    def generator(self, scores: Scores) -> Scores:
        """Return -D."""
        return -scores


class Began(Loss):
    """Berthelot et al. 2017: D is an autoencoder, its score the error s(x) = |x - D(x)|.

    D minimises E s(x) - k E s(G(z)), G E s(G(z)). After each update k moves, so that the two errors stay in a fixed
    ratio (see ganline.models.terms.began_balance).
    """

    name = "began"
    says = "errors"
    at_once = "the loss began weighs reals and fakes in one update"
    autoencoder = True

    def __init__(self) -> None:
        """Begin with k = 0."""
        self.balance = tf.Variable(0.0, trainable=False)

    def real(self, scores: Scores, targets: Scores) -> Scores:
        """Return s."""
        return scores

    def fake(self, scores: Scores, targets: Scores) -> Scores:
        """Return -s, not yet weighed by k."""
        return -scores

    def generator(self, scores: Scores) -> Scores:
        """Return s."""
        return scores

    def side(self, scores: Scores, targets: Scores, real: bool) -> tf.Tensor:
        """See Loss.side."""
        loss = super().side(scores, targets, real)
        return loss if real else self.balance * loss

    def score(self, images: tf.Tensor, redrawn: tf.Tensor) -> Scores:
        """See Loss.score."""
        return tf.reduce_mean(tf.abs(images - redrawn), axis=[1, 2, 3])[:, None]

    def realness(self, scores: Scores) -> Scores:
        """See Loss.realness; it redraws real images well."""
        return -scores

    def after_update(self, told: Metrics) -> Metrics:
        """See Loss.after_update."""
        on_real, on_fake = (replicas.mean(told[name]) for name in ("d_real", "d_fake"))
        balance, convergence = began_balance(self.balance, on_real, on_fake)
        return {"balance": self.balance.assign(balance), "convergence": convergence}

    def state(self) -> dict[str, tf.Variable]:
        """See Loss.state."""
        return {"balance": self.balance}

    @property
    def metric_names(self) -> tuple[str, ...]:
        """See Loss.metric_names."""
        return (*super().metric_names, "balance", "convergence")


class Relativistic(Loss):
    """Huang et al. 2024 (R3GAN), the loss of Jolicoeur-Martineau 2018 in pairs, kept flat at both ends.

    D minimises E log(1 + exp(-(D(x) - D(G(z))))), G the same with the signs exchanged, a real image for each generated
    one. To D is added penalty_weight / 2 (E |grad D(x)|^2 + E |grad D(G(z))|^2), at the images before they are
    augmented: R1 (Mescheder et al. 2018) and R2. An image counts as told apart where its score is on the right side of
    its partner's.
    """

    name = "relativistic"
    share = 0.5  # each side is the whole loss
    boundary = 0.0
    penalised = True
    at_once = "the loss relativistic holds each real image against a generated one"
    pairs = True
    flat_at: tuple[str, ...] = ("real", "fake")

    def real(self, scores: Scores, targets: Scores) -> Scores:
        """Return log(1 + exp(-s)) of s = D(x) - D(G(z))."""
        return tf.nn.softplus(-scores)

    def fake(self, scores: Scores, targets: Scores) -> Scores:
        """Return the same of the same pairs, whose s here is D(G(z)) - D(x)."""
        return tf.nn.softplus(scores)

    def generator(self, scores: Scores) -> Scores:
        """Return log(1 + exp(-s)) of s = D(G(z)) - D(x)."""
        return tf.nn.softplus(-scores)

    def paired(self, on_real: Scores, on_fake: Scores) -> tuple[Scores, Scores]:
        """See Loss.paired."""
        return on_real - on_fake, on_fake - on_real

    def signs(self, on_real: Scores, on_fake: Scores) -> Metrics:
        """See Loss.signs."""
        told = super().signs(*self.paired(on_real, on_fake))
        return told | {"d_real": tf.reduce_mean(on_real), "d_fake": tf.reduce_mean(on_fake)}


class RelativisticR1(Relativistic):
    """The same without R2, which Huang et al. 2024 (table 1) report to diverge on Stacked MNIST."""

    name = "relativistic_r1"
    at_once = "the loss relativistic_r1 holds each real image against a generated one"
    flat_at = ("real",)


LOSSES: dict[str, type[Loss]] = {
    loss.name: loss
    for loss in list(vars().values())
    if isinstance(loss, type) and issubclass(loss, Loss) and "name" in vars(loss)
}
"""By the value of train.loss."""
