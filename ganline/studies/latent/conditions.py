"""One latent under every class or code: what the condition decides, and what the latent does."""

import numpy as np

from ganline.core.figures import labelled_grid
from ganline.latent.conditions import Shares, shares
from ganline.studies.finding import Figure, Finding, LeftOut, Number
from ganline.studies.latent.base import Space

TITLE = "The same latents, another class"
SHOWN = 8
LATENTS = 50
MOST = 20
"""Conditions shown and measured, at most."""


def find(space: Space) -> Finding:
    """Return latents by conditions as a grid, and how much of what is seen either decides."""
    if not space.conditions:
        raise LeftOut("this generator is asked for no class and no code")
    space.must_draw_fast()
    names = space.conditions[:MOST]
    latents = space.generator.latents(LATENTS, space.seed, "latent/conditions")
    labels = np.tile(np.arange(len(names)), LATENTS)
    seen = space.look(np.repeat(latents, len(names), axis=0), labels)
    kind = "class" if space.conditions == list(space.classes) else "code"
    figure = Figure(
        labelled_grid(seen.images[: SHOWN * len(names)], [str(i) for i in range(SHOWN)], names),
        f"The same latents under every {kind}",
        f"One row a latent, one column a {kind}. A good conditional generator changes what is shown from column to "
        "column and keeps how it is shown (slant, weight, shade) along a row.",
    )
    words = _codes(space, names, labels, seen.probabilities) if kind == "code" else []
    if len(names) < len(space.conditions):
        words.append(f"The first {len(names)} of {len(space.conditions)} are shown and measured.")
    try:
        found = shares(seen.features.reshape(LATENTS, len(names), -1))
    except ValueError as reason:
        return Finding({"grid": figure}, words=[f"No shares: {reason}.", *words])
    return Finding({"grid": figure}, _numbers(found, kind), [_sentence(found, kind), *words])


def _numbers(found: Shares, kind: str) -> dict[str, Number]:
    return {
        "condition_share": Number(
            found.condition,
            f"What the {kind} decides",
            "",
            f"0 to 1: the share of the features' variance that the {kind} explains. Near 0 it is ignored.",
        ),
        "latent_share": Number(
            found.latent,
            f"What the latent does under every {kind} alike",
            "",
            "0 to 1: the share of the features' variance that one latent has in common under all of them; about 1 "
            f"over their number where a latent means something else under each {kind}.",
        ),
    }


def _sentence(found: Shares, kind: str) -> str:
    return (
        f"Of what the extractor sees, the {kind} decides {100 * found.condition:.0f} %, the latent alike under every "
        f"{kind} {100 * found.latent:.0f} %, and the two together, a latent otherwise under each {kind}, "
        f"{100 * found.both:.0f} %."
    )


def _codes(space: Space, names: list[str], labels: np.ndarray, probabilities: np.ndarray) -> list[str]:
    """Return what each code mostly shows, where the extractor knows the dataset's classes."""
    if not space.known_classes:
        return []
    likeliest = probabilities.argmax(axis=1)
    told = []
    for label, name in enumerate(names):
        counts = np.bincount(likeliest[labels == label], minlength=len(space.known_classes))
        told.append(f"{name}: {space.known_classes[counts.argmax()]} ({100 * counts.max() / counts.sum():.0f} %)")
    return ["What each code mostly shows: " + ", ".join(told) + "."]
