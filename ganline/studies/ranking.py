"""By which numbers runs can be ranked: those of measures, and those that studies find."""

import difflib
import importlib

from ganline.core.abilities import lacking
from ganline.core.errors import UserError
from ganline.evaluation import measures
from ganline.models.facts import model_facts
from ganline.settings.schema import Params
from ganline.studies import STUDIES, studies_of


def require_ranking(by: str, params: Params) -> None:
    """Refuse a number that such runs cannot be ranked by: neither a measure's nor one of a study, STUDY_PART_NAME.

    Which numbers a part finds is not known before it has run; that there is such a part is.

    Raises:
        UserError: says which there are.
    """
    if not (study := next((name for name in STUDIES if by.startswith(f"{name}_")), "")):
        measures.require_ranking(by, params)
        return
    parts = importlib.import_module(f"ganline.studies.{study}").PARTS
    part = next((part for part in parts if by.startswith(f"{study}_{part}_") and by != f"{study}_{part}_"), "")
    if not part:
        near = difflib.get_close_matches(by, [f"{study}_{part}" for part in parts], n=1, cutoff=0.5)
        hint = f"did you mean a number of {near[0]}? " if near else ""
        raise UserError(
            f"by = {by!r}: the {study} study has no part of that name; {hint}its numbers are called "
            f"{study}_PART_NAME, and its parts are {', '.join(parts)}"
        )
    needs = (*STUDIES[study], *getattr(importlib.import_module(f"ganline.studies.{study}.{part}"), "NEEDS", ()))
    if reason := lacking(needs, model_facts()[params.train.model]["abilities"], params.train.model):
        raise UserError(f"by = {by!r}: no run can be ranked by that; {reason}")
    if study not in studies_of(params):
        raise UserError(f"by = {by!r}: no run can be ranked by that; robustness.attacks = [] leaves the study out")
