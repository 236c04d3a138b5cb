"""Which generator is the champion of its dataset: MLflow's registry, changed by rule only.

No stage: the deployment `promote` (pipelines/deployments.py) calls it. A dataset's registered model is
ganline-<dataset>; its alias `champion` is what `mlflow.pyfunc.load_model("models:/ganline-<dataset>@champion")` loads.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from ganline.core.errors import UserError
from ganline.evaluation.compare import TIED, Run, compare, error_of
from ganline.metrics import naming
from ganline.tracking import spool
from ganline.tracking.leaderboard import logged_model, read_runs, readable

if TYPE_CHECKING:  # MLflow takes seconds to import
    from mlflow import MlflowClient

ALIAS = "champion"


class Outcome(NamedTuple):
    """What came of a wish to promote."""

    promoted: bool
    title: str
    reason: str


def promote(run_id: str | None, by: str) -> Outcome:
    """Register a run's generator and make it the champion of its dataset, if `refusal` finds nothing against it.

    Args:
        run_id: the run's id or its beginning; the newest finished run where there is none.
        by: the number it must be better by.

    Raises:
        UserError: no store, no such run, or it cannot be judged by that number at all.
    """
    runs = read_runs()
    candidate = _chosen(runs, run_id)
    by = naming.number(by, naming.network_of(candidate.protocol, by))
    uri = spool.tracking_uri(spool.project_root())
    name = f"ganline-{candidate.dataset}"
    with readable(uri):
        from ganline.tracking.delivery import MlflowClient

        client = MlflowClient(uri)
        tags = client.get_run(candidate.id).data.tags
        champion = _champion(client, name, runs)
        if reason := refusal(candidate, tags.get("verdict", ""), champion, by):
            return Outcome(False, f"{candidate.name} is not promoted", reason)
        version = _register(client, name, logged_model(client, candidate.id).model_id, candidate.id)
        client.set_registered_model_alias(name, ALIAS, version)
    beaten = f"it beats {champion.name} ({champion.id[:8]})" if champion else "it is the first of its dataset"
    said = f"{by} {candidate.numbers[by]:.4g}: {beaten}; models:/{name}@{ALIAS} is version {version}"
    return Outcome(True, f"{candidate.name} is the champion of {candidate.dataset}", said)


def refusal(candidate: Run, verdict: str, champion: Run | None, by: str) -> str:
    """Return why a run may not take a champion's place; "" where it may.

    Args:
        candidate: the run.
        verdict: on its training, as the diagnosis names it.
        champion: of the same dataset, where there is one.
        by: the number that decides.

    Raises:
        UserError: the run cannot be ranked by that number.
    """
    if verdict != "healthy":
        return f"the verdict on its training is {verdict or 'missing'}; it must be healthy"
    if champion is None:
        table = compare([candidate], by)
        return table.apart[0][1] if table.apart else ""
    if champion.id == candidate.id:
        return "it is the champion already"
    table = compare([candidate, champion], by)
    if table.apart:
        run, reason = table.apart[0]
        return f"{run.name} ({run.id[:8]}) cannot be ranked: {reason}"
    if len(table.groups) > 1:
        names = ", ".join(table.groups[0].differs)
        return f"the champion's {by} was made under another protocol; what differs: {names}"
    (group,) = table.groups
    ours, theirs = candidate.numbers[by], champion.numbers[by]
    said = f"{by} {ours:.4g} against the champion's {theirs:.4g} ({table.better} is better)"
    if group.rows[0].run.id != candidate.id or ours == theirs:
        return f"it is not better: {said}"
    errors = [error_of(run, by) for run in (candidate, champion)]
    if None in errors:
        return f"{said}, but {by} has no standard error: nothing says whether that is more than chance"
    interval = TIED * math.hypot(*(error or 0.0 for error in errors))
    if abs(ours - theirs) <= interval:
        return f"{said} is within chance: they differ by less than {interval:.4g}, {TIED} standard errors"
    return ""


def _chosen(runs: Sequence[Run], run_id: str | None) -> Run:
    if not run_id:
        return runs[0]
    found = [run for run in runs if run.id.startswith(run_id)]
    if len(found) != 1:
        raise UserError(f"run {run_id!r}: {len(found)} finished runs begin like that; the newest is {runs[0].id}")
    return found[0]


def _champion(client: "MlflowClient", name: str, runs: Sequence[Run]) -> Run | None:
    from mlflow.exceptions import MlflowException

    try:
        version = client.get_model_version_by_alias(name, ALIAS)
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):  # no model, or no alias yet
            return None
        raise
    found = next((run for run in runs if run.id == version.run_id), None)
    if found is None:
        raise UserError(f"the run of the champion {name} version {version.version} is gone: move the alias by hand")
    return found


def _register(client: "MlflowClient", name: str, model: str, run_id: str) -> str:
    """Return the version of the registered model that holds this logged model, made if need be."""
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name)
    for version in client.search_model_versions(f"name = '{name}'"):
        if version.run_id == run_id:
            return str(version.version)
    source = f"models:/{model}"
    return str(client.create_model_version(name, source, run_id, model_id=model).version)
