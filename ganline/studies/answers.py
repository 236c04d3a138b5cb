"""Ask every question of a study, and write the answers.

They are findings.json (what each part found or why it was left out, with the names of its files), figures/ (PNG, and
GIF where they move), latents.npz (latents and directions worth keeping), metrics.json (the numbers that compare across
runs) and protocol.json (how to read each and how it was made).
"""

import importlib
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from ganline.core.abilities import lacking
from ganline.core.errors import UserError
from ganline.core.figures import write_gif, write_png
from ganline.core.files import write_arrays, write_json
from ganline.studies.finding import Figure, Finding, Kept, LeftOut, Number


class Subject(Protocol):
    """A trained model, as the parts of a study take it."""

    kept: dict[str, Kept]
    """What the parts before kept, by <part>/<name>."""

    @property
    def abilities(self) -> frozenset[str]:
        """What the model has, in the words of ganline.core.abilities."""

    @property
    def protocol(self) -> dict[str, Any]:
        """What the protocol of every number says."""


class Answer(NamedTuple):
    """What one part says."""

    title: str
    finding: Finding | str
    """What it found, or why it was left out."""


Answers = dict[str, Answer]
"""By the name of the part."""


def ask(study: str, subject: Subject) -> Answers:
    """Return what each part of a study found, or why it was left out; parts that are no matter of the model are not."""
    answers: Answers = {}
    for name in importlib.import_module(f"ganline.studies.{study}").PARTS:
        part = importlib.import_module(f"ganline.studies.{study}.{name}")
        if lacking(getattr(part, "NEEDS", ()), subject.abilities):
            continue
        print(f"study: {part.TITLE}", flush=True)
        try:
            finding = part.find(subject)
            answers[name] = Answer(part.TITLE, finding)
            subject.kept.update({f"{name}/{kept}": some for kept, some in finding.latents.items()})
        except (LeftOut, UserError) as reason:
            print(f"study: {part.TITLE} is left out: {reason}", flush=True)
            answers[name] = Answer(part.TITLE, str(reason))
    return answers


def write(folder: Path, studies: Mapping[str, tuple[Answers, Mapping[str, Any]]]) -> dict[str, float | int]:
    """Write the answers of studies, each with its protocol, into `folder`; return the numbers by their full names."""
    index: list[dict[str, Any]] = []
    latents: dict[str, np.ndarray] = {}
    values: dict[str, float | int] = {}
    protocol: dict[str, Any] = {}
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    for study, (answers, made_under) in studies.items():
        for part, (title, finding) in answers.items():
            heading = {"study": study, "part": part, "title": title}
            if isinstance(finding, str):
                index.append(heading | {"left_out": finding})
                continue
            numbers = {f"{study}_{part}_{name}": number for name, number in finding.numbers.items()}
            index.append(heading | _entry(folder, part, finding) | {"numbers": list(numbers)})
            latents |= {f"{part}/{name}": some.values.astype(np.float32) for name, some in finding.latents.items()}
            values |= {name: _rounded(name, number.value) for name, number in numbers.items()}
            protocol |= {name: dict(made_under) | _words(study, number) for name, number in numbers.items()}
    write_json(folder / "findings.json", index)
    write_json(folder / "metrics.json", values)
    write_json(folder / "protocol.json", protocol)
    write_arrays(folder / "latents.npz", latents)
    return values


def clock(studies: Mapping[str, tuple[Answers, Mapping[str, Any]]]) -> dict[str, float]:
    """Return what the answers of studies timed, in seconds, by full names."""
    return {
        f"{study}_{part}_{name}": seconds
        for study, (answers, _) in studies.items()
        for part, (_, finding) in answers.items()
        if isinstance(finding, Finding)
        for name, seconds in finding.clock.items()
    }


def _entry(folder: Path, part: str, finding: Finding) -> dict[str, Any]:
    """Write a finding's pictures; return what findings.json says of it."""
    return {
        "words": finding.words,
        "tables": [table._asdict() for table in finding.tables],
        "figures": [_write_figure(folder, part, name, figure) for name, figure in finding.figures.items()],
        "latents": {
            f"{part}/{name}": {"names": list(some.names), "kind": some.kind} for name, some in finding.latents.items()
        },
    }


def _write_figure(folder: Path, part: str, name: str, figure: Figure) -> dict[str, str]:
    moves = figure.image.ndim == 4
    file = f"figures/{part}-{name}.{'gif' if moves else 'png'}"
    (write_gif if moves else write_png)(folder / file, figure.image)
    return {"file": file, "title": figure.title, "caption": figure.caption}


def _words(study: str, number: Number) -> dict[str, Any]:
    return {"group": study, "label": number.label, "better": number.better, "how_to_read": number.reading}


def _rounded(name: str, value: float) -> float | int:
    if not math.isfinite(value):
        raise ValueError(f"{name} = {value}: numbers must be finite")
    # BLAS's last digits depend on its number of threads; DVC must not see them.
    return value if isinstance(value, int) else float(f"{value:.6g}")
