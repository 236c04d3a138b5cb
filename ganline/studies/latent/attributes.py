"""Means of samples that share an attribute, beside means of random samples."""

import numpy as np

from ganline.core.figures import labelled_grid
from ganline.core.progress import track
from ganline.core.random import generator
from ganline.latent.attributes import Attribute, Rate, rate
from ganline.latent.edits import combined
from ganline.studies.finding import Figure, Finding, Kept, LeftOut, Number, Table
from ganline.studies.latent.base import Space

TITLE = "Means of samples that share something"
TRIALS = 60
GROUP = 8
"""Samples in a mean; The GAN Book takes 6 to 11."""
EXAMPLES = 3
KINDS = ("mean", "rescaled", "random, mean", "random, rescaled")


def find(space: Space) -> Finding:
    """Return for each attribute what means of samples that have it look like, and how often they have it too."""
    space.must_draw_fast()
    attributes = space.attributes
    if not attributes:
        raise LeftOut("its samples do not differ in anything that is measured")
    labels = trial_labels(space, TRIALS)
    random = generator(space.seed, "latent/attributes")
    control = means(space, picks(space, np.ones(len(space.samples.images), bool), labels, random), labels)
    rates: dict[str, list[Rate]] = {}
    rows = []
    for attribute in track(attributes, "Means", len(attributes), "attributes"):
        chosen = picks(space, attribute.members, labels, random)
        seen = [*means(space, chosen, labels), *control]
        rates[attribute.name] = [rate(attribute.has(kind, labels)) for kind in seen]
        examples = space.samples.images[chosen[0, :EXAMPLES]]
        rows.append(np.concatenate([examples, *(kind.images[:1] for kind in seen)]))
    columns = [*(f"sample {place + 1}" for place in range(EXAMPLES)), *KINDS]
    figure = Figure(
        labelled_grid(np.concatenate(rows), list(rates), columns),
        "One attribute a row",
        f"Three of {GROUP} samples that have it, the image of their mean latent, and of the mean stretched to the "
        f"length of a latent; then the same for {GROUP} samples picked at random. What the random ones show too owes "
        "nothing to the attribute.",
    )
    table = Table(
        "How often a mean has the attribute, % (95 % interval)",
        ["attribute", "samples that have it", *KINDS],
        [[name, _count(space, name), *map(str, found)] for name, found in rates.items()],
    )
    return Finding(
        {"means": figure}, numbers(rates), [*words(space, rates), *space.bad_labels],
        {"means": kept(space, attributes)}, [table],
    )  # fmt: skip


def trial_labels(space: Space, count: int) -> np.ndarray:
    """Return what trials ask for: the labels in turn, int32 (count,)."""
    return (np.arange(count) % max(1, space.generator.conditions)).astype(np.int32)


def picks(
    space: Space, members: np.ndarray, labels: np.ndarray, random: np.random.Generator, count: int = GROUP
) -> np.ndarray:
    """Return `count` numbers a trial of samples that are `members`, bool (N,), and were asked for as `labels`, (T,).

    Where a label has no members, members of any stand in; where there are too few, some come twice.
    """
    found = []
    for label in labels:
        pool = np.flatnonzero(members & (space.samples.labels == label))
        pool = pool if len(pool) else np.flatnonzero(members)
        found.append(random.choice(pool, count, replace=len(pool) < count))
    return np.stack(found)


def means(space: Space, chosen: np.ndarray, labels: np.ndarray) -> list:
    """Return what the means of samples chosen, int (T, n), look like: as they are, and rescaled."""
    groups = [space.samples.latents[chosen]]
    return [space.look(combined(groups, [1.0], space.generator.prior, rescale), labels) for rescale in (False, True)]


def numbers(rates: dict[str, list[Rate]]) -> dict[str, Number]:
    """Return the rates, averaged over attributes."""
    mean, stretched, _, random = (float(np.mean([found[i].share for found in rates.values()])) for i in range(4))
    return {
        "mean_success": Number(
            stretched,
            "Rescaled means that have their attribute",
            "higher",
            f"0 to 1, over {len(rates)} attributes; compare it with what rescaled means of random samples show.",
        ),
        "mean_success_random": Number(
            random,
            "Rescaled means of random samples that have an attribute",
            "",
            "0 to 1: what chance gives.",
        ),
        "mean_success_unscaled": Number(
            mean,
            "Means, not rescaled, that have their attribute",
            "",
            "0 to 1. Such means lie near the centre, where few latents of the prior do.",
        ),
    }


def words(space: Space, rates: dict[str, list[Rate]]) -> list[str]:
    """Return what the rates say."""
    clear = [name for name, (_, found, _, random) in rates.items() if found.clearly_above(random, 3)]
    length = np.sqrt(space.generator.latent_dim)
    told = [
        f"The mean of {GROUP} samples that share an attribute, stretched to the length of a latent, has it at least "
        f"three times as often as that of random samples for {len(clear)} of {len(rates)} attributes"
        + (f": {', '.join(clear)}." if clear else "."),
    ]
    if space.generator.prior == "normal" and space.generator.latent_dim >= 2 * GROUP:
        told.append(
            f"Unstretched, a mean of {GROUP} is about {length / np.sqrt(GROUP):.1f} long where latents are about "
            f"{length:.1f}: it lies where the generator was hardly trained, whatever was averaged."
        )
    return told


def kept(space: Space, attributes: list[Attribute]) -> Kept:
    """Return the rescaled mean of all samples that have an attribute, for each."""
    latents = [
        combined([space.samples.latents[None, attribute.members]], [1.0], space.generator.prior, rescale=True)[0]
        for attribute in attributes
    ]
    return Kept(np.stack(latents), [attribute.name for attribute in attributes], "latent")


def _count(space: Space, name: str) -> str:
    return str(next(int(attribute.members.sum()) for attribute in space.attributes if attribute.name == name))
