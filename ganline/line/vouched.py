"""Whether dvc.lock tells the truth about the stages that ran before in a session (a pipeline run).

A stage that ends keeps what it used. DVC looks a moment later, so dvc.lock may say otherwise: the next stage compares.
"""

import json
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from ganline.core.errors import UserError
from ganline.core.files import write_json
from ganline.line.used import Use, differences, values
from ganline.settings.schema import Params

RECORDS = Path(".ganline/used")


def record(use: Use, session: str) -> None:
    """Keep what a stage used, as its last act."""
    content = {"session": session, "params": use.params, "before": _lock().get(use.stage)}
    write_json(RECORDS / f"{use.stage}.json", content)


def refuse_untruth(stage: str, session: str, params: Params) -> None:
    """Look at the stages that ran before `stage` in its session, and at those once found to be recorded wrongly.

    Raises:
        UserError: dvc.lock says that one used what it did not; or the parameters of one were changed since, so that
            this run would be of two sets of parameters.
    """
    lock = _lock()
    for path in sorted(RECORDS.glob("*.json")):
        before, used = path.stem, json.loads(path.read_text())
        entry = lock.get(before)
        fresh = used["session"] == session and entry != used["before"]
        if before == stage or not entry or not (fresh or entry == used.get("false")):
            continue
        if untruths := list(differences(used["params"], entry.get("params", {}).get("params.yaml", {}))):
            write_json(path, used | {"false": entry})  # other sessions have to know it, too
            raise UserError(
                _list(f"dvc.lock says that {before} used what was changed in the moment when it ended", untruths)
                + f"`dvc repro --force --single-item {before}` runs it anew"
            )
        if changes := list(differences(used["params"], values(params, list(used["params"])))):
            raise UserError(
                _list(f"the parameters were changed after {before} had run with them", changes)
                + "A run has one set of parameters: `dvc repro` again begins one with those that there are now"
            )


def _list(title: str, lines: list[str]) -> str:
    return f"{title}\n" + "".join(f"  - {line}\n" for line in lines)


def _lock() -> dict[str, Any]:
    path = Path("dvc.lock")
    # As DVC reads it: YAML 1.2, in which 1e-05 is a number.
    return (YAML(typ="safe").load(path.read_text("utf-8")) or {}).get("stages", {}) if path.exists() else {}
