"""What the section `robustness` asks that no run can give."""

from collections.abc import Iterator

from ganline.core.abilities import lacking
from ganline.core.errors import UserError
from ganline.models.facts import model_facts
from ganline.robustness.chosen import chosen_attacks, chosen_defences
from ganline.settings.schema import Params

GENERATOR = "defense_gan"
"""The defence that asks the run's model for images of latents."""


def unanswerable(params: Params) -> Iterator[str]:
    """Yield what is wrong about attacks and defences, each with what is allowed."""
    asked = params.robustness
    for chosen in (chosen_attacks, chosen_defences):
        try:
            chosen(asked)
        except UserError as error:
            yield str(error)
    if asked.epsilons != sorted(set(asked.epsilons)):
        yield f"robustness.epsilons = {asked.epsilons}: allowed is a list that rises"
    model = model_facts().get(params.train.model)
    if model and asked.attacks and GENERATOR in asked.defences:
        reason = lacking(("latents", "fast to draw"), model["abilities"], params.train.model)
        yield from (
            [f"robustness.defences: {GENERATOR} searches the latents of the generator: {reason}"] if reason else []
        )
