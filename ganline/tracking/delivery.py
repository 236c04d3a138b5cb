"""How each event of the spool becomes calls of MLflow. Every call may be repeated: nothing then shows up twice."""

import json
import logging
import os
import random
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")  # the courier has patience, and other sessions to serve
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")

import mlflow
import numpy as np
from mlflow import MlflowClient
from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LifecycleStage,
    LoggedModel,
    Metric,
    Param,
    RunTag,
    ViewType,
)
from mlflow.exceptions import MlflowException
from mlflow.models import Model, ModelSignature
from mlflow.tracking.multimedia import compress_image_size
from mlflow.types import DataType, ParamSchema, ParamSpec, Schema, TensorSpec
from PIL import Image

from ganline.core.errors import in_short
from ganline.tracking import mlflow_view, names

for chatty in ("alembic", "mlflow.store.db.utils"):
    logging.getLogger(chatty).setLevel(logging.WARNING)

EXPERIMENT = "ganline"
SESSION_TAG = "ganline.session"
UNDELIVERED = "undelivered"
"""The tag that says what of a run MLflow would not take."""
NOTE = "mlflow.note.content"
"""The tag that MLflow shows above everything else of a run."""
LONG = "long values"
"""The folder of artifacts for what is too long for a parameter or tag."""
YIELD = 2.0  # seconds, at most, that a courier waits which has found another making the same run
COMPARED = 50  # newest runs, whose parameters decide what the saved view shows
# Answers after which trying again may help: the store is ill, busy, or must be told a valid password first.
PASSING_CODES = {
    "INTERNAL_ERROR", "TEMPORARILY_UNAVAILABLE", "REQUEST_LIMIT_EXCEEDED", "ABORTED", "IO_ERROR",
    "PERMISSION_DENIED", "UNAUTHENTICATED", "CUSTOMER_UNAUTHORIZED",
}  # fmt: skip
PASSING_STATUS = {401, 403, 408, 429}

Event = dict[str, Any]
Item = TypeVar("Item", Param, RunTag, Metric)


class RunGone(OSError):  # noqa: N818 - it is what has happened
    """The run was deleted while it was being filled: it must be opened again."""


def is_outage(error: Exception) -> bool:
    """Return whether trying again later may help; False where the store understood and refused, or the file is gone."""
    if isinstance(error, MlflowException):
        return error.error_code in PASSING_CODES
    status = getattr(getattr(error, "response", None), "status_code", 500)  # of requests' HTTPError, an OSError
    passing = status >= 500 or status in PASSING_STATUS
    return isinstance(error, OSError) and not isinstance(error, FileNotFoundError) and passing


class Delivery:
    """One session's way into its MLflow run."""

    def __init__(self, folder: Path, uri: str, root: Path) -> None:
        self.folder, self.uri, self.root = folder, uri, root
        self.client = MlflowClient(uri)
        self.experiment_id = self.run_id = ""
        self.model_id: str | None = None
        self.refused: dict[str, str] = {}
        """What MLflow would not take -> why, of the first that is called so."""
        self._methods: dict[str, Callable[[Event], None]] = {
            "start": self._start, "end": self._end, "tags": self._tags, "image": self._image,
            "artifact": self._artifact, "dataset": self._dataset, "model": self._model,
        }  # fmt: skip

    def open_run(self, name: str) -> None:
        """Find the session's run, or make it."""
        self.experiment_id = self._experiment()
        self.run_id = self._found() or self._restored() or self._create_run(names.text(name)[: names.LONGEST])
        self.model_id = next((model.model_id for model in self._models() if model.status == "READY"), None)

    def _experiment(self) -> str:
        found = self.client.get_experiment_by_name(EXPERIMENT)
        if found:
            if found.lifecycle_stage == LifecycleStage.DELETED:
                self._restore_experiment(found.experiment_id)
            return found.experiment_id
        # A server decides itself where artifacts lie; a database on this machine leaves that to its user.
        place = (self.root / "mlartifacts").as_uri() if self.uri.startswith("sqlite") else None
        return self.client.create_experiment(EXPERIMENT, artifact_location=place)

    def _restore_experiment(self, experiment: str) -> None:
        """Bring back an experiment that its user has deleted, which no new run can be made in, without its old runs."""
        self.client.restore_experiment(experiment)
        while runs := self.client.search_runs([experiment]):  # MLflow brings them all back with it
            for run in runs:
                self.client.delete_run(run.info.run_id)
        print(
            f"the experiment {EXPERIMENT} had been deleted: it is restored for the new run; its old runs stay deleted"
        )

    def _found(self, but: str = "", view: int = ViewType.ACTIVE_ONLY) -> str:
        """Return the id of the session's run, other than `but`; "" where there is none."""
        wanted = f"tags.`{SESSION_TAG}` = '{self.folder.name}'"
        runs = self.client.search_runs([self.experiment_id], wanted, view)
        return next((run.info.run_id for run in runs if run.info.run_id != but), "")

    def _restored(self) -> str:
        """Bring back the session's run if it was deleted while there was more to come; "" where there is none."""
        if found := self._found(view=ViewType.DELETED_ONLY):
            self.client.restore_run(found)
            print(f"run {found} had been deleted while there was more to come: it is restored")
        return found

    def _create_run(self, name: str) -> str:
        """Make the session's run, unless a courier on another machine, where a stage of it ran, does the same just now.

        Whoever sees that there are two takes its own away and looks again.
        """
        while True:
            tags = {SESSION_TAG: self.folder.name}
            mine = self.client.create_run(self.experiment_id, tags=tags, run_name=name).info.run_id
            if not self._found(but=mine):
                return mine
            self.client.delete_tag(mine, SESSION_TAG)  # nobody shall take it for a deleted run of the session
            self.client.delete_run(mine)
            time.sleep(random.uniform(0, YIELD))
            if found := self._found():
                return found

    def send(self, events: Sequence[Event]) -> None:
        """Deliver one event, or several of kind metrics; what MLflow will not take is told in `refused`.

        Raises:
            OSError, MlflowException: the store is out of reach, so that trying again may help (`is_outage`).
        """
        event = events[0]
        try:
            if event["kind"] == "metrics":
                self._metrics(events)
            elif method := self._methods.get(event["kind"]):
                method(event)
            elif event["kind"] == "torn":
                self.refused["lines of events.jsonl"] = "they cannot be read, as when their writer was killed"
        except Exception as error:
            # It would be refused each time: told, lest everything behind it waits for ever.
            self._refuse(f"{event['kind']} {event.get('file') or event.get('name') or ''}".strip(), error)

    def tell(self, refused: Mapping[str, str]) -> None:
        """Say in the run itself what it lacks."""
        title = "Not all of this run could be delivered to MLflow:"
        told = "\n".join([title, *(f"- {what}: {why}" for what, why in refused.items())])
        self._tags({"values": {UNDELIVERED: told}})
        note = self.client.get_run(self.run_id).data.tags.get(NOTE, title)
        if note.startswith(title):  # never over what its user has written
            self._tags({"values": {NOTE: told}})

    def _refuse(self, what: str, error: Exception) -> None:
        """Remember what MLflow refuses.

        Raises:
            Exception: the error, where trying again may help; RunGone, where it is the run that is missing.
        """
        if is_outage(error):
            raise error
        if self.client.get_run(self.run_id).info.lifecycle_stage == LifecycleStage.DELETED:
            raise RunGone(f"the run {self.run_id} was deleted") from error
        self.refused.setdefault(names.text(what), names.text(in_short(error)))

    def _in_parts(self, items: Sequence[Item], send: Callable[[Sequence[Item]], object]) -> None:
        """Send items together; where they are refused, in ever smaller parts, so that the good ones arrive."""
        if not items:
            return
        try:
            send(items)
        except Exception as error:
            if len(items) == 1:
                self._refuse(f"{type(items[0]).__name__.lower()} {items[0].key}", error)
                return
            if is_outage(error):
                raise
            middle = len(items) // 2
            self._in_parts(items[:middle], send)
            self._in_parts(items[middle:], send)

    def _fitting(self, values: Mapping[str, Any], longest: int) -> dict[str, str]:
        """Return names and values as MLflow takes them; what is too long goes into an artifact, whole."""
        fitting = {}
        for name, value in values.items():
            form, text = names.encode(name), names.text(str(value))
            if len(text) > longest or len(form) > names.LONGEST:
                place = f"{LONG}/{names.key(form)}.json"
                self.client.log_dict(self.run_id, {"name": names.text(name), "value": text}, place)
                text = text if len(text) <= longest else f"{text[: longest - 200]} ... (whole: artifact {place})"
            fitting[names.shortened(form)] = text
        return fitting

    def _start(self, event: Event) -> None:
        run = self.client.get_run(self.run_id)
        self.client.update_run(self.run_id, status="RUNNING")
        if "error" in run.data.tags:
            self.client.delete_tag(self.run_id, "error")
        stages = dict.fromkeys([*run.data.tags.get("stages", "").split(), event["stage"]])
        self._tags({"values": event["tags"] | {"stages": " ".join(stages)}})
        fitting = self._fitting(event["params"], names.LONGEST_PARAMETER)
        # MLflow never lets a parameter change: those it has are left alone.
        params = [Param(name, value) for name, value in fitting.items() if name not in run.data.params]
        self._in_parts(params, lambda some: self.client.log_batch(self.run_id, params=some))
        if params:
            self._view()

    def _view(self) -> None:
        """Keep the view that docs/tracking.md speaks of: it shows the parameters in which runs differ."""
        runs = self.client.search_runs([self.experiment_id], max_results=COMPARED)
        view = mlflow_view.state([run.data.params for run in runs])
        if len(view) <= mlflow_view.LONGEST:
            self.client.set_experiment_tag(self.experiment_id, mlflow_view.TAG, view)

    def _end(self, event: Event) -> None:
        if event["error"]:
            self._tags({"values": {"error": event["error"]}})
        self.client.set_terminated(self.run_id, event["status"], end_time=event["time"])

    def _tags(self, event: Event) -> None:
        tags = [RunTag(name, value) for name, value in self._fitting(event["values"], names.LONGEST_TAG).items()]
        self._in_parts(tags, lambda some: self.client.log_batch(self.run_id, tags=some))

    def _metrics(self, events: Sequence[Event]) -> None:
        points = []
        known = self._known_points(events)
        for event in events:
            # What is measured once, at step 0, is about the model if there is one already: MLflow lists it there too.
            model_id = self.model_id if event["step"] == 0 else None
            for name, value in event["values"].items():
                if not (event.get("restored") and event["step"] in known[name]):
                    form = names.shortened(names.encode(name))
                    points.append(Metric(form, value, event["time"], event["step"], model_id=model_id))
        self._in_parts(points, lambda some: self.client.log_batch(self.run_id, metrics=some))

    def _known_points(self, events: Sequence[Event]) -> dict[str, set[int]]:
        """Return the steps that MLflow has of what these events read from files: the stage ran on another machine."""
        asked = {name for event in events if event.get("restored") for name in event["values"]}
        forms = {name: names.shortened(names.encode(name)) for name in asked}
        return {
            name: {point.step for point in self.client.get_metric_history(self.run_id, form)}
            for name, form in forms.items()
        }

    def _image(self, event: Event) -> None:
        """Upload what MlflowClient.log_image would, under a name that is the same each time."""
        key = names.key(event["key"])
        if event.get("restored"):
            start = f"images/{key}+step+{event['step']}+"
            if any(file.path.startswith(start) for file in self.client.list_artifacts(self.run_id, "images")):
                return
        picture = Image.open(self.folder / event["file"])
        name = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(event, sort_keys=True))
        stem = f"{key}+step+{event['step']}+timestamp+{event['time']}+{name}"
        with tempfile.TemporaryDirectory() as temporary:
            picture.save(Path(temporary, f"{stem}.png"))
            compress_image_size(picture).save(Path(temporary, f"{stem}+compressed.webp"))
            self.client.log_artifacts(self.run_id, temporary, "images")
        self._tags({"values": {"mlflow.loggedImages": True}})

    def _artifact(self, event: Event) -> None:
        file, folder = self.folder / event["file"], names.path(event["folder"]) or None
        if names.path(file.name) == file.name:
            self.client.log_artifact(self.run_id, str(file), folder)
            return
        with tempfile.TemporaryDirectory() as temporary:
            renamed = Path(shutil.copyfile(file, Path(temporary, names.path(file.name))))
            self.client.log_artifact(self.run_id, str(renamed), folder)

    def _dataset(self, event: Event) -> None:
        source = json.dumps({"uri": f"data/prepared/{event['name']}"})
        counts = json.dumps(event["counts"])
        dataset = Dataset(names.text(event["name"]), event["digest"], "local", source, profile=counts)
        self.client.log_inputs(self.run_id, [DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])])

    def _model(self, event: Event) -> None:
        for model in self._models():
            if model.tags.get("spool") == event["file"]:
                if model.status == "READY":
                    return
                self.client.delete_logged_model(model.model_id)  # half-uploaded
        mlflow.set_tracking_uri(self.uri)
        mlflow.set_experiment(experiment_id=self.experiment_id)
        logged = Model.log(
            None, mlflow.pyfunc, name="generator", run_id=self.run_id, tags={"spool": event["file"]},
            python_model=str(Path(__file__).with_name("mlflow_model.py")),
            artifacts={"generator": str(self.folder / event["file"])}, code_paths=[str(self.folder / event["code"])],
            signature=_signature(event), pip_requirements=event["requirements"],
        )  # fmt: skip
        self.model_id = logged.model_id

    def _models(self) -> Sequence[LoggedModel]:
        """Return the run's models, newest first."""
        return self.client.search_logged_models([self.experiment_id], f"source_run_id = '{self.run_id}'")


def _signature(event: Event) -> ModelSignature:
    """Return what the model takes and gives; see ganline.tracking.mlflow_model."""
    if "input_shape" in event:  # a translator takes pictures of any size and channels
        kind, any_size = np.dtype(np.uint8), (-1, -1, -1)
        given, made = (TensorSpec(kind, (*any_size, last)) for last in (-1, event["image_shape"][2]))
        if event.get("style"):
            images, style = TensorSpec(kind, given.shape, "images"), TensorSpec(kind, any_size, "style")
            return ModelSignature(Schema([images, style]), Schema([made]))
        if not event.get("way_back"):
            return ModelSignature(Schema([given]), Schema([made]))
        back = ParamSpec("back", DataType.boolean, False)
        return ModelSignature(Schema([given]), Schema([made]), ParamSchema([back]))
    images = TensorSpec(np.dtype(np.uint8), (-1, *event["image_shape"]))
    latents = TensorSpec(np.dtype(np.float32), (-1, event["latent_dim"]))
    label = ParamSpec("label", DataType.long, -1)
    return ModelSignature(Schema([latents]), Schema([images]), ParamSchema([label]))
