"""What it does not draw: classes or clusters that come too seldom, and real images of these as witnesses."""

from typing import NamedTuple

import numpy as np

from ganline.core.figures import labelled_grid
from ganline.core.random import generator, purpose_number
from ganline.latent.groups import Share, clusters, members, shares
from ganline.metrics.record import Sample
from ganline.report.plots import rates
from ganline.studies.finding import Figure, Finding, LeftOut, Number, Table
from ganline.studies.latent.base import Space
from ganline.studies.latent.inversion import classes_of, searched

TITLE = "What it does not draw"
FEW = 100
"""Held-out images that are too few to count groups of."""
CLUSTERS = 20
FITTED = 5000
"""Training images that clusters are made of, at most."""
SHOWN, WITNESSES = 2, 4
"""Groups that lack most, and as many that lack nothing, and held-out images of each that are looked for."""
SURE = 1.96


class Group(NamedTuple):
    """A class or a cluster."""

    name: str
    share: Share
    floor: Share
    """The same of training images in place of samples."""
    held_out: np.ndarray
    """Numbers of the held-out images that belong to it."""


class Witness(NamedTuple):
    """Held-out images of a group, and the nearest that the generator was found to draw."""

    group: Group
    real: np.ndarray
    """uint8 (n, H, W, C)."""
    drawn: np.ndarray
    """As `real`."""
    errors: np.ndarray
    """float64 (n,): squared error over that of the mean training image."""


def find(space: Space) -> Finding:
    """Return which kinds of real images the generator draws too seldom, and what it makes of some of these."""
    space.must_draw_fast()
    if len(space.test) < FEW:
        raise LeftOut(
            f"{len(space.test)} held-out images are too few to say what is missing; at least {FEW} are needed"
        )
    groups, kind = _groups(space)
    lacking = sorted((group for group in groups if group.share.lacking), key=lambda group: -group.share.lacking)
    finding = Finding(
        {"shares": _chart(groups, kind)}, _numbers(groups, kind), [_sentence(space, groups, lacking, kind)],
        tables=[_table(groups, kind)],
    )  # fmt: skip
    if lacking:
        there = sorted((group for group in groups if not group.share.lacking), key=_surplus, reverse=True)
        witnesses, way = _witnesses(space, [*lacking[:SHOWN], *there[:SHOWN]])
        finding.figures["witnesses"] = _pictures(witnesses, way)
        finding.numbers |= _errors(witnesses)
        finding.words.append(_compared(witnesses))
    return finding


def _surplus(group: Group) -> float:
    return group.share.found - group.share.real


def _groups(space: Space) -> tuple[list[Group], str]:
    """Return the groups that held-out images fall into, and what they are: classes, or clusters of features."""
    train = _some(space)
    if names := space.known_classes:
        kind, found = "class", [each.probabilities.argmax(axis=1) for each in (space.test, space.samples, train)]
    else:
        try:
            made = clusters(_fitted(space), CLUSTERS, space.seed + purpose_number("latent/missing") % 2**16)
        except ValueError as reason:
            raise LeftOut(str(reason)) from None
        kind, found = "cluster", [members(made, each.features) for each in (space.test, space.samples, train)]
        names = [f"cluster {place + 1}" for place in range(made.n_clusters)]
    real, drawn, floor = (np.bincount(each, minlength=len(names)) for each in found)
    each = zip(names, shares(real, drawn), shares(real, floor), strict=True)
    return [Group(*facts, np.flatnonzero(found[0] == place)) for place, facts in enumerate(each)], kind


def _some(space: Space) -> Sample:
    """Return as many training images as there are samples, drawn at random."""
    rows = generator(space.seed, "latent/missing").permutation(len(space.train))[: len(space.samples.images)]
    return Sample(space.train.images[rows], space.train.features[rows], space.train.probabilities[rows])


def _fitted(space: Space) -> np.ndarray:
    rows = generator(space.seed, "latent/missing/clusters").permutation(len(space.train))[:FITTED]
    return space.train.features[rows]


def _witnesses(space: Space, groups: list[Group]) -> tuple[list[Witness], str]:
    """Return held-out images of each group, evenly taken, and what a search in the latents finds for them."""
    places = [group.held_out[_evenly(len(group.held_out))] for group in groups if len(group.held_out)]
    groups = [group for group in groups if len(group.held_out)]
    chosen = np.concatenate(places)
    images = space.test.images[chosen]
    found, way, _, _ = searched(space, images, classes_of(space, chosen))
    drawn = space.generator.images(found.latents, found.labels)
    mean = space.train.images.mean(axis=0, dtype=np.float64)
    usual = np.mean((images - mean) ** 2, axis=(1, 2, 3)) / 255**2
    parts = [np.split(part, np.cumsum([len(each) for each in places])[:-1]) for part in (images, drawn)]
    errors = np.split(found.errors / np.maximum(usual, 1e-12), np.cumsum([len(each) for each in places])[:-1])
    return [Witness(*facts) for facts in zip(groups, *parts, errors, strict=True)], way


def _evenly(count: int) -> np.ndarray:
    return np.linspace(0, count - 1, min(WITNESSES, count)).astype(int)


def _sides(witnesses: list[Witness]) -> list[np.ndarray]:
    """Return the errors of what is lacking and of what is there."""
    return [
        np.concatenate([np.zeros(0), *(each.errors for each in witnesses if bool(each.group.share.lacking) == side)])
        for side in (True, False)
    ]


def _chart(groups: list[Group], kind: str) -> Figure:
    found = {
        "held-out images": [(group.share.real, group.share.real_interval) for group in groups],
        "samples": [(group.share.found, group.share.found_interval) for group in groups],
    }
    most = max(high for each in found.values() for _, (_, high) in each)
    what = "class, as the extractor sees it" if kind == "class" else "cluster of the training images' features"
    return Figure(
        rates([group.name for group in groups], found, most),
        "How often each kind of image comes",
        f"Shares of each {what}, with intervals that hold for all of them at once (95 %). Orange left of blue: the "
        "generator draws it too seldom.",
    )


def _table(groups: list[Group], kind: str) -> Table:
    rows = [
        [
            group.name, f"{100 * group.share.real:.1f} %", f"{100 * group.share.found:.1f} %",
            "{:+.1f} to {:+.1f}".format(*(100 * end for end in group.share.difference)), group.share.state,
            group.floor.state,
        ]
        for group in sorted(groups, key=_surplus)
    ]  # fmt: skip
    return Table(
        "What comes too seldom (intervals hold for all at once, 95 %)",
        [kind, "held-out images", "samples", "difference, points", "comes", "training images"],
        rows,
    )


def _numbers(groups: list[Group], kind: str) -> dict[str, Number]:
    many = {"class": "classes", "cluster": "clusters"}[kind]
    return {
        "missing": Number(
            sum(group.share.state == "missing" for group in groups),
            f"Missing {many}",
            "lower",
            f"Of {len(groups)}: those that come less than a tenth as often as among held-out images, surely.",
        ),
        "too_seldom": Number(
            sum(bool(group.share.lacking) for group in groups),
            f"{many.capitalize()} that come too seldom",
            "lower",
            f"Of {len(groups)}, the missing ones among them; training images in place of samples have none, but for 1 "
            "in 20 of such counts.",
        ),
        "lacking": Number(
            float(sum(group.share.lacking for group in groups)),
            "Share of what is real that is lacking",
            "lower",
            "0 to 1: by how much the shares of those fall short. What is too little to be sure of is not in.",
        ),
        "lacking_real": Number(
            float(sum(group.floor.lacking for group in groups)),
            "The same of training images",
            "",
            "0 to 1: what as many training images in place of the samples lack; 0 but for chance.",
        ),
    }


def _errors(witnesses: list[Witness]) -> dict[str, Number]:
    lacking, there = _sides(witnesses)
    reading = (
        "From 0: squared error over that of the mean training image. 0: drawn exactly; 1: no nearer than the mean."
    )
    numbers = {
        "witness_error": Number(
            float(lacking.mean()),
            "Error of real images of what is lacking, looked for in its latents",
            "lower",
            reading,
        )
    }
    if len(there):
        numbers["witness_error_there"] = Number(
            float(there.mean()), "The same of what is not lacking", "lower", reading
        )
    return numbers


def _pictures(witnesses: list[Witness], way: str) -> Figure:
    rows, names = [], []
    for each in witnesses:
        blank = np.full((WITNESSES - len(each.real), *each.real.shape[1:]), 255, np.uint8)
        rows += [np.concatenate([part, blank]) for part in (each.real, each.drawn)]
        names += [f"{each.group.name}, {each.group.share.state}", f"found, error {each.errors.mean():.2f}"]
    return Figure(
        labelled_grid(np.concatenate(rows), names),
        "Witnesses: real images, and the nearest that it can draw",
        f"In pairs of rows: held-out images of what comes too seldom, then of what does not, not picked; below each, "
        f"what the generator draws of the latent found for it {way}. What is lacking and cannot be found either is "
        "what the generator cannot draw; what is found well it could draw, and hardly ever does.",
    )


def _sentence(space: Space, groups: list[Group], lacking: list[Group], kind: str) -> str:
    what = {"class": "classes", "cluster": "clusters of features"}[kind]
    counted = f"{len(space.samples.images):,} samples and {len(space.test):,} held-out images"
    if not lacking:
        return f"Of {len(groups)} {what}, none comes surely too seldom, by {counted}."
    listed = ", ".join(
        f"{group.name} ({100 * group.share.found:.1f} % instead of {100 * group.share.real:.1f} %"
        f"{': missing' if group.share.state == 'missing' else ''})"
        for group in lacking
    )
    return f"Of {len(groups)} {what}, {len(lacking)} come too seldom, by {counted}: {listed}."


def _compared(witnesses: list[Witness]) -> str:
    lacking, there = _sides(witnesses)
    told = (
        "Looked for in its latents, real images of what is lacking are found with "
        f"{100 * lacking.mean():.0f} % of the mean training image's squared error"
    )
    if min(len(lacking), len(there)) < 2:
        return f"{told}."
    error = float(np.hypot(*(side.std(ddof=1) / np.sqrt(len(side)) for side in (lacking, there))))
    worse = lacking.mean() - there.mean() > SURE * error
    judged = "clearly more: it cannot draw them as well" if worse else "not clearly more: it may be able to draw them"
    return f"{told}, those of what is not with {100 * there.mean():.0f} %; {judged}."
