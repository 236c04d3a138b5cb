"""Which units of the generator draw what: silenced and turned on, beside random ones (GAN dissection)."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ganline.core.figures import labelled_grid
from ganline.core.progress import Bar
from ganline.core.random import generator
from ganline.latent.attributes import Attribute
from ganline.latent.units import Effect, by_chance, effect, levels, stands_out, strongest
from ganline.report.plots import heat
from ganline.studies.finding import Figure, Finding, LeftOut, Number, Table
from ganline.studies.latent import network
from ganline.studies.latent.base import Drawn, Space

TITLE = "Its units, one by one"
LAYERS = 3
"""Layers looked at, at most: evenly spaced between the first and the last that can be."""
UNITS = 64
"""Units of a layer looked at, at most: those that vary most."""
SEARCHED, TESTED = 16, 48
"""Samples on which units are looked for, and others on which what was found is tested."""
SEARCH, TEST = slice(0, SEARCHED), slice(SEARCHED, SEARCHED + TESTED)
SETS = 24
"""Random sets of units beside those that were found."""
PART = 16
"""Of so many units one belongs to a set."""
AT_ONCE = 16
SHOWN, EXAMPLES = 6, 3
NOTHING = np.empty((0, 0), np.float32)
"""What an extractor says that is not asked."""
KINDS = ("as drawn", "ablated", "inserted")


@dataclass(frozen=True)
class Layer:
    """A layer of the generator that was opened, and the samples that units are looked for on."""

    space: Space
    name: str
    opened: network.Opened

    @cached_property
    def passing(self) -> np.ndarray:
        """What passes for the samples: first those for the search, then those for the test."""
        latents, labels = (
            part[: SEARCHED + TESTED] for part in (self.space.samples.latents, self.space.samples.labels)
        )
        return self.opened.passing(latents, labels)

    @cached_property
    def looked_at(self) -> np.ndarray:
        """The units that are looked at, int (u,), in rising order."""
        spread = self.passing.reshape(-1, self.opened.units).astype(np.float64).std(axis=0)
        return np.sort(np.argsort(-spread, kind="stable")[:UNITS])

    @property
    def size(self) -> int:
        """Units in a set."""
        return max(1, round(len(self.looked_at) / PART))

    @cached_property
    def levels(self) -> tuple[np.ndarray, np.ndarray]:
        """What ablates and what inserts each unit."""
        return levels(self.passing[SEARCH])

    def images(self, rows: slice, units: np.ndarray) -> list[np.ndarray]:
        """Return the images of some samples with these units ablated, and with them inserted."""
        return [self.opened.images(self.passing[rows], units, level) for level in self.levels]

    def scores(self, rows: slice, images: list[np.ndarray]) -> np.ndarray:
        """Return what attributes images of these samples have, in standard deviations: float64 (sets, n, A)."""
        drawn, asked, sets = self.space.samples, asked_for(self.space), len(images)
        given = np.tile(drawn.latents[rows], (sets, 1)), np.tile(drawn.labels[rows], sets), np.concatenate(images)
        seen = self.space.told(*given) if self.space.looks_fast else Drawn(*given, NOTHING, NOTHING)
        scores = np.stack([attribute.score(seen) / attribute.spread for attribute in asked], axis=-1)
        return scores.reshape(sets, -1, len(asked))

    def changes(self, rows: slice, sets: list[np.ndarray]) -> np.ndarray:
        """Return the scores of samples with each set of units inserted less those with it ablated: (sets, n, A)."""
        found = []
        for first in range(0, len(sets), AT_ONCE):
            pairs = [self.images(rows, units) for units in sets[first : first + AT_ONCE]]
            scores = self.scores(rows, [images for pair in pairs for images in pair])
            found.append(scores[1::2] - scores[::2])
        return np.concatenate(found)


class Cause(NamedTuple):
    """The units of a layer that change an attribute most, and how they did on other samples than they were found on."""

    attribute: Attribute
    layer: Layer
    units: np.ndarray
    ablated: Effect
    inserted: Effect
    whole: Effect
    """Inserted less ablated."""
    chance: list[Effect]
    """The same of the random sets that share no unit with it."""

    @property
    def most(self) -> float:
        """The largest effect of a random set, either way."""
        return max((abs(found.mean) for found in self.chance), default=0.0)

    @property
    def clear(self) -> bool:
        """Whether it does clearly more than any random set."""
        return stands_out(self.whole, np.array([found.mean for found in self.chance]))


def find(space: Space) -> Finding:
    """Return for each attribute the units that change it most when they are ablated and inserted."""
    space.must_draw_fast()
    if not asked_for(space):
        raise LeftOut("its samples do not differ in anything that is measured")
    layers = _layers(space)
    alone, causes = _causes(space, layers)
    ordered = sorted(causes, key=lambda cause: (not cause.clear, cause.most / max(abs(cause.whole.mean), 1e-9)))
    figures = {"units": _pictures(space, ordered[:SHOWN])} | {"effects": _map(space, layers, alone, ordered)}
    words = _words(layers, ordered)
    if not space.looks_fast:
        words.append("The extractor takes long to look, so that only what is measured of the pixels was asked for.")
    return Finding(figures, _numbers(causes), words, tables=[_table(ordered)])


def asked_for(space: Space) -> list[Attribute]:
    """Return the attributes that units are held against: without those that a slow extractor would have to look for."""
    return [each for each in space.attributes if space.looks_fast or each.name in space.samples.measured]


def _layers(space: Space) -> list[Layer]:
    """Return the layers looked at, named by their place and by what passes there.

    Raises:
        LeftOut: the network cannot be cut, or draws otherwise than the generator.
    """
    found = network.opened(space.model)
    names = [f"layer {place}, {_shape(opened.shape)}" for place, opened in enumerate(found, 1)]
    chosen = np.unique(np.linspace(0, len(found) - 1, LAYERS).round().astype(int))
    layers = [Layer(space, names[place], found[place]) for place in chosen]
    drawn = layers[0].opened.images(layers[0].passing, np.array([], int), np.zeros(layers[0].opened.shape))
    if np.abs(drawn.astype(int) - space.samples.images[: len(drawn)]).max() > 1:  # rounding alone may differ
        raise LeftOut(f"the network of {space.generator.name}, cut in two, does not draw what the generator draws")
    return layers


def _shape(shape: tuple[int, ...]) -> str:
    return f"{shape[-1]:,} maps of {shape[0]}x{shape[1]}" if len(shape) == 3 else f"{shape[0]:,} numbers"


def _causes(space: Space, layers: list[Layer]) -> tuple[list[np.ndarray], list[Cause]]:
    """Return what each unit of each layer does by itself, float64 (u, A), and the causes, one an attribute.

    An attribute's layer is the one where the units found do most on the samples they are looked for on.
    """
    random, count = generator(space.seed, "latent/dissection"), len(asked_for(space))
    with Bar("Units", 2 * len(layers), unit="layers") as bar:
        alone = []
        for layer in layers:
            alone.append(layer.changes(SEARCH, list(layer.looked_at[:, None])).mean(axis=1))
            bar.advance()
        best: list[dict[int, np.ndarray]] = [{} for _ in layers]
        for place in range(count):
            sets = [strongest(effects[:, place], layer.size) for effects, layer in zip(alone, layers, strict=True)]
            sums = [abs(effects[units, place].sum()) for effects, units in zip(alone, sets, strict=True)]
            at = int(np.argmax(sums))
            best[at][place] = layers[at].looked_at[np.sort(sets[at])]
        causes: dict[int, Cause] = {}
        for layer, sets_of in zip(layers, best, strict=True):
            causes |= _tested(layer, sets_of, random) if sets_of else {}
            bar.advance()
    return alone, [causes[place] for place in range(count)]


def _tested(layer: Layer, sets: dict[int, np.ndarray], random: np.random.Generator) -> dict[int, Cause]:
    """Return the causes of attributes, by their number, on fresh samples, beside random sets of the same size."""
    chance = [random.choice(layer.looked_at, layer.size, replace=False) for _ in range(SETS)]
    by_chance_ = layer.changes(TEST, chance)
    before = layer.scores(TEST, [layer.space.samples.images[TEST]])[0]
    found = {}
    for place, units in sets.items():
        ablated, inserted = layer.scores(TEST, layer.images(TEST, units))[:, :, place]
        others = [i for i, other in enumerate(chance) if not set(other) & set(units)]
        found[place] = Cause(
            asked_for(layer.space)[place], layer, units, effect(ablated - before[:, place]),
            effect(inserted - before[:, place]), effect(inserted - ablated),
            [effect(by_chance_[i, :, place]) for i in others],
        )  # fmt: skip
    return found


def _pictures(space: Space, causes: list[Cause]) -> Figure:
    rows = []
    for cause in causes:
        at = slice(TEST.start, TEST.start + EXAMPLES)
        kinds = [space.samples.images[at], *cause.layer.images(at, cause.units)]
        rows.append(np.stack(kinds, axis=1).reshape(-1, *kinds[0].shape[1:]))
    return Figure(
        labelled_grid(np.concatenate(rows), [_name(cause) for cause in causes], KINDS * EXAMPLES),
        "The units that matter most",
        f"One attribute a row, {EXAMPLES} samples: as drawn; with the units that change the attribute most silenced "
        "(ablated); and with them set to what they give for the sample for which they give most (inserted). Beside it "
        "stands whether it rises or falls with them.",
    )


def _name(cause: Cause) -> str:
    return f"{cause.attribute.name} {'+' if cause.whole.mean > 0 else '-'}"


def _map(space: Space, layers: list[Layer], alone: list[np.ndarray], ordered: list[Cause]) -> Figure:
    """Return what each unit of one layer does: the layer of the cause that stands out most."""
    at = next(place for place, layer in enumerate(layers) if layer is ordered[0].layer)
    names = [attribute.name for attribute in asked_for(space)]
    return Figure(
        heat(alone[at].T, names, [str(unit) for unit in layers[at].looked_at], "standard deviations"),
        f"What every unit does ({layers[at].name})",
        "Mean change of an attribute from a unit ablated to the same unit inserted, a column a unit, in the order of "
        f"their numbers, over {SEARCHED} samples. A column with one coloured cell would be a unit with one task.",
    )


def _table(causes: list[Cause]) -> Table:
    return Table(
        f"Attributes and the units that change them most, on {TESTED} other samples, in standard deviations "
        "(95 % interval)",
        ["attribute", "layer", "units", "ablated", "inserted", "inserted less ablated", "random units", "stands out"],
        [
            [
                cause.attribute.name, cause.layer.name, ", ".join(map(str, cause.units[:8]))
                + (", ..." if len(cause.units) > 8 else ""), str(cause.ablated), str(cause.inserted), str(cause.whole),
                f"at most {cause.most:.2f}", "yes" if cause.clear else "no",
            ]
            for cause in causes
        ],
    )  # fmt: skip


def _numbers(causes: list[Cause]) -> dict[str, Number]:
    chance = [cause for cause in causes if len(cause.chance) > 1]
    luck = [np.mean([abs(found.mean) for found in cause.chance]) for cause in chance]
    return {
        "causal": Number(
            float(np.mean([cause.clear for cause in causes])),
            "Attributes that few units draw",
            "",
            f"0 to 1, over {len(causes)} attributes: share whose units change it half as much again as "
            f"any of {SETS} random sets of as many. High: it keeps things apart. Compare it with what chance gives.",
        ),
        "causal_random": Number(
            float(np.mean([by_chance(cause.chance) for cause in chance])) if chance else 0.0,
            "Random units that draw an attribute",
            "",
            "0 to 1: share of random sets that change an attribute more than all the others do: what chance gives.",
        ),
        "effect": Number(
            float(np.mean([abs(cause.whole.mean) for cause in causes])),
            "How much the units found change their attribute",
            "",
            "From 0, in standard deviations of the attribute, from ablated to inserted.",
        ),
        "effect_random": Number(
            float(np.mean(luck)) if luck else 0.0,
            "How much random units change an attribute",
            "",
            "From 0, in standard deviations: as many units, drawn at random.",
        ),
    }


def _words(layers: list[Layer], causes: list[Cause]) -> list[str]:
    clear = [cause for cause in causes if cause.clear]
    looked = "; ".join(layer.name for layer in layers)
    told = []
    if clear:
        listed = ", ".join(f"{_name(cause)} ({_units(cause)})" for cause in clear)
        told.append(
            f"For {len(clear)} of {len(causes)} attributes few units do clearly more than any of {SETS} random "
            f"sets of as many: {listed}."
        )
    else:
        told.append(
            f"For none of {len(causes)} attributes do the units found do clearly more than random ones: what this "
            "generator draws is spread over many units."
        )
    return [*told, f"Looked at: {looked}; + and - say whether the attribute rises or falls with the units."]


def _units(cause: Cause) -> str:
    first = ", ".join(map(str, cause.units[:4]))
    return f"unit{'s' * (len(cause.units) > 1)} {first}{' and others' if len(cause.units) > 4 else ''}"
