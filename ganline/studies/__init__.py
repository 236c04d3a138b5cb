"""Questions to a trained model: a package a study, a file of it a question.

A study is a package of this folder, named in STUDIES, with

    PARTS          the names of its files that are questions, in the order of the report
    load(params)   what they are asked of: see `ganline.studies.answers.Subject`
"""

from ganline.core.abilities import lacking
from ganline.models.facts import model_facts
from ganline.settings.schema import Params

STUDIES = {"latent": ("latents",), "translation": ("inputs",), "robustness": ()}
"""The packages of this folder that are studies, in the order of the report, and the abilities that each takes."""


def studies_of(params: Params) -> list[str]:
    """Return the studies that suit the model, one at least; that of robustness where it is asked for."""
    has = model_facts()[params.train.model]["abilities"]
    off = set() if params.robustness.attacks else {"robustness"}
    return [name for name, needs in STUDIES.items() if name not in off and not lacking(needs, has)]
