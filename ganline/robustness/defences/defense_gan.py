"""Defense-GAN: what the generator draws nearest to an image, in the image's place.

Samangouei et al. 2018, "Defense-GAN: Protecting Classifiers Against Adversarial Attacks Using Generative Models": for
an image x find, by L steps of gradient descent from R starts, the z that minimises |G(z) - x|^2, and classify G(z).
Here Adam takes the steps; the starts are the samples nearest to the image out of many that were drawn before; and after
each tenth of the steps the worse half of an image's starts is given up. Each saves most of the work. Images and all
their starts are searched many at once, in compiled calls.

Squared differences make the search draw shadows of the attack, and be led astray by it. Where the settings name the
epsilon that an attack is taken to keep to, a difference d of a pixel costs instead

    c(t) = t^2 (3 - 2 t),    t = (|d| - epsilon) / (1 - 2 epsilon), cut to 0 to 1:

nothing where the attack alone can have made it, and 1 where black was drawn for white, attacked or not (what robust
statistics call a redescending cost; Huber 1981, "Robust Statistics"; the bounds are the attack's).

The search hides gradients: an attacker lets them pass it as if it left images as they are (BPDA, Athalye et al. 2018).
"""

from collections.abc import Callable

import tensorflow as tf

from ganline.core.abilities import lacking
from ganline.core.errors import UserError
from ganline.core.maker import LatentMaker
from ganline.latent.inversion import of_prior, search
from ganline.latent.paths import shell, to_normal
from ganline.models.victims import Logits, Victim
from ganline.robustness.defences.base import Defence, Defended, Lesson, straight_through
from ganline.settings.defences import DefenseGan

AT_ONCE = 64
"""Latents that are searched at once: enough to keep two cores busy, and few enough to stay in their caches."""
TRIED = 0.1
"""Share of the steps after which the worse half of an image's starts is given up, and so again, until one is left."""

Cost = Callable[[tf.Tensor], tf.Tensor]
"""Differences of pixels, float32 of any shape in -1 to 1 -> what each costs, 0 to 1."""


def defend(lesson: Lesson, settings: DefenseGan) -> Defended:
    """Return the victim that sees what the generator draws nearest to an image.

    Raises:
        UserError: there is no generator, it draws from no latents, or its images are no kin of the victim's.
    """
    maker, victim = _kin(lesson), lesson.victim
    project = projection(maker, settings, lesson.seed)
    return Defended(
        lambda images: victim.logits(project(images)),
        lesson.image_shape,
        lesson.classes,
        lambda: Victim(
            lambda images: victim.logits(straight_through(project, images)), lesson.image_shape, lesson.classes
        ),
        gradients=False,
        sees=project,
        at_once=max(1, AT_ONCE // settings.restarts),
    )


def projection(maker: LatentMaker, settings: DefenseGan, seed: int) -> Logits:
    """Return what takes images, float32 (N, H, W, C) in 0 to 1, to those nearest to them that the generator draws.

    No gradient passes it.
    """
    restarts, purpose = settings.restarts, "robustness/defense_gan"
    samples, labels = (of(max(settings.drawn, restarts), seed, purpose) for of in (maker.latents, maker.labels))
    known = tf.constant(maker.images(samples, labels).reshape(len(samples), -1), tf.float32) / 255
    normal, asked_for = tf.constant(to_normal(samples, maker.prior), tf.float32), tf.constant(labels, tf.int32)
    within, plan, cost = shell(maker.latent_dim), rounds(settings), cost_of(settings.epsilon)

    def searched(wanted: tf.Tensor, asked: tf.Tensor, starts: tf.Tensor, steps: int) -> tuple[tf.Tensor, tf.Tensor]:
        return search(maker.unrounded, wanted, asked, starts, steps, settings.learning_rate, maker.prior, within, cost)

    def nearest(image: tf.Tensor) -> tf.Tensor:
        return tf.math.top_k(-tf.reduce_sum(cost(known - image), axis=1), restarts).indices

    def project(images: tf.Tensor) -> tf.Tensor:
        images = tf.stop_gradient(images)
        flat = tf.reshape(images, (-1, 1, known.shape[1]))
        places = tf.reshape(tf.map_fn(nearest, flat, fn_output_signature=tf.int32), (-1,))
        found, asked = tf.gather(normal, places), tf.gather(asked_for, places)
        for starts, kept, steps in plan:
            found, errors = searched(tf.repeat(images, starts, axis=0), asked, found, steps)
            best = tf.reshape(tf.math.top_k(-tf.reshape(errors, (-1, starts)), kept).indices, (-1, kept))
            best = tf.reshape(best + starts * tf.range(tf.shape(best)[0])[:, None], (-1,))
            found, asked = tf.gather(found, best), tf.gather(asked, best)
        drawn = maker.unrounded(of_prior(found, maker.prior), asked) / 255
        return tf.stop_gradient(tf.clip_by_value(tf.reshape(drawn, (-1, *maker.image_shape)), 0.0, 1.0))

    return project


def cost_of(epsilon: float | None) -> Cost:
    """Return the square for None, else what spares an attack of this epsilon (see above)."""
    if epsilon is None:
        return tf.square

    def cost(differences: tf.Tensor) -> tf.Tensor:
        beyond = tf.clip_by_value((tf.abs(differences) - epsilon) / (1 - 2 * epsilon), 0.0, 1.0)
        return tf.square(beyond) * (3 - 2 * beyond)

    return cost


def rounds(settings: DefenseGan) -> list[tuple[int, int, int]]:
    """Return the rounds of a search: how many starts of an image there are in it, how many are kept, and its steps."""
    found, starts, left, steps = [], settings.restarts, settings.steps, max(1, int(TRIED * settings.steps))
    while starts > 1 and left > steps:
        kept = (starts + 1) // 2
        found.append((starts, kept, steps))
        starts, left = kept, left - steps
    return [*found, (starts, 1, left)]


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
