"""What tells runs apart on MLflow's pages: their names, and a saved view with the charts that matter in front.

MLflow keeps a view as a tag of the experiment, in the form that its page writes on "Share" (read from MLflow 3.17), and
opens it with `viewStateShareKey=ganline` in the page's address. There `workflowType=machine_learning` is needed too, or
the page comes with traces, prompts and judges of language models: the experiment's kind, a tag, does not decide that.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ganline.core.errors import UserError
from ganline.metrics import naming
from ganline.settings.schema import Params

NAME = "ganline"
TAG = f"mlflow.sharedViewState.{NAME}"
LONGEST = 5000
"""Characters that MLflow takes as a tag of an experiment."""
SHOWN = 20
"""Runs in the charts until somebody chooses others: the newest ones; 10 and 20 are all that MLflow knows of it."""
SECTION = "At a glance"
PARAMETERS = ("train.model", "train.loss", "train.latent_dim")
"""Shown beside the metrics where no parameters differ yet."""
MOST_PARAMETERS = 4
METRICS = ("frechet", "kid", "precision", "recall")
"""The first by the name that it has in the newest run."""
FINAL = "final samples"
"""The key of a run's last picture, at step 0: MLflow shows pictures of one step, and runs end at different ones."""
SILENT = {"log_every", "sample_every", "sample_count", "checkpoint_every", "steps_per_call"}
"""Parameters of training that do not change what comes of it."""
LONGEST_NAME = 48
"""Characters; a longer name pushes the pictures out of their frames on MLflow's page."""


def run_name(params: Params) -> str:
    """Return the experiment's name and what differs from its preset, such as `gan-mnist digits loss=hinge`."""
    from ganline.catalogue import presets as catalogue  # Hydra takes its time to import

    try:
        preset = catalogue.compose_params(params.experiment, ["download.source=any"])
    except UserError:
        return params.experiment
    same_data = params.download.dataset == preset.download.dataset
    sections = ("train", "seed", "compute", *(("prepare",) if same_data else ()))
    ours, theirs = (flat(each.model_dump(include=set(sections))) for each in (params, preset))
    changed = [name for name in ours if ours[name] != theirs.get(name) and name.split(".")[-1] not in SILENT]
    changed.sort(key=lambda name: (sections.index(name.split(".")[0]), name == "train.steps"))  # length tells least
    name = " ".join([params.experiment, *[params.download.dataset] * (not same_data)])
    for key in changed:
        part = f" {key.removeprefix('train.').removeprefix('optimizers.')}={ours[key]}"
        if len(name + part) > LONGEST_NAME:
            return f"{name} ..."
        name += part
    return name


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return nested parameters as dotted names with their values as text."""
    found: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{name}.")
        else:
            found[prefix + name] = str(value)
    return found


def state(runs: Sequence[Mapping[str, str]]) -> str:
    """Return the value of the experiment's tag TAG for runs with these parameters, newest first."""
    parameters = tuple(_differing(runs))[:MOST_PARAMETERS] or PARAMETERS
    network = runs[0].get("extractor.kind", "") if runs else ""
    metrics = [naming.number(name, network) for name in METRICS]
    charts = _charts(parameters, metrics)
    common = {"runsCountToCompare": SHOWN, "metricSectionId": NAME, "deleted": False, "isGenerated": False}
    section = {
        "uuid": NAME,
        "name": SECTION,
        "display": True,
        "isReordered": True,
        "deleted": False,
        "columns": 2,
        "cardHeight": 500,
    }
    view = {
        "selectedColumns": [
            "tags.`verdict`", *(f"metrics.`{name}`" for name in metrics), *(f"params.`{name}`" for name in parameters)
        ],
        "compareRunCharts": [{"uuid": f"{NAME}-{n}"} | common | chart for n, chart in enumerate(charts)],
        "compareRunSections": [section | {"isGenerated": False}],
        "isAccordionReordered": True,  # else MLflow sorts the sections by name
        "runsHiddenMode": f"FIRST_{SHOWN}_RUNS",
    }  # fmt: skip
    return json.dumps(view, separators=(",", ":"))


def _charts(parameters: Sequence[str], metrics: Sequence[str]) -> Iterator[dict[str, Any]]:
    # A caption of 80 parameters would leave no room for the pictures.
    yield {"type": "IMAGE", "imageKeys": [FINAL], "step": 0, "showRunParams": False}
    yield {"type": "PARALLEL", "selectedParams": parameters, "selectedMetrics": metrics[:1], "showAllRuns": False}
    for keys in (("d_loss", "g_loss", "loss"), ("probe_frechet",)):
        yield {
            "type": "LINE", "metricKey": keys[0], "selectedMetricKeys": keys, "xAxisKey": "step", "yAxisKey": "metric",
            "xAxisScaleType": "linear", "scaleType": "linear", "yAxisExpressions": [], "range": {},
            "useGlobalXaxisKey": True, "useGlobalLineSmoothing": True,
        }  # fmt: skip
    for name in metrics:
        yield {"type": "BAR", "metricKey": name}


def _differing(runs: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """Yield the parameters that differ between runs: those of training first."""
    names = {name for run in runs for name in run if name.split(".")[-1] not in SILENT and name != "download.source"}
    first = ("experiment", "download", "train")
    for name in sorted(names, key=lambda name: (name.split(".")[0] not in first, name)):
        if len({run.get(name) for run in runs}) > 1:
            yield name
