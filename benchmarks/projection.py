"""Times Defense-GAN's search of many images at once beside one image after the other, with all starts to the end.

Run: make bench, or python -m benchmarks.projection [EXPERIMENT ...]
Both make L steps from R starts, compiled. Ours begins at the nearest of many samples and gives up starts on the way, so
what it finds is compared too: its error over that of the other. Times are the processor's, which other work on the
machine changes little. The generators are those of three experiments, untrained, which takes the same arithmetic.
Compare ratios, not times.
"""

import time
from collections.abc import Callable

import numpy as np
import tensorflow as tf
from rich.console import Console
from rich.table import Table

from benchmarks.asked import asked
from ganline import models
from ganline.catalogue.presets import compose_params
from ganline.latent.inversion import search
from ganline.models.makers import Sampler
from ganline.robustness.defences import defense_gan
from ganline.robustness.defences.defense_gan import projection
from ganline.settings.defences import DefenseGan

Search = Callable[..., tf.Tensor]

EXPERIMENTS = ("adversarial-mnist", "gan-mnist", "wgan-gp-fashion-mnist")
SETTINGS = DefenseGan(steps=50, restarts=4, drawn=200)
IMAGES, SINGLE = 32, 2
"""Searched many at once; and of these one after the other, for a time an image."""
PART = defense_gan.AT_ONCE // SETTINGS.restarts


def main() -> None:
    """Print a table: seconds an image of both, and how they compare."""
    table = Table("experiment", "many at once, processor s an image", "one by one", "times faster", "error, times")
    for experiment in asked("benchmarks.projection", str(__doc__), "EXPERIMENT", EXPERIMENTS) or EXPERIMENTS:
        maker = Sampler(models.build(compose_params(experiment).train, (28, 28, 1), seed=1))
        images = maker.images(maker.latents(IMAGES, 1, "benchmark")).astype(np.float32) / 255
        together = tf.function(projection(maker, SETTINGS, 0), input_signature=[tf.TensorSpec((None, 28, 28, 1))])
        starts = tf.constant(maker.latents(SINGLE * SETTINGS.restarts, 2, "benchmark"))
        alone = tf.function(lambda image, begin, maker=maker: _whole(maker, image, begin))
        at_once, ours = _timed(lambda run=together, given=images: _parts(run, given))
        one, theirs = _timed(lambda run=alone, given=images, begin=starts: _one_by_one(run, given, begin))
        apart = np.mean((ours[:SINGLE] - images[:SINGLE]) ** 2) / np.mean((theirs - images[:SINGLE]) ** 2)
        at_once, one = at_once / IMAGES, one / SINGLE
        table.add_row(experiment, f"{at_once:.3f}", f"{one:.3f}", f"{one / at_once:.1f}", f"{apart:.2f}")
    Console().print(table)


def _whole(maker: Sampler, image: tf.Tensor, starts: tf.Tensor) -> tf.Tensor:
    """Return what is drawn nearest to one image (1, H, W, C), from every start to the end."""
    wanted, asked = tf.repeat(image, SETTINGS.restarts, axis=0), tf.zeros([SETTINGS.restarts], tf.int32)
    found, errors = search(maker.unrounded, wanted, asked, starts, SETTINGS.steps, SETTINGS.learning_rate)
    return maker.unrounded(tf.gather(found, [tf.argmin(errors)]), asked[:1]) / 255


def _parts(run: Search, images: np.ndarray) -> np.ndarray:
    return np.concatenate([run(images[i : i + PART]).numpy() for i in range(0, len(images), PART)])


def _one_by_one(run: Search, images: np.ndarray, starts: tf.Tensor) -> np.ndarray:
    size = SETTINGS.restarts
    return np.concatenate([run(images[i : i + 1], starts[i * size : (i + 1) * size]).numpy() for i in range(SINGLE)])


def _timed(work: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    """Return the seconds of the second of two calls, and what it made: the first one compiles."""
    work()
    began = time.process_time()
    made = work()
    return time.process_time() - began, made


if __name__ == "__main__":
    main()
