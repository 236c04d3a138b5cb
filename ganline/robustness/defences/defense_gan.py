"""Defense-GAN: what the generator draws nearest to an image, in the image's place.

Samangouei et al. 2018, "Defense-GAN: Protecting Classifiers Against Adversarial Attacks Using Generative Models": for
an image x find, by L steps of gradient descent from R starts, the z that minimises |G(z) - x|^2, and classify G(z).
Here Adam takes the steps, and the starts are the samples nearest to the image out of many that were drawn before, which
saves most of the steps. All images and all their starts are searched at once, in one compiled call.

The search hides gradients: an attacker lets them pass it as if it left images as they are (BPDA, Athalye et al. 2018).
"""

import tensorflow as tf

from ganline.core.abilities import lacking
from ganline.core.errors import UserError
from ganline.core.maker import LatentMaker
from ganline.latent.inversion import search
from ganline.latent.paths import shell, to_normal
from ganline.robustness.defences.base import Defence, Defended, Lesson, straight_through
from ganline.robustness.victims import Logits, Victim
from ganline.settings.defences import DefenseGan

PIXELS = 2**21
"""Of the images that are searched at once, with all their starts: a GB of activations in the larger generators."""


def defend(lesson: Lesson, settings: DefenseGan) -> Defended:
    """Return the victim that sees what the generator draws nearest to an image.

    Raises:
        UserError: there is no generator, it draws from no latents, or its images are no kin of the victim's.
    """
    maker, victim = _kin(lesson), lesson.victim
    project = projection(maker, settings, lesson.seed)
    height, width, _ = lesson.image_shape
    return Defended(
        lambda images: victim.logits(project(images)),
        lesson.image_shape,
        lesson.classes,
        lambda: Victim(
            lambda images: victim.logits(straight_through(project, images)), lesson.image_shape, lesson.classes
        ),
        gradients=False,
        sees=project,
        at_once=max(1, PIXELS // (settings.restarts * height * width)),
    )


def projection(maker: LatentMaker, settings: DefenseGan, seed: int) -> Logits:
    """Return what takes images, float32 (N, H, W, C) in 0 to 1, to those nearest to them that the generator draws.

    No gradient passes it.
    """
    restarts, purpose = settings.restarts, "robustness/defense_gan"
    drawn, labels = (of(max(settings.drawn, restarts), seed, purpose) for of in (maker.latents, maker.labels))
    known = tf.constant(maker.images(drawn, labels).reshape(len(drawn), -1), tf.float32) / 255
    lengths = tf.reduce_sum(tf.square(known), axis=1)
    normal, asked_for = tf.constant(to_normal(drawn, maker.prior), tf.float32), tf.constant(labels, tf.int32)
    within = shell(maker.latent_dim)

    def project(images: tf.Tensor) -> tf.Tensor:
        images = tf.stop_gradient(images)
        near = lengths - 2 * tf.matmul(tf.reshape(images, (-1, known.shape[1])), known, transpose_b=True)
        starts = tf.reshape(tf.math.top_k(-near, restarts).indices, (-1,))
        wanted, asked = tf.repeat(images, restarts, axis=0), tf.gather(asked_for, starts)
        found, errors = search(
            maker.unrounded, wanted, asked, tf.gather(normal, starts), settings.steps, settings.learning_rate,
            maker.prior, within,
        )  # fmt: skip
        best = tf.argmin(tf.reshape(errors, (-1, restarts)), axis=1, output_type=tf.int32)
        best += restarts * tf.range(tf.size(best))
        images = maker.unrounded(tf.gather(found, best), tf.gather(asked, best)) / 255
        return tf.stop_gradient(tf.clip_by_value(tf.reshape(images, (-1, *maker.image_shape)), 0.0, 1.0))

    return project


def _kin(lesson: Lesson) -> LatentMaker:
    """Return the lesson's generator, if it draws images that the victim can look at."""
    maker = lesson.maker
    if maker is None:
        raise UserError("defense_gan needs a generator, and there is none")
    if reason := lacking(("latents", "fast to draw"), maker.abilities, maker.name):
        raise UserError(f"defense_gan searches the latents of a generator, thousands of times an image: {reason}")
    if tuple(maker.image_shape) != lesson.image_shape:
        raise UserError(
            f"defense_gan: {maker.name} draws images of {_sides(maker.image_shape)}, no kin of the victim's, which are "
            f"{_sides(lesson.image_shape)}; allowed is a generator that was trained on the victim's data"
        )
    return maker


def _sides(shape: tuple[int, int, int]) -> str:
    return " x ".join(map(str, shape))


DEFENCE = Defence(
    "defense_gan",
    "Defense-GAN",
    "Samangouei et al. 2018, Defense-GAN: Protecting Classifiers Against Adversarial Attacks Using Generative Models",
    "lets gradients pass the projection as if it were none (BPDA)",
    hides=True,
    defend=defend,
    settings=DefenseGan,
)
