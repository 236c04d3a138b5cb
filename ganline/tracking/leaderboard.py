"""The runs that MLflow remembers, as ganline.evaluation.compare takes them, and duels between their models.

No stage: `ganline compare` (pipelines/cli.py) calls it. It only reads MLflow, and writes reports/compare.csv and
reports/compare.html.
"""

import csv
import io
import json
import logging
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganline.core.abilities import lacking
from ganline.core.addresses import masked
from ganline.core.errors import UserError, in_short
from ganline.core.files import write_text
from ganline.datasets.prepared import digest, read_facts, read_split
from ganline.evaluation.compare import Comparison, Run, as_rows
from ganline.metrics import naming
from ganline.tracking import names, spool

os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")

if TYPE_CHECKING:  # MLflow takes seconds to import
    import mlflow.entities
    from mlflow import MlflowClient

    from ganline.evaluation.duels import League
    from ganline.models.base import Model

CSV, PAGE = Path("reports/compare.csv"), Path("reports/compare.html")
PROTOCOLS = ("evaluate/protocol.json", "study/protocol.json", "latent/protocol.json")
"""The last is where early runs have what is in the one before."""
DUEL_SEED = 0
PAGE_SIZE = 1000  # runs in one answer of MLflow
DUEL_NUMBERS = {
    "win_rate": (
        "Win rate",
        "Share of its images that discriminators take for real, 0 to 1; more is better.",
    ),
    "skill": ("Skill", "Elo points against the discriminators; the mean generator has 1500, more is better."),
    "nrds": ("NRDS", "How hard its images are to tell from real ones, as a share of all; more is better."),
    "detected": (
        "Detected",
        "Mean AUC, on its images, of detectors trained on the other runs' fakes: 0.5 is best, 1 is worst.",
    ),
}
"""Name -> label and how to read it."""
LOWER = {"detected"}
"""Of these the least is best."""


def read_runs(experiments: Sequence[str] = (), group: str | None = None) -> list[Run]:
    """Return all finished runs, or those of some experiments or with the tag `group`, newest first.

    Raises:
        UserError: there is no store, it cannot be read, or it holds no such runs; says what to do.
    """
    root = spool.project_root()
    uri = spool.tracking_uri(root)
    database = Path(uri.removeprefix("sqlite:///"))
    if uri.startswith("sqlite:///") and not database.exists():
        raise UserError(f"there is no MLflow store yet ({database}): `dvc repro` makes one, in the project's root")
    with readable(uri):
        from ganline.tracking import store
        from ganline.tracking.delivery import EXPERIMENT, MlflowClient  # which also keeps MLflow from phoning home

        store.ready(uri, root)
        client = MlflowClient(uri)
        experiment = client.get_experiment_by_name(EXPERIMENT)
        found = list(_finished(client, experiment.experiment_id, group)) if experiment else []
        known = sorted({_experiment(run) for run in found})
        chosen = [run for run in found if not experiments or _experiment(run) in experiments]
        runs = [_as_run(run, _protocol(client, run.info.run_id)) for run in chosen]
    if not found:
        wanted = f" of {group!r}" if group else ""
        raise UserError(
            f"{masked(uri)} holds no finished runs{wanted}: `dvc repro` makes one; "
            "`python -m ganline.tracking.courier` delivers what a server that was down has missed"
        )
    if unknown := sorted(set(experiments) - set(known)):
        raise UserError(f"--experiment {', '.join(unknown)}: no finished run. There are runs of {', '.join(known)}")
    return runs


def hold_duels(runs: Sequence[Run]) -> "tuple[list[Run], list[League], list[str]]":
    """Let the models of all runs on one dataset meet.

    Returns:
        The runs, those that took part with their new numbers; what happened, a league a dataset; and for each run or
        dataset that did not take part why.
    """
    from ganline.core.determinism import be_deterministic
    from ganline.evaluation import duels  # TensorFlow loads here

    be_deterministic()
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it remarks on many models being compiled
    after, leagues, notes = {run.id: run for run in runs}, [], []
    for name, version in dict.fromkeys((run.dataset, run.digest) for run in runs):
        inside = [run for run in runs if (run.dataset, run.digest) == (name, version)]
        try:
            if len(inside) < 2:
                raise UserError("a duel needs two runs on the same data")
            train, real = _images(name, version)
        except UserError as error:
            notes.append(f"no duels on {name} ({_count(inside)}): {error}")
            continue
        models, missing = _models(inside, real.shape[1:])
        notes += missing
        if len(models) < 2:
            notes.append(f"no duels on {name}: {len(models)} of {_count(inside)} has a model to take part with")
            continue
        held = duels.hold(models, real, DUEL_SEED)
        met = {run.id: run for run in inside if run.id in models}
        leagues.append(duels.League(name, met, held, duels.detect(models, train, real, DUEL_SEED)))
        after |= {id: _with_duels(run, leagues[-1]) for id, run in met.items()}
    return list(after.values()), leagues, notes


def write(table: Comparison, leagues: "Sequence[League]", notes: Sequence[str]) -> None:
    """Write the table as CSV and as a page."""
    from ganline.report.compare import render

    rows, text = as_rows(table), io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(CSV, text.getvalue())
    write_text(PAGE, render(table, leagues, notes))


@contextmanager
def readable(uri: str) -> Iterator[None]:
    """Turn whatever a store does instead of answering into one message."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        raise UserError(
            f"the MLflow store {masked(uri)} cannot be read: {in_short(error)}\n"
            "Is the server up, and MLFLOW_TRACKING_URI right? Without it the project's own mlflow.db is read."
        ) from None


def _finished(client: "MlflowClient", experiment: str, group: str | None) -> Iterator["mlflow.entities.Run"]:
    wanted = "attributes.status = 'FINISHED'"
    if group and "'" not in group:  # which MLflow's filters cannot hold: then all come, and are looked through here
        wanted += f" and tags.`group` = '{group}'"
    token = None
    while True:
        page = client.search_runs([experiment], wanted, max_results=PAGE_SIZE, page_token=token)
        yield from (run for run in page if not group or run.data.tags.get("group") == group)
        token = page.token
        if not token:
            return


def _experiment(run: "mlflow.entities.Run") -> str:
    return run.data.tags.get("experiment") or run.data.params.get("experiment", "?")


def _as_run(run: "mlflow.entities.Run", protocol: dict[str, Any]) -> Run:
    inputs = run.inputs.dataset_inputs if run.inputs else []
    data = inputs[0].dataset if inputs else None
    network = naming.network_of(protocol)
    parameters = {names.decode(name): value for name, value in run.data.params.items()}
    if "training_precision" in run.data.tags:  # what auto came to
        parameters["compute.precision"] = run.data.tags["training_precision"]
    return Run(
        id=run.info.run_id,
        name=run.info.run_name,
        experiment=_experiment(run),
        started=f"{datetime.fromtimestamp(run.info.start_time / 1000, UTC):%Y-%m-%d %H:%M}",
        dataset=data.name if data else run.data.params.get("download.dataset", "?"),
        digest=data.digest if data else "",
        parameters=parameters,
        numbers=naming.modern({names.decode(name): value for name, value in run.data.metrics.items()}, network),
        protocol=naming.modern(protocol, network),
    )


def _protocol(client: "MlflowClient", run_id: str) -> dict[str, Any]:
    """Return the entries of all the protocols that a run has."""
    entries: dict[str, Any] = {}
    for name in PROTOCOLS:
        if any(file.path == name for file in client.list_artifacts(run_id, str(Path(name).parent))):
            with tempfile.TemporaryDirectory() as temporary:
                entries |= json.loads(Path(client.download_artifacts(run_id, name, temporary)).read_text())
    return entries


def _images(dataset: str, version: str) -> tuple[Any, Any]:
    """Return the training and the held-out images of a prepared dataset, uint8 (N, H, W, C), memory-mapped.

    Raises:
        UserError: it is not here, or is not the one whose digest begins with `version`.
    """
    folder = Path("data/prepared") / dataset
    read_facts(folder)
    if version and not digest(folder).startswith(version):
        raise UserError(f"{folder} here holds other images (another size, split or version) than these runs had")
    return read_split(folder, "train")[0], read_split(folder, "test")[0]


def _models(runs: Sequence[Run], shape: tuple[int, ...]) -> "tuple[dict[str, Model], list[str]]":
    """Return the models of runs by run id, and why others have none."""
    from ganline import models

    found: dict[str, Model] = {}
    missing = []
    for run in runs:
        with tempfile.TemporaryDirectory() as temporary:
            try:
                model = models.load(_logged_model(run.id, Path(temporary)))
                if model.image_shape != shape:
                    raise UserError(f"its images are {model.image_shape}, those here {shape}")
                if reason := lacking(("latents",), model.abilities, "it"):
                    raise UserError(f"{reason}, and all are to draw what they like")
                found[run.id] = model
            # An early run's file may name what this version does not have.
            except (UserError, ImportError, AttributeError, KeyError, ValueError) as error:
                missing.append(f"{run.name} ({run.id[:8]}) takes no part in duels: {str(error).splitlines()[0]}")
    return found, missing


def _logged_model(run_id: str, target: Path) -> Path:
    """Fetch the newest logged model of a run into `target`; return its models/gan folder."""
    uri = spool.tracking_uri(spool.project_root())
    with readable(uri):
        from mlflow.artifacts import download_artifacts

        from ganline.tracking.delivery import MlflowClient

        place = f"{logged_model(MlflowClient(uri), run_id).artifact_location}/artifacts"
        download_artifacts(artifact_uri=place, dst_path=str(target), tracking_uri=uri)
    facts = next(target.rglob("model.json"), None)
    if facts is None:
        raise UserError("its logged model holds no model.json")
    return facts.parent


def logged_model(client: "MlflowClient", run_id: str) -> "mlflow.entities.LoggedModel":
    """Return the newest whole model of a run.

    Raises:
        UserError: there is none.
    """
    experiment = client.get_run(run_id).info.experiment_id
    logged = client.search_logged_models([experiment], f"source_run_id = '{run_id}'")  # newest first
    ready = next((model for model in logged if model.status == "READY"), None)
    if ready is None:
        raise UserError("MLflow holds no model of it")
    return ready


def _with_duels(run: Run, league: "League") -> Run:
    held, detectors = league.duels, league.detectors
    made = {"group": "duels", "n_fake": held.images, "n_real": held.images}
    mine = dict(held.numbers[run.id]) | ({} if isinstance(detectors, str) else detectors.numbers(run.id))
    entries = {
        name: made | {"better": "lower" if name in LOWER else "higher", "label": label, "how_to_read": reading}
        for name, (label, reading) in DUEL_NUMBERS.items()
        if name in mine
    }
    return replace(run, numbers={**run.numbers, **mine}, protocol={**run.protocol, **entries})


def _count(runs: Sequence[Run]) -> str:
    return f"{len(runs)} run" + "s" * (len(runs) != 1)
