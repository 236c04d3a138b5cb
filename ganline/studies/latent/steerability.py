"""Can it be steered? Straight walks learned for edits of the picture, how much of each they reach and how far."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ganline.core.figures import labelled_grid
from ganline.core.progress import track
from ganline.core.random import generator
from ganline.latent.attributes import Rate, rate
from ganline.latent.directions import DECIMALS, random_directions
from ganline.latent.image_edits import Edit, edited, edits_of, measurer
from ganline.latent.neighbours import nearest
from ganline.latent.paths import move, to_normal
from ganline.latent.walks import learned, operations
from ganline.report.plots import heat
from ganline.studies.finding import Figure, Finding, Kept, LeftOut, Number, Table
from ganline.studies.latent.base import Drawn, Space
from ganline.studies.latent.directions import start_sample

TITLE = "Can it be steered?"
LEARNING_RATE = 0.2
LOOKED_AT = 12
"""Of the fresh samples that walks are tested on, those that a slow extractor is shown."""
STRENGTHS = (-3, -2, -1, 1, 2, 3)
"""How far they are moved, as multiples of the farthest that walks were learned for."""
MEASURED, COUNTED = 3.5, 1.5
"""Edits are measured up to this strength, and count up to so many times what was asked for, either way: an image that
became another one tells little.
"""
RANDOM, NOTABLE = 8, 0.1
"""Random directions beside each walk, as long as it; and the share of an edit that a walk must reach at least."""
REAL = 1000
"""Held-out images, and training images in place of samples, at most."""
FEW = 50
"""Held-out images that are too few to tell by them when images break."""
TYPICAL = 0.95
"""Share of training images that lie nearer to a held-out one than an image that counts as broken."""
SATURATED = 0.8
"""Share of samples broken though they were not moved, from which nothing can be told."""
SURE = 1.96
HEAVY = (
    "Drawing an image takes {:.1f} billion operations, so walks were learned and tested on few: a generator that "
    "seems hard to steer may be easier than that."
)

Measure = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""See ganline.latent.image_edits.measurer."""


@dataclass(frozen=True)
class Effort:
    """How much is drawn."""

    pool: int
    """Samples that walks are learned from."""
    steps: int
    batch: int
    tested: int
    """Fresh samples that walks are tested on."""


USUAL, LITTLE = Effort(256, 150, 32, 48), Effort(64, 60, 4, LOOKED_AT)
MANY_OPERATIONS = 3e8
"""Of an image: generators that take more are given little effort. The usual one would draw some 24,000 images and go
back through each, over an hour on two processor cores for dcgan-human-faces (3.4e9).
"""


@dataclass(frozen=True)
class Walk:
    """An edit, the walk that was learned for it, and how it did on fresh samples."""

    edit: Edit
    way: np.ndarray
    """float64 (latent_dim,), of strength 1 in normal coordinates."""
    reached: np.ndarray
    """float64 (strengths, n): the strength measured over that asked for."""
    chance: np.ndarray
    """float64 (RANDOM,): the same of random directions at strength 1, the mean over samples and both sides."""
    features: list[np.ndarray]
    """Of the images at each strength, float32 (n, d)."""
    features_by_chance: list[np.ndarray]
    """The same along a random direction."""

    @property
    def share(self) -> tuple[float, float]:
        """Of the edit that is reached at strength 1, the mean of both sides, and its standard error."""
        sides = np.mean([self.reached[STRENGTHS.index(side)] for side in (-1, 1)], axis=0)
        return float(sides.mean()), float(sides.std(ddof=1) / np.sqrt(len(sides)))

    @property
    def luck(self) -> float:
        """The share that random directions reach, either way: the root of the mean square."""
        return float(np.sqrt(np.mean(self.chance**2)))

    @property
    def works(self) -> bool:
        """Whether the walk reaches some of the edit, and more than random directions do."""
        share, error = self.share
        return share - SURE * error > max(self.luck, NOTABLE)


@dataclass(frozen=True)
class Breaking:
    """How many images look broken: farther from real ones than real ones are."""

    unmoved: Rate
    walks: list[list[Rate]]
    """Of each walk at each strength."""
    chance: list[list[Rate]]
    """The same along random directions."""

    @property
    def known(self) -> bool:
        """Whether it can be told when images break."""
        return self.unmoved.share < SATURATED

    def goes(self, walk: int) -> int:
        """Return the largest strength up to which not clearly more images are broken than unmoved ones; 0 for none."""
        for strength in range(1, max(STRENGTHS) + 1):
            sides = [self.walks[walk][STRENGTHS.index(side)] for side in (-strength, strength)]
            both = Rate(sum(side.successes for side in sides), sum(side.trials for side in sides))
            if both.clearly_above(self.unmoved, 1):
                return strength - 1
        return max(STRENGTHS)


def find(space: Space) -> Finding:
    """Return what walks learned for edits reach of them, and how far they go before images break."""
    space.must_draw_fast()
    maker, purpose = space.generator, "latent/walks"
    edits = edits_of(maker.image_shape[2])
    heavy = operations(maker.unrounded, maker.latent_dim)
    effort = LITTLE if heavy > MANY_OPERATIONS else USUAL
    normal = to_normal(maker.latents(effort.pool, space.seed, purpose), maker.prior)
    labels = maker.labels(effort.pool, space.seed, purpose)
    work = (effort.steps, effort.batch, LEARNING_RATE, space.seed)
    try:
        ways = learned(maker.unrounded, edits, normal, labels, *work, maker.prior)
    except ValueError as reason:
        raise LeftOut(str(reason)) from None
    walks = _walked(space, edits, ways, effort.tested)
    breaking = _breaking(space, walks) if len(space.test) >= FEW else None
    return Finding(
        {"walks": _strips(space, walks)} | _maps(walks, breaking),
        _numbers(walks, breaking),
        _words(space, walks, breaking) + ([HEAVY.format(heavy / 1e9)] if effort is LITTLE else []),
        _kept([walk for walk in walks if walk.works]),
        [_table(walks, breaking)],
    )


def _walked(space: Space, edits: Sequence[Edit], ways: np.ndarray, count: int) -> list[Walk]:
    """Return how the walks do on fresh samples, beside random directions of the same lengths."""
    start = space.draw(count, "steered")
    random = random_directions(RANDOM, space.generator.latent_dim, generator(space.seed, "latent/steerability"))
    walks = []
    for edit, way in track(zip(edits, ways, strict=True), "Walks", len(edits), "edits"):
        measure, chance = measurer(edit, MEASURED), random * np.linalg.norm(way)
        seen, luck = ([_moved(space, start, strength * by) for strength in STRENGTHS] for by in (way, chance[0]))
        reached = [_counted(measure(start.images, on) / by) for on, by in zip(seen, STRENGTHS, strict=True)]
        walks.append(
            Walk(
                edit, way, np.stack(reached), np.array([_both_sides(space, start, by, measure) for by in chance]),
                [_features(space, on) for on in seen], [_features(space, on) for on in luck],
            )
        )  # fmt: skip
    return walks


def _moved(space: Space, start: Drawn, way: np.ndarray) -> np.ndarray:
    return space.generator.images(move(start.latents, way, 1.0, space.generator.prior), start.labels)


def _features(space: Space, images: np.ndarray) -> np.ndarray:
    shown = images if space.looks_fast else images[:LOOKED_AT]
    return np.asarray(space.extractor.describe(shown).features)


def _both_sides(space: Space, start: Drawn, way: np.ndarray, measure: Measure) -> float:
    """Return the mean share that is measured one step along a way, and one step back."""
    sides = []
    for by in (1.0, -1.0):
        sides.append(_counted(measure(start.images, _moved(space, start, by * way)) / by))
    return float(np.mean(sides))


def _counted(shares: np.ndarray) -> np.ndarray:
    return np.clip(shares, -COUNTED, COUNTED)


def _breaking(space: Space, walks: list[Walk]) -> Breaking:
    """Return how many images look broken, of all that were drawn."""
    held_out, real = (_evenly(sample.features) for sample in (space.test, space.train))
    sets = [real, _evenly(space.samples.features)]
    sets += [features for walk in walks for features in (*walk.features, *walk.features_by_chance)]
    found = nearest(np.concatenate(sets), held_out, 1, "Real images nearest to those").distances[:, 0]
    floor, *distances = np.split(found, np.cumsum([len(features) for features in sets])[:-1])
    limit = np.quantile(floor, TYPICAL)
    unmoved, *rates = [rate(far > limit) for far in distances]
    each = [rates[i : i + len(STRENGTHS)] for i in range(0, len(rates), len(STRENGTHS))]
    return Breaking(unmoved, each[::2], each[1::2])


def _kept(walks: list[Walk]) -> dict[str, Kept]:
    """Return the directions of walks that work, for the explorer."""
    if not walks:
        return {}
    units = np.stack([walk.way / np.linalg.norm(walk.way) for walk in walks])
    return {"walks": Kept(np.round(units, DECIMALS), [walk.edit.name for walk in walks], "direction")}


def _evenly(features: np.ndarray) -> np.ndarray:
    return features[np.linspace(0, len(features) - 1, min(REAL, len(features))).astype(int)]


def _strips(space: Space, walks: list[Walk]) -> Figure:
    """Return one sample edited as asked, above what the walk makes of it, a pair of rows an edit."""
    import tensorflow as tf

    latent, label = start_sample(space)
    steps = np.array(sorted({0, *STRENGTHS}), np.float32)
    rows, names = [], []
    for walk in walks:
        latents = np.concatenate([move(latent[None], step * walk.way, 1.0, space.generator.prior) for step in steps])
        drawn = space.generator.images(latents, np.full(len(steps), label))
        first = tf.repeat(tf.cast(space.generator.images(latent[None], np.array([label])), tf.float32), len(steps), 0)
        wanted, known = edited(walk.edit, first, tf.constant(steps))
        shown = tf.where(known > 0, wanted, 128.0)
        rows += [np.rint(shown.numpy()).astype(np.uint8), drawn]
        names += [f"{walk.edit.name}, asked", "its walk"]
    return Figure(
        labelled_grid(np.concatenate(rows), names, [f"{step:+g}" if step else "0" for step in steps]),
        "What was asked for, and where the walk leads",
        "One sample in the middle. In pairs: the picture itself edited, grey where nobody knows what is there; and "
        "what the generator draws as its latent walks along the straight line that was learned for that edit. Walks "
        "were learned between -1 and 1; beyond lies what they were never asked for.",
    )


def _maps(walks: list[Walk], breaking: Breaking | None) -> dict[str, Figure]:
    names, steps = [walk.edit.name for walk in walks], [f"{strength:+d}" for strength in STRENGTHS]
    reached, count = np.stack([walk.reached.mean(axis=1) for walk in walks]), walks[0].reached.shape[1]
    figures = {
        "reached": Figure(
            heat(reached, names, steps, "share of what was asked for"),
            "How much of each edit is reached",
            f"The edit that is measured on the images over that which was asked for, the mean of {count} samples: 1 "
            "is all of it, 0 nothing, below 0 the wrong way.",
        )
    }
    if breaking and breaking.known:
        more = [[on.share - breaking.unmoved.share for on in rates] for rates in breaking.walks]
        figures["broken"] = Figure(
            heat(np.array(more), names, steps, "more broken images"),
            "How far before images break",
            f"Share of images farther from held-out real ones than {100 * TYPICAL:.0f} % of training images are, less "
            "that of samples that were not moved.",
        )
    return figures


def _table(walks: list[Walk], breaking: Breaking | None) -> Table:
    rows = []
    for place, walk in enumerate(walks):
        share, error = walk.share
        at_once = [STRENGTHS.index(1), STRENGTHS.index(max(STRENGTHS))]
        broken = ["-", "-", "-"]
        if breaking:
            broken = [
                *(f"{breaking.walks[place][at]}, random {breaking.chance[place][at]}" for at in at_once),
                str(breaking.goes(place)) if breaking.known else "-",
            ]
        rows.append(
            [
                walk.edit.name, walk.edit.amount, f"{100 * share:.0f} % ± {100 * SURE * error:.0f}",
                f"{100 * walk.luck:.0f} %", "yes" if walk.works else "no", *broken,
            ]
        )  # fmt: skip
    return Table(
        "Learned walks (95 % intervals)",
        ["edit", "at strength 1", "reached", "by random directions", "works", "broken at 1",
         f"broken at {max(STRENGTHS)}", "whole up to"],
        rows,
    )  # fmt: skip


def _numbers(walks: list[Walk], breaking: Breaking | None) -> dict[str, Number]:
    numbers = {
        "reached": Number(
            float(np.mean([walk.share[0] for walk in walks])),
            "Edits reached by learned walks",
            "higher",
            f"About 0 to 1, over {len(walks)} edits: share of the shift, zoom, rotation or light asked for that is "
            "measured on the images. 1: it can be steered at will; 0: not at all.",
        ),
        "reached_random": Number(
            float(np.mean([walk.luck for walk in walks])),
            "Edits reached by random directions",
            "",
            "From 0: what chance gives, over as long a way, either way.",
        ),
        "steerable": Number(
            float(np.mean([walk.works for walk in walks])),
            "Edits that it can be steered to",
            "higher",
            "0 to 1: share of the edits of which walks reach a tenth or more, and clearly more than random ways do.",
        ),
    }
    if breaking and breaking.known:
        numbers["whole_up_to"] = Number(
            float(np.mean([breaking.goes(place) for place in range(len(walks))])),
            "How far walks go before images break",
            "higher",
            f"0 to {max(STRENGTHS)}, as multiples of what they were learned for; read it beside how much is reached: a "
            "walk that does nothing breaks nothing.",
        )
    return numbers


def _words(space: Space, walks: list[Walk], breaking: Breaking | None) -> list[str]:
    told = []
    for works, sentence in (
        (True, "It can be steered to {} of {} edits, by straight walks learned for them: {}."),
        (False, "To {} of {} it cannot, or hardly better than by random directions: {}."),
    ):
        found = [walk for walk in walks if walk.works == works]
        listed = ", ".join(f"{walk.edit.name} ({100 * walk.share[0]:.0f} % of {walk.edit.amount})" for walk in found)
        told += [sentence.format(len(found), len(walks), listed)] if found else []
    if breaking is None:
        few = f"{len(space.test)} held-out images are too few to tell by them when images break; at least {FEW} are"
        return [*told, f"{few} needed."]
    if not breaking.known:
        return [
            *told,
            f"When images break cannot be told: unmoved, {breaking.unmoved} of the samples lie farther from real "
            f"images than {100 * TYPICAL:.0f} % of real ones do.",
        ]
    far = {walk.edit.name: breaking.goes(place) for place, walk in enumerate(walks)}
    listed = ", ".join(f"{name} {strength if strength else 'less than 1'}" for name, strength in far.items())
    return [*told, f"Before more images break than unmoved ({breaking.unmoved}), walks go up to: {listed}."]
