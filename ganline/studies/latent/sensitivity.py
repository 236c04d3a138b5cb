"""Which of a latent's numbers matter, and what each does."""

import numpy as np

from ganline.core.figures import labelled_grid
from ganline.core.progress import track
from ganline.latent.paths import from_normal, to_normal
from ganline.report.plots import heat
from ganline.studies.finding import Figure, Finding, LeftOut, Number
from ganline.studies.latent.base import Drawn, Space
from ganline.studies.latent.directions import AMOUNTS, start_sample

TITLE = "Its coordinates, one by one"
BASES = 12
"""Samples in which every coordinate is moved."""
MOST = 512
"""Coordinates that are looked at one by one."""
REACH = 2.0
"""A coordinate is put this many standard deviations below and above 0, all others left alone."""
NOTABLE = 0.3
"""Mean change of an attribute, in standard deviations, that is worth a name."""
SURE = 4.0
"""Standard errors by which a mean change must differ from 0; many are looked at."""


def find(space: Space) -> Finding:
    """Return what each coordinate does to the image and to every attribute."""
    space.must_draw_fast()
    dim = space.generator.latent_dim
    if dim > MOST:
        raise LeftOut(f"{dim} coordinates are too many to be moved one by one; at most {MOST} are")
    moved, changes, errors = effects(space)
    order = np.argsort(-moved, kind="stable")
    sure = (np.abs(changes) >= NOTABLE) & (np.abs(changes) >= SURE * errors)
    shown = order[: space.settings.directions]
    names = [f"z[{place}] {_names(space, changes[place], sure[place])}".strip() for place in shown]
    figures = {
        "strips": Figure(
            strips(space, shown, names),
            "The coordinates that change most",
            "One sample, a single coordinate set to a number of standard deviations, all others left alone. Each row "
            "is named by what changes on average over many samples.",
        )
    }
    if space.attributes:
        names = [attribute.name for attribute in space.attributes]
        figures["effects"] = Figure(
            heat(changes.T, names, [str(place) for place in range(dim)], "standard deviations"),
            "What every coordinate does",
            f"Mean change of an attribute as a coordinate goes from {-REACH:g} to {REACH:g}, a column a coordinate, "
            f"over {BASES} samples. A column with one coloured cell would be a switch for one thing.",
        )
    effective = effective_count(moved)
    numbers = {
        "effective_coordinates": Number(
            effective,
            "Coordinates that share the work",
            "",
            f"1 to {dim}: the participation ratio of how far each moves the image. About {dim}: none stands out.",
        ),
        "coordinate_distance": Number(
            float(moved.mean()),
            "How far one coordinate moves the image",
            "",
            f"Feature distance from {-REACH:g} to {REACH:g}, as a share of that between two samples.",
        ),
    }
    return Finding(figures, numbers, words(space, moved, changes, sure, effective))


def effects(space: Space) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what coordinates do as they go from -REACH to REACH standard deviations.

    Returns:
        float64 (L,): mean distance in feature space, as a share of that of two samples; float64 (L, A): mean change of
        every attribute, in standard deviations; and its standard error.
    """
    samples, dim = space.samples, space.generator.latent_dim
    count = min(BASES, len(samples.images) // 2)
    apart = np.linalg.norm(samples.features[:count] - samples.features[count : 2 * count], axis=1).mean()
    base, labels = to_normal(samples.latents[:count], space.generator.prior), samples.labels[:count]
    moved, changes, errors = np.zeros(dim), *(np.zeros((dim, len(space.attributes))) for _ in range(2))
    for place in track(range(dim), "Coordinates", dim, "coordinates"):
        low, high = (_seen(space, base, labels, place, amount) for amount in (-REACH, REACH))
        moved[place] = np.linalg.norm(high.features - low.features, axis=1).mean() / max(apart, 1e-12)
        for i, attribute in enumerate(space.attributes):
            change = (attribute.score(high) - attribute.score(low)) / attribute.spread
            changes[place, i], errors[place, i] = change.mean(), change.std(ddof=1) / np.sqrt(count)
    return moved, changes, errors


def _seen(space: Space, base: np.ndarray, labels: np.ndarray, place: int, amount: float) -> Drawn:
    moved = base.copy()
    moved[:, place] = amount
    return space.look(from_normal(moved, space.generator.prior), labels)


def strips(space: Space, shown: np.ndarray, names: list[str]) -> np.ndarray:
    """Return one sample with each of some coordinates set to a row of amounts, uint8 (h, w, C)."""
    latent, label = start_sample(space)
    moved = np.repeat(to_normal(latent[None], space.generator.prior), len(shown) * len(AMOUNTS), axis=0)
    moved[np.arange(len(moved)), np.repeat(shown, len(AMOUNTS))] = np.tile(AMOUNTS, len(shown))
    images = space.generator.images(from_normal(moved, space.generator.prior), np.full(len(moved), label))
    return labelled_grid(images, names, [f"{amount:+d}" if amount else "0" for amount in AMOUNTS])


def effective_count(weights: np.ndarray) -> float:
    """Return the participation ratio of weights (L,) >= 0: (sum)^2 / sum of squares, 1 to L."""
    return float(weights.sum() ** 2 / max((weights**2).sum(), 1e-12))


def words(space: Space, moved: np.ndarray, changes: np.ndarray, sure: np.ndarray, effective: float) -> list[str]:
    """Return which coordinates matter, and what those do that do something."""
    dim, order = len(moved), np.argsort(-moved, kind="stable")
    told = [
        f"The strongest coordinates are {', '.join(f'z[{place}]' for place in order[:5])}; {effective:.0f} of {dim} "
        + ("share the work: none stands out." if effective > 0.8 * dim else "do most of the work.")
    ]
    doing = [(place, _names(space, changes[place], sure[place])) for place in order if sure[place].any()]
    if doing:
        listed = "; ".join(f"z[{place}]: {names}" for place, names in doing[:5])
        told.append(f"{len(doing)} coordinates change something by themselves, the strongest {listed}.")
    elif space.attributes:
        told.append(
            f"No single coordinate changes any attribute by {NOTABLE:g} standard deviations: what the images have in "
            "them lies across many coordinates, so look for directions, not for coordinates."
        )
    return told


def _names(space: Space, changes: np.ndarray, sure: np.ndarray) -> str:
    chosen = [i for i in np.argsort(-np.abs(changes)) if sure[i]][:2]
    return ", ".join(f"{space.attributes[i].name} {'+' if changes[i] > 0 else '-'}" for i in chosen)
