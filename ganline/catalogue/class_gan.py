"""What the images and the recipe of SAGAN and BigGAN ask of each other."""

from collections.abc import Iterator

from ganline.models.facts import model_facts
from ganline.settings.recipes import ClassGAN
from ganline.settings.schema import Prepare

SMALLEST = 8
"""Pixels a side of the smallest map at which both networks can attend: the generator's second."""
FIRST = 4
"""Pixels a side of the generator's first map."""


def misfits(prepare: Prepare, train: ClassGAN) -> Iterator[str]:
    """Yield where the networks cannot attend as asked, or cannot share out the latents."""
    sizes = model_facts().get(train.model, {}).get("sizes", ())
    if prepare.size not in sizes:
        return  # that is said already
    doublings = (prepare.size // FIRST).bit_length() - 1
    maps = [SMALLEST * 2**i for i in range(doublings - 1) if SMALLEST * 2**i < prepare.size]
    if train.attention not in (0, *maps):
        yield (
            f"train.attention = {train.attention} with prepare.size = {prepare.size}: both networks have maps of "
            f"{' or '.join(map(str, maps))} pixels a side; allowed is one of these, or 0 for none"
        )
    layers, given = doublings + 1, train.latent_dim
    if model_facts()[train.model]["shares_latents"] and (rest := given % layers):
        fits = " or ".join(str(number) for number in (given - rest, given - rest + layers) if number)
        yield (
            f"train.latent_dim = {given} with prepare.size = {prepare.size}: {train.model} shares it out to {layers} "
            f"layers; allowed is a multiple of {layers}, such as {fits}"
        )
