"""How evenly images change along paths, and where they jump."""

from collections.abc import Callable

import numpy as np

from ganline.core.figures import labelled_grid
from ganline.core.random import generator
from ganline.latent.jumps import Jump, largest
from ganline.latent.paths import from_normal, interpolation
from ganline.metrics.perceptual_path_length import arc, perceptual_path_length
from ganline.report.plots import histograms
from ganline.studies.finding import Figure, Finding, Number
from ganline.studies.latent.base import Space

TITLE = "Smooth, or torn?"
PAIRS = 1000
EPSILON = 1e-2
"""As evaluate has it."""
PATHS, POINTS = 64, 33
SHOWN, PARTS = 6, 10
TORN = 0.5
"""The share of a jump that lies in one of its PARTS parts, from which it is called a tear."""
AT_ONCE = 500

Maker = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Takes latents float32 (n, L) and labels (n,)."""


def find(space: Space) -> Finding:
    """Return the perceptual path length, and the largest jumps along paths as pictures."""
    space.must_draw_fast()
    make = _unrounded(space)
    length = _path_length(space, make)
    latents = _paths(space)
    labels = np.arange(PATHS) % max(1, space.generator.conditions)
    jumps, speeds = largest(
        lambda z, y: space.extractor.features(make(z, y)), latents, labels, SHOWN, PARTS, space.generator.prior
    )
    if not jumps:
        return Finding({}, length, ["Along no path does the image change: the generator ignores its latents."])
    shown = {"jumps": _shown(space, jumps, labels)}
    if not np.isfinite(jumps[0].ratio):
        still = f"In most steps of {PATHS} paths nothing changes, in {np.mean(speeds > 0):.1%} something does."
        return Finding(shown, length, [f"{still} {_torn(jumps)}"])
    number = Number(
        jumps[0].ratio,
        "Largest jump along a path",
        "lower",
        f"From 1: how fast the image changes in the fastest of {PATHS * (POINTS - 1):,} steps along paths, over "
        "the median. A few times the median is a smooth space; tens of times is a hole.",
    )
    fastest = f"In the fastest step of {PATHS} paths the image changes {number.value:.1f} times as fast as usual."
    figures = shown | {"speeds": _speeds(speeds)}
    return Finding(figures, length | {"largest_jump": number}, [f"{fastest} {_torn(jumps)}"])


def _unrounded(space: Space) -> Maker:
    """Return a function to images float32 (n, H, W, C), 0 to 255, compiled once."""
    import tensorflow as tf

    compiled = tf.function(space.generator.unrounded, autograph=False, reduce_retracing=True)

    def make(latents: np.ndarray, labels: np.ndarray) -> np.ndarray:
        parts = [slice(start, start + AT_ONCE) for start in range(0, len(latents), AT_ONCE)]
        return np.concatenate(
            [compiled(tf.constant(latents[p], tf.float32), tf.constant(labels[p], tf.int32)).numpy() for p in parts]
        )

    return make


def _path_length(space: Space, make: Maker) -> dict[str, Number]:
    random, maker = generator(space.seed, "latent/smoothness"), space.generator
    starts, ends = random.standard_normal((2, PAIRS, maker.latent_dim))
    positions = random.uniform(0.0, 1.0 - EPSILON, PAIRS)
    here, there = (from_normal(arc(starts, ends, positions + step), maker.prior) for step in (0.0, EPSILON))
    labels = maker.labels(PAIRS, space.seed, "latent/smoothness")
    found = perceptual_path_length(make, space.extractor.features, here, there, labels, EPSILON)
    return {
        "path_length": Number(
            found.mean,
            "Perceptual path length",
            "lower",
            "From 0, in squares of feature distance: how fast images change as latents move evenly. Compare it "
            "within one extractor, and beside recall: a collapsed generator scores 0.",
        ),
        "path_length_stderr": Number(found.standard_error, "Its standard error", "", "The spread over the paths."),
    }


def _paths(space: Space) -> np.ndarray:
    ends = space.generator.latents(2 * PATHS, space.seed, "latent/jumps")
    return np.stack(
        [interpolation(a, b, POINTS, space.generator.prior) for a, b in zip(ends[::2], ends[1::2], strict=True)]
    )


def _shown(space: Space, jumps: list[Jump], labels: np.ndarray) -> Figure:
    asked_for = np.repeat([labels[jump.path] for jump in jumps], PARTS + 1)
    images = space.generator.images(np.concatenate([jump.latents for jump in jumps]), asked_for)
    compared = np.isfinite(jumps[0].ratio)
    rows = [f"{f'{jump.ratio:.1f}x, ' if compared else ''}{100 * jump.abruptness:.0f} %" for jump in jumps]
    fast = "how fast, over the median step, and " if compared else ""
    return Figure(
        labelled_grid(images, rows, [str(part) for part in range(PARTS + 1)]),
        "The largest jumps",
        f"Each row is a single step of a path of {POINTS - 1}, those in which the image changes fastest, cut into "
        f"{PARTS}. Beside it stands {fast}how much of the change lies in one part: "
        f"{100 // PARTS} % is an even change, 100 % a tear. In a hole of the latent space the middle of the row "
        "shows no real image, or one image snaps to another.",
    )


def _speeds(speeds: np.ndarray) -> Figure:
    return Figure(
        histograms({"steps": speeds.ravel() / np.median(speeds)}, "speed of a step, over the median"),
        "How fast images change along paths",
        f"{PATHS} paths between random latents, {POINTS - 1} steps each: distance in the extractor's features for the "
        "distance of the latents. A short tail to the right is a smooth space; far outliers are jumps.",
    )


def _torn(jumps: list[Jump]) -> str:
    torn = sum(jump.abruptness >= TORN for jump in jumps)
    if torn:
        return f"Of the {len(jumps)} fastest, {torn} stay abrupt when cut into {PARTS} parts: the space is torn there."
    return f"Cut into {PARTS} parts, none of the {len(jumps)} fastest is abrupt: the space bends, it does not tear."
