"""What a flow run shows in Prefect: the verdict, metrics, the last sample grid, and where MLflow has the run."""

import base64
import json
import re
from pathlib import Path
from typing import Any

from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact

from ganline.report.wording import certainty, command, remarks, since
from ganline.settings import paths
from ganline.tracking import spool

LOCAL_UI = "http://127.0.0.1:5000"  # where `make ui` shows a store on this machine


def publish(session: str) -> None:
    """Make the artifacts of a finished run from the files it left; what a run has not made is left out."""
    metrics = _json(paths.EVALUATE / "metrics.json")
    if metrics:
        create_table_artifact([{"metric": name, "value": metrics[name]} for name in metrics], key="metrics")
    create_markdown_artifact(_summary(metrics), key="report")
    state = spool.read_state(spool.named(spool.project_root(), session))
    if "run_id" in state:
        address = spool.run_address(state, LOCAL_UI)
        note = "" if state["uri"].startswith("http") else " (once `make ui` runs)"
        create_link_artifact(address, f"MLflow run {state['run_id']}", key="mlflow", description=f"The run{note}")


def verdict() -> str:
    """Return one line on how the training in the working directory went; "" where there is none."""
    diagnosis = _json(paths.TRAIN / "diagnosis.json")
    if not diagnosis:
        return ""
    first = since(diagnosis)
    return diagnosis["title"] + ("" if first is None else f" (failing since step {first:,})")


def plain(text: str) -> str:
    """Return Markdown that shows a text as it is: of a run named like a link, Prefect's page would make one."""
    return re.sub(r"([\\`*_\[\]<>|~])", r"\\\1", text)


def _summary(metrics: dict[str, float]) -> str:
    parts = ["# What the generator learned"]
    if diagnosis := _json(paths.TRAIN / "diagnosis.json"):
        parts += _verdict(diagnosis)
    if metrics:
        rows = "\n".join(f"| {name} | {value:.4g} |" for name, value in metrics.items())
        parts.append(f"| metric | value |\n|---|---|\n{rows}")
    if grids := sorted((paths.TRAIN / "samples").glob("step-*.png")):
        # Prefect shows only pictures it can fetch: this one travels inside the text.
        picture = base64.b64encode(grids[-1].read_bytes()).decode()
        parts.append(f"Samples at step {int(grids[-1].stem.removeprefix('step-'))}:")
        parts.append(f"![samples](data:image/png;base64,{picture})")
    if paths.REPORT.exists():
        parts.append(f"The whole report: `{paths.REPORT}`")
    return "\n\n".join(parts)


def _verdict(diagnosis: dict[str, Any]) -> list[str]:
    """Return paragraphs: the verdict, and what to change."""
    parts = [f"**{diagnosis['title']}**: {diagnosis['summary']}", certainty(diagnosis), *remarks(diagnosis)]
    if remedies := diagnosis["remedies"]:
        parts += ["What to change:", "\n".join(f"1. {_remedy(remedy)}" for remedy in remedies)]
    return [part for part in parts if part]


def _remedy(remedy: dict[str, Any]) -> str:
    line = f"`{command(remedy['change'])}`: " if remedy["change"] else ""
    source = f" ({remedy['source']})" if remedy["source"] else ""
    return line + remedy["why"] + source


def _json(path: Path) -> dict:
    return json.loads(path.read_text()) if path.exists() else {}
