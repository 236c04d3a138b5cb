"""Directions along which something happens: towards each attribute, and those the network itself prefers."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ganline.core.figures import labelled_grid
from ganline.core.progress import track
from ganline.core.random import generator
from ganline.latent import directions
from ganline.latent.attributes import Attribute, Rate, rate
from ganline.latent.paths import move, to_normal
from ganline.report.plots import heat, rates
from ganline.studies.finding import Figure, Finding, Kept, LeftOut, Number, Table
from ganline.studies.latent import network
from ganline.studies.latent.base import Drawn, Space

TITLE = "Directions"
TRIALS = 100
POOL = 400
"""Fresh samples that trials start from."""
REACH = 3.0
"""How far an edit goes, standard deviations of N(0, 1)."""
AMOUNTS = (-4, -3, -2, -1, 0, 1, 2, 3, 4)
TIMES = 3
"""An edit counts where it succeeds this many times as often as a random one."""
PROBED = 32
"""Samples moved to see what a direction changes."""
NOTABLE = 0.3
"""Change of an attribute, in standard deviations, that a direction is named by."""


class Edit(NamedTuple):
    """What became of the edits towards one attribute."""

    attribute: Attribute
    direction: np.ndarray
    """float64 (latent_dim,)."""
    accuracy: float
    """Balanced accuracy of the boundary on samples that it was not fitted to."""
    success: Rate
    control: Rate
    prevalence: float
    """Share of fresh samples that have the attribute, moved nowhere."""
    changes: np.ndarray
    """float64 (A,): mean change of every attribute's score, in standard deviations."""

    @property
    def works(self) -> bool:
        """Whether the edit does what its name says."""
        return self.success.clearly_above(self.control, TIMES)


def find(space: Space) -> Finding:
    """Return directions found in three ways, what they change, and how often edits towards attributes succeed."""
    space.must_draw_fast()
    finding = Finding(words=[])
    pool = space.draw(POOL, "directions")
    start = start_sample(space)
    edits, without = towards_attributes(space, pool)
    if edits:
        finding.figures |= figures_of(space, edits, start)
        finding.tables.append(table_of(edits))
        finding.numbers |= numbers_of(edits)
        finding.latents["boundaries"] = Kept(
            np.stack([edit.direction for edit in edits]), [edit.attribute.name for edit in edits], "direction"
        )
    finding.words += words_of(space, edits) + without
    for method in METHODS if space.lacks("w") else ():  # of those with w the part on directions in w asks
        try:
            found, shares = method.find(space)
        except (LeftOut, ValueError) as reason:
            finding.words.append(f"{method.title} is left out: {reason}.")
            continue
        names = [f"{place}: {name_of(space, pool, way)}".rstrip(": ") for place, way in enumerate(found, 1)]
        finding.figures[method.name] = Figure(
            strips(space, found, names, start),
            f"{method.what} ({method.title})",
            "One sample in the middle, moved to both sides, in standard deviations. Each direction is named by the "
            f"attributes it changes most. Together they hold {100 * shares.sum():.0f} % of {method.of}.",
        )
        finding.latents[method.name] = Kept(found, names, "direction")
    return finding


def towards_attributes(space: Space, pool: Drawn) -> tuple[list[Edit], list[str]]:
    """Return the edits towards each attribute that has a boundary, and sentences on those that have none."""
    samples, random = space.samples, generator(space.seed, "latent/directions")
    normal = to_normal(samples.latents, space.generator.prior)
    # The control is the same for every attribute, so it is drawn once.
    chance = directions.random_directions(len(pool.images), space.generator.latent_dim, random)
    at_random = space.look(move(pool.latents, chance, REACH, space.generator.prior), pool.labels)
    edits, without = [], []
    for attribute in track(space.attributes, "Edits", len(space.attributes), "attributes"):
        lacks = attribute.lacks(samples, samples.labels) & ~attribute.members
        starts = np.flatnonzero(attribute.lacks(pool, pool.labels))[:TRIALS]
        try:
            direction, accuracy = directions.boundary(normal, attribute.members, lacks)
            if len(starts) < TRIALS // 4:
                raise ValueError(f"only {len(starts)} of {POOL} fresh samples lack it")
        except ValueError as reason:
            without.append(f"No direction towards {attribute.name} was looked for: {reason}.")
            continue
        moved = space.look(move(pool.latents[starts], direction, REACH, space.generator.prior), pool.labels[starts])
        success = rate(attribute.has(moved, moved.labels))
        control = rate(attribute.has(at_random, pool.labels)[attribute.lacks(pool, pool.labels)])
        changes = mean_changes(space.attributes, pool, starts, moved)
        usual = float(attribute.has(pool, pool.labels).mean())
        edits.append(Edit(attribute, direction, accuracy, success, control, usual, changes))
    return edits, without


def mean_changes(attributes: list[Attribute], before: Drawn, rows: np.ndarray, after: Drawn) -> np.ndarray:
    """Return by how many standard deviations each attribute's score changes on average, float64 (A,).

    Args:
        attributes: A of them.
        before: samples.
        rows: int (N,), which of them were moved.
        after: what became of these.
    """
    return np.array(
        [(attribute.score(after) - attribute.score(before)[rows]).mean() / attribute.spread for attribute in attributes]
    )


def start_sample(space: Space) -> tuple[np.ndarray, int]:
    """Return the latent and the label of the sample nearest to the mean of all in feature space, not picked by eye."""
    samples = space.samples
    first = samples.labels == samples.labels[0]
    distances = np.linalg.norm(samples.features - samples.features[first].mean(axis=0), axis=1)
    best = int(np.where(first, distances, np.inf).argmin())
    return samples.latents[best], int(samples.labels[best])


def strips(space: Space, found: np.ndarray, names: list[str], start: tuple[np.ndarray, int]) -> np.ndarray:
    """Return one sample moved along each direction (n, latent_dim), a labelled row each, uint8 (h, w, C)."""
    latent, label = start
    ways, amounts = np.repeat(found, len(AMOUNTS), axis=0), np.tile(AMOUNTS, len(found))[:, None]
    latents = move(np.repeat(latent[None], len(ways), axis=0), amounts * ways, 1.0, space.generator.prior)
    images = space.generator.images(latents, np.full(len(latents), label))
    return labelled_grid(images, names, [f"{amount:+d}" if amount else "0" for amount in AMOUNTS])


def name_of(space: Space, pool: Drawn, direction: np.ndarray) -> str:
    """Return a direction's name by the attributes it changes most, such as "area +, Sneaker -"."""
    rows = np.arange(min(PROBED, len(pool.images)))
    ends = [
        space.look(move(pool.latents[rows], direction, amount, space.generator.prior), pool.labels[rows])
        for amount in (-REACH, REACH)
    ]
    changes = mean_changes(space.attributes, ends[0], rows, ends[1])
    strongest = [place for place in np.argsort(-np.abs(changes))[:2] if abs(changes[place]) >= NOTABLE]
    return ", ".join(f"{space.attributes[place].name} {'+' if changes[place] > 0 else '-'}" for place in strongest)


def figures_of(space: Space, edits: list[Edit], start: tuple[np.ndarray, int]) -> dict[str, Figure]:
    """Return the strips, the success of each edit beside its control, and what each changes besides."""
    names = [edit.attribute.name for edit in edits]
    every = [attribute.name for attribute in space.attributes]
    told = {"edits": [edit.success for edit in edits], "random moves": [edit.control for edit in edits]}
    return {
        "boundaries": Figure(
            strips(space, np.stack([edit.direction for edit in edits]), names, start),
            "Towards each attribute (InterFaceGAN)",
            "One sample in the middle, moved away from the attribute to the left and towards it to the right, in "
            "standard deviations.",
        ),
        "success": Figure(
            rates(names, {name: [(of.share, of.interval) for of in found] for name, found in told.items()}),
            "Do edits do what their name says?",
            f"Share of fresh samples without the attribute that have it once moved {REACH:g} standard deviations along "
            "its direction, and along random directions as far, with 95 % intervals.",
        ),
        "entanglement": Figure(
            heat(np.stack([edit.changes for edit in edits]), names, every, "standard deviations"),
            "What else an edit changes",
            "One edit a row: the mean change of every attribute, in standard deviations. Only the diagonal was asked "
            "for; what is coloured beside it comes along.",
        ),
    }


def table_of(edits: list[Edit]) -> Table:
    """Return every edit's success beside its control."""
    return Table(
        f"Edits of {REACH:g} standard deviations that reach the attribute, % (95 % interval)",
        ["attribute", "edits", "random moves", "fresh samples", "boundary's accuracy", "does what it says"],
        [
            [
                edit.attribute.name, str(edit.success), str(edit.control), f"{100 * edit.prevalence:.0f} %",
                f"{edit.accuracy:.2f}", "yes" if edit.works else "no",
            ]
            for edit in edits
        ],
    )  # fmt: skip


def numbers_of(edits: list[Edit]) -> dict[str, Number]:
    """Return the rates, averaged over attributes."""
    return {
        "edit_success": Number(
            float(np.mean([edit.success.share for edit in edits])),
            "Edits that reach their attribute",
            "higher",
            f"0 to 1, over {len(edits)} attributes; compare it with what random moves reach.",
        ),
        "random_success": Number(
            float(np.mean([edit.control.share for edit in edits])),
            "Random moves that reach an attribute",
            "",
            "0 to 1: what chance gives, over as long a way.",
        ),
        "editable": Number(
            float(np.mean([edit.works for edit in edits])),
            "Attributes that can be edited",
            "higher",
            f"0 to 1: share of attributes whose edits succeed at least {TIMES} times as often as random moves.",
        ),
    }


def words_of(space: Space, edits: list[Edit]) -> list[str]:
    """Return what the edits say, those that fail by name."""
    told = []
    works, fails = ([edit for edit in edits if edit.works == wanted] for wanted in (True, False))
    if works:
        listed = ", ".join(edit.attribute.name for edit in works)
        told.append(
            f"Edits towards {len(works)} of {len(edits)} attributes succeed at least {TIMES} times as often as random "
            f"moves of the same length: {listed}."
        )
    elif edits:
        told.append(f"This generator has no direction that reaches any of {len(edits)} attributes better than chance.")
    if works and fails:
        listed = ", ".join(f"{edit.attribute.name} ({edit.success} against {edit.control})" for edit in fails)
        told.append(f"No direction does so clearly for {listed}.")
    if not edits:
        told.append("Its samples share no attribute that a direction could lead to.")
    if space.conditions and not any(edit.attribute.name in space.conditions for edit in edits):
        told.append("What it is asked for is chosen by its label, so no direction is to change it.")
    return told


def _sefa(space: Space) -> tuple[np.ndarray, np.ndarray]:
    return directions.factorised(network.first_kernel(space.model), space.settings.directions)


def _ganspace(space: Space) -> tuple[np.ndarray, np.ndarray]:
    samples = space.samples
    made = network.activations(space.model, samples.latents, samples.labels)
    for label in np.unique(samples.labels):  # what the labels do is not asked here
        made[samples.labels == label] -= made[samples.labels == label].mean(axis=0)
    normal = to_normal(samples.latents, space.generator.prior)
    return directions.principal(normal, made, space.settings.directions, space.seed)


class Method(NamedTuple):
    """A way to find directions without attributes."""

    name: str
    title: str
    what: str
    of: str
    find: Callable[[Space], tuple[np.ndarray, np.ndarray]]
    """Returns directions (n, latent_dim) and the share that each has."""


METHODS = (
    Method("sefa", "SeFa", "What the first layer stretches most", "what the layer passes on", _sefa),
    Method("ganspace", "GANSpace", "Principal directions of activations", "the activations' variance", _ganspace),
)
