"""Real images in the latent space: found there, and edited there."""

from typing import NamedTuple

import numpy as np

from ganline.core.figures import image_grid, labelled_grid
from ganline.latent.inversion import Inverted, invert, nearest_random
from ganline.latent.paths import move, shell, to_normal
from ganline.studies.finding import Figure, Finding, Kept, LeftOut, Number
from ganline.studies.latent.base import Space

TITLE = "Real images in its space"
IMAGES, COLUMNS = 16, 4
STARTS, STEPS, LEARNING_RATE = 3, 150, 0.1
DRAWN = STARTS * STEPS
"""Random samples beside the search, for each class where classes are asked for: as many images as it looks at."""
EDITED, EDITS, AMOUNT = 5, 4, 2.5
"""Images and directions shown, and how far they are pushed either way, in standard deviations of the prior."""
DIRECTIONS = ("directions/boundaries", "directions/sefa", "directions/ganspace", "manifold/plane")
"""What is applied to real images: the first of these that a part before this one kept."""
POOR = 0.8
"""Error over that of the nearest random sample, from which a search has hardly found more than luck."""
FEW = 4
"""Numbers of a latent that random draws cover well."""


def find(space: Space) -> Finding:
    """Return held-out images beside what the generator makes of them, how near that is, and edits of them."""
    space.must_draw_fast()
    places = np.linspace(0, len(space.test) - 1, min(IMAGES, len(space.test))).astype(int)
    images = space.test.images[places]
    found, way, luck, errors = searched(space, images, classes_of(space, places))
    drawn = space.generator.images(found.latents, found.labels)
    error, baseline = (float(np.sqrt(part.mean())) for part in (found.errors, errors))
    figures = {"reconstructions": _triples(images, drawn, luck, way)}
    if edits := _edits(space, found):
        figures["edits"] = edits
    names = [f"held-out image {place}" for place in places]
    words = [_sentence(error, baseline, way, space.generator.latent_dim), *_effects(space, found)]
    return Finding(figures, _numbers(error, baseline), words, latents={"latents": Kept(found.latents, names, "latent")})


class Searched(NamedTuple):
    """What was found for N images."""

    found: Inverted
    way: str
    """How, in words."""
    luck: np.ndarray
    """uint8 (N, H, W, C): the random samples nearest to them."""
    luck_errors: np.ndarray
    """float64 (N,): how far those are, as Inverted.errors."""


def searched(space: Space, images: np.ndarray, classes: np.ndarray | None) -> Searched:
    """Return the latents of images, uint8 (N, H, W, C), whose classes are asked for where they are known, int (N,).

    Raises:
        LeftOut: the generator has no gradient.
    """
    pool, places, errors = _luck(space, images, classes)
    found, way = _inverted(space, images, pool, places)
    return Searched(found, way, pool.images[places[:, 0]], errors[:, 0])


def classes_of(space: Space, places: np.ndarray) -> np.ndarray | None:
    """Return the classes of held-out images, by their numbers, where the generator is asked for these; else None."""
    by_class = bool(space.conditions) and space.conditions == list(space.classes) and space.test.labels is not None
    return space.test.labels[places].astype(np.int32) if by_class and space.test.labels is not None else None


class Pool(NamedTuple):
    """Random samples."""

    latents: np.ndarray
    labels: np.ndarray
    images: np.ndarray


def _luck(space: Space, images: np.ndarray, classes: np.ndarray | None) -> tuple[Pool, np.ndarray, np.ndarray]:
    """Return random samples, of them some that are nearest to each image (N, S), nearest first, and their errors.

    Of classes that can be asked for only the image's own counts. Of codes, which mean no class, each gives its nearest
    sample, so that a search may begin under several.
    """
    maker, seed = space.generator, space.seed
    latents, labels = maker.latents(DRAWN, seed, "latent/luck"), maker.labels(DRAWN, seed, "latent/luck")
    if classes is not None:
        present = np.unique(classes)
        latents, labels = np.tile(latents, (len(present), 1)), np.repeat(present, DRAWN)
    pool = Pool(latents, labels, maker.images(latents, labels))
    if classes is not None:
        places, errors = np.empty((len(images), STARTS), np.int64), np.empty((len(images), STARTS))
        for label in present:
            rows, drawn = classes == label, np.flatnonzero(labels == label)
            found, errors[rows] = nearest_random(images[rows], pool.images[drawn], STARTS)
            places[rows] = drawn[found]
        return pool, places, errors
    if not maker.conditions:
        return pool, *nearest_random(images, pool.images, STARTS)
    by_code = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    each = [nearest_random(images, pool.images[drawn]) for drawn in by_code]
    places = np.hstack([drawn[found] for drawn, (found, _) in zip(by_code, each, strict=True)])
    errors = np.hstack([some for _, some in each])
    best = np.argsort(errors, axis=1, kind="stable")[:, :STARTS]
    return pool, np.take_along_axis(places, best, 1), np.take_along_axis(errors, best, 1)


def _inverted(space: Space, images: np.ndarray, pool: Pool, nearest: np.ndarray) -> tuple[Inverted, str]:
    """Return the latents of images, by the encoder where there is one, and how they were found.

    Without one the search begins at random samples that are `nearest` (N, S), under their labels.
    """
    if not space.lacks("encoder"):
        latents, labels = space.generator.encode(images), np.zeros(len(images), np.int32)
        drawn = space.generator.images(latents, labels)
        errors = np.mean((drawn / 255 - images / 255) ** 2, axis=(1, 2, 3))
        return Inverted(latents, labels, errors), "by the encoder"
    starts = to_normal(pool.latents[nearest.T], space.generator.prior).astype(np.float32)
    labels, within = pool.labels[nearest.T], shell(space.generator.latent_dim)
    try:
        found = invert(
            space.generator.unrounded, images, labels, starts, STEPS, LEARNING_RATE, space.generator.prior, within
        )
    except ValueError as reason:
        raise LeftOut(str(reason)) from None
    return found, f"by a search of {STEPS} steps from the {len(starts)} nearest random samples"


def _triples(images: np.ndarray, drawn: np.ndarray, luck: np.ndarray, way: str) -> Figure:
    triples = np.stack([images, drawn, luck], axis=1).reshape(-1, *images.shape[1:])
    return Figure(
        image_grid(triples, 3 * COLUMNS),
        "Held-out images and the nearest that it can draw",
        f"In threes: a held-out image; what the generator draws from the latent found for it ({way}); and the "
        f"nearest of {DRAWN} random samples. The middle one should be clearly nearer to the left than the "
        "right one is. What it gets wrong is what the generator cannot draw, or what the search did not find.",
    )


def _edits(space: Space, found: Inverted) -> Figure | None:
    """Return real images pushed along directions that were found before, both ways; None where there are none."""
    kept = next((space.kept[name] for name in DIRECTIONS if name in space.kept), None)
    if kept is None:
        return None
    latents, labels, prior = found.latents[::3][:EDITED], found.labels[::3][:EDITED], space.generator.prior
    columns = {"found": latents}
    for direction, name in zip(kept.values[:EDITS], kept.names[:EDITS], strict=True):
        for sign, amount in (("-", -AMOUNT), ("+", AMOUNT)):
            columns[f"{sign} {name}"] = move(latents, direction, amount, prior)
    images = [space.generator.images(moved, labels) for moved in columns.values()]
    return Figure(
        labelled_grid(
            np.stack(images, axis=1).reshape(-1, *images[0].shape[1:]),
            [str(i) for i in range(len(latents))],
            list(columns),
        ),
        "Real images, edited",
        f"Left, what the generator draws of held-out images; to the right the same latents pushed {AMOUNT:g} "
        "standard deviations back and forth along the directions found. An edit is good where only what it is named "
        "after changes.",
    )


def _effects(space: Space, found: Inverted) -> list[str]:
    """Return in how many of the real images an attribute rises when they are pushed towards it."""
    kept = space.kept.get(DIRECTIONS[0])
    if kept is None:
        return []
    before, prior = space.look(found.latents, found.labels), space.generator.prior
    by_name = {attribute.name: attribute for attribute in space.attributes}
    told = []
    for direction, name in zip(kept.values, kept.names, strict=True):
        if name in by_name:
            after = space.look(move(found.latents, direction, AMOUNT, prior), found.labels)
            told.append(f"{name} in {np.count_nonzero(by_name[name].score(after) > by_name[name].score(before))}")
    listed = ", ".join(told)
    return (
        [f"Pushed {AMOUNT:g} towards an attribute, of {len(found.latents)} real images it rises: {listed}."]
        if told
        else []
    )


def _numbers(error: float, baseline: float) -> dict[str, Number]:
    return {
        "error": Number(
            error,
            "Error of held-out images found in the latent space",
            "lower",
            "0 to 1: root-mean-square error a pixel, as a share of 255. High means that what is real cannot be drawn.",
        ),
        "error_over_luck": Number(
            error / baseline if baseline else 1.0,
            "The same, over the nearest random sample's",
            "lower",
            "0 to about 1: what finding a latent gains over drawing as many at random. Near 1 it gains nothing.",
        ),
    }


def _sentence(error: float, baseline: float, way: str, dimension: int) -> str:
    judged = "which is clearly nearer"
    if error > POOR * baseline:
        few = f"; but with {dimension} numbers luck finds nearly all there is" if dimension <= FEW else ""
        judged = f"which is hardly better than luck{few}"
    return (
        f"Held-out images were found {way} with an error of {100 * error:.1f} % of the range a pixel, against "
        f"{100 * baseline:.1f} % of the nearest of {DRAWN} random samples, {judged}."
    )
