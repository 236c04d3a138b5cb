"""Latents that a person named, kept as a small JSON file for params.yaml (latent.points) to use.

The file maps each name to {"label": the class or code that was asked for, "latent": its numbers, as the generator takes
them}. `ganline explore` writes it; by hand is as good.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
from filelock import FileLock
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, RootModel, ValidationError

from ganline.core.errors import UserError
from ganline.core.files import write_text

LARGEST = float(np.finfo(np.float32).max)
"""Beyond it a number of a latent would be infinite."""


class Named(NamedTuple):
    """A latent and what goes with it."""

    latent: np.ndarray
    """float32 (L,), of the prior."""
    label: int
    """What a conditional generator is asked for; 0 where there is nothing to ask."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")
    label: int = Field(ge=0)
    latent: list[Annotated[FiniteFloat, Field(ge=-LARGEST, le=LARGEST)]] = Field(min_length=1)


class _File(RootModel[dict[str, _Entry]]):
    pass


def read(path: Path) -> dict[str, Named]:
    """Return the named latents of a file, in its order.

    Raises:
        UserError: there is no such file, or it holds something else.
    """
    try:
        entries = _File.model_validate(json.loads(path.read_text("utf-8"), object_pairs_hook=_each_once)).root
    except FileNotFoundError:
        raise UserError(
            f"{path} is missing: `ganline explore` writes it, and {{}} stands for no named latents"
        ) from None
    except ValidationError as error:
        first = error.errors()[0]
        raise UserError(_refusal(path, ".".join(map(str, first["loc"])), first["msg"])) from None
    except (ValueError, RecursionError, OSError) as error:  # no text, no JSON, a name twice, a folder
        raise UserError(_refusal(path, "", str(error))) from None
    return {name: Named(np.array(entry.latent, np.float32), entry.label) for name, entry in entries.items()}


def add(path: Path, name: str, point: Named) -> None:
    """Add a named latent to a file, which is made where there is none; two that add at once wait for each other.

    Raises:
        UserError: no name, or one that is taken; or the file holds something else.
    """
    name = name.strip()
    if not name:
        raise UserError("a latent that is saved needs a name")
    with FileLock(path.with_name(f".{path.name}.lock")):
        every = read(path) if path.exists() else {}
        if name in every:
            raise UserError(f"{path} already holds a latent called {name!r}: choose another name")
        write(path, every | {name: point})


def write(path: Path, points: Mapping[str, Named]) -> None:
    """Write named latents, one a line, whole or not at all; `read` gives back the same float32 numbers."""
    lines = [
        f"  {json.dumps(name)}: "
        + json.dumps({"label": point.label, "latent": [_short(x) for x in point.latent]}, allow_nan=False)
        for name, point in points.items()
    ]
    write_text(path, "{\n" + ",\n".join(lines) + "\n}\n" if lines else "{}\n")


def _short(value: np.float32) -> float:
    """Return the shortest decimal number that is this float32 again."""
    return float(str(np.float32(value)))


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object; of a name that stands in it twice the first would be lost when the file is written."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{max(names, key=names.count)!r} stands there more than once")
    return found


def _refusal(path: Path, place: str, reason: str) -> str:
    where = place or "the file"
    return f'{path}: {where}: {reason}; expected {{"name": {{"label": 0, "latent": [numbers]}}}}'
