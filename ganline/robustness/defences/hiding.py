"""Hiding gradients: classifiers that have none. They are attacked through a surrogate.

Papernot et al. 2017, "Practical Black-Box Attacks against Machine Learning": the attacker asks the hidden classifier
for its answers to images, trains a network on them, attacks that, and shows the hidden one what deceives it.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from ganline.models.victims import Plan, Victim, as_floats, build, fit, victim_of
from ganline.robustness.defences.base import Defended, Lesson

Answers = Callable[[np.ndarray], np.ndarray]
"""Images, float32 (N, H, W, C) in 0 to 1 -> probabilities, float32 (N, classes)."""
LEAST = 1e-3
"""Probability that any class is said to have: a logit needs one."""
ASKED = 10_000
"""Training images, at most, whose answers a surrogate learns."""


def flat(images: np.ndarray) -> np.ndarray:
    """Return images (N, H, W, C) as vectors (N, H * W * C), which is how classifiers without networks take them."""
    return np.asarray(images).reshape(len(images), -1)


def hidden(lesson: Lesson, probabilities: Answers, classes: np.ndarray, surrogate_steps: int, who: str) -> Defended:
    """Return a victim that answers so, without gradients, and whose adaptive attacker trains a surrogate.

    `probabilities` takes flat images and tells those of `classes` alone, numbers of classes in rising order.
    """

    def answers(images: np.ndarray) -> np.ndarray:
        said = np.zeros((len(images), lesson.classes), np.float32)
        said[:, classes] = probabilities(flat(images))
        return said

    def logits(images: tf.Tensor) -> tf.Tensor:
        said = tf.numpy_function(lambda array: np.log(np.maximum(answers(array), LEAST)), [images], tf.float32)
        return tf.ensure_shape(said, (None, lesson.classes))

    def surrogate() -> Victim:
        return _surrogate(lesson, answers, surrogate_steps, who)

    return Defended(logits, lesson.image_shape, lesson.classes, surrogate, gradients=False)


def _surrogate(lesson: Lesson, answers: Answers, steps: int, who: str) -> Victim:
    """Return a network of the victim's kind that learned what the hidden classifier answers to training images."""
    images = as_floats(np.asarray(lesson.images[:ASKED]))
    said = answers(images).astype(np.float32)
    network = build(lesson.kind, lesson.image_shape, lesson.classes, lesson.seed)
    examples = lambda chosen, step: (images[chosen], said[chosen])  # noqa: E731
    fit(network, examples, len(images), lesson.seed, f"surrogate of {who}", plan=Plan(steps))
    return victim_of(network)
