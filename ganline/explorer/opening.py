"""Bring what the stages left to the page of `ganline explore`."""

import json
from pathlib import Path

from ganline.core.abilities import lacking
from ganline.core.errors import UserError
from ganline.core.files import read_arrays, undamaged
from ganline.datasets.prepared import read_facts
from ganline.explorer.space import Directions, Explorable, coordinates
from ganline.settings import paths
from ganline.settings.schema import Params


def load(params: Params) -> Explorable:
    """Return the trained generator in models/gan and the directions that the study stage found in its space.

    Raises:
        UserError: there is no trained model, or it draws too slowly; or something is damaged.
    """
    from ganline.models import makers

    generator = makers.load_sampler(paths.GAN)
    if lacking(("fast to draw",), generator.abilities):
        raise UserError(f"{generator.name} draws pixel by pixel, too slowly for a page that follows your hand")
    notes = []
    found = directions(generator.latent_dim)
    if not found:
        notes.append("The study stage has found no directions of this generator: these are numbers of the latent.")
        found = {"coordinates": coordinates(generator.latent_dim)}
    facts = paths.prepared(params) / "dataset.json"
    with undamaged(facts, "`dvc repro prepare` makes it anew"):
        classes = read_facts(paths.prepared(params))["classes"] if facts.exists() else []
    return Explorable(
        generator,
        found,
        generator.condition_names(classes),
        Path(params.latent.points),
        f"{params.experiment}: {generator.name}",
        notes,
    )


def directions(latent_dim: int) -> dict[str, Directions]:
    """Return what the study stage's parts kept as directions of a latent with so many numbers, by their names."""
    index, archive = paths.STUDY / "findings.json", paths.STUDY / "latents.npz"
    if not (index.exists() and archive.exists()):
        return {}
    with undamaged(paths.STUDY, "`dvc checkout --force` brings it back, `dvc repro study` makes it anew"):
        arrays = read_arrays(archive)
        kept = {key: facts for part in json.loads(index.read_text()) for key, facts in part.get("latents", {}).items()}
        return {
            key: Directions(arrays[key], facts["names"])
            for key, facts in kept.items()
            if facts["kind"] == "direction" and len(arrays[key]) and arrays[key].shape[1] == latent_dim
        }
